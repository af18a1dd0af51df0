//! Which types are locks around nothing: `Mutex<()>`. Tests use a static of such a type to take turns.

/// The types of locks that only one can hold.
const EXCLUSIVE: [&str; 2] = ["Mutex<", "ReentrantMutex<"];

/// Whether a static is only a lock that one test can hold: `Mutex<()>`, or `LazyLock<Mutex<()>>`.
pub(super) fn is_exclusive(type_name: &str) -> bool {
    let name = type_name.replace("->", "");
    let (start, inner) = parts(&name);
    let is_lock = EXCLUSIVE
        .iter()
        .any(|lock| start == lock.trim_end_matches('<'));
    if is_lock {
        return inner.last() == Some(&"()");
    }
    super::statics::is_set_once(&name) && inner.first().is_some_and(|inner| is_exclusive(inner))
}

/// The name of a type without its path, and its arguments.
fn parts(name: &str) -> (&str, Vec<&str>) {
    let Some((start, rest)) = name.split_once('<') else {
        return (name, Vec::new());
    };
    let start = start.rsplit("::").next().unwrap_or(start);
    let (mut arguments, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in rest.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            ',' | '>' if depth == 0 => {
                arguments.push(rest[from..at].trim());
                from = at + 1;
            }
            '>' | ')' | ']' => depth -= 1,
            _ => {}
        }
    }
    (start, arguments)
}

#[cfg(test)]
mod tests {
    use super::is_exclusive;

    #[test]
    fn a_lock_around_nothing_is_only_a_lock() {
        for name in [
            "Mutex<()>",
            "std::sync::poison::mutex::Mutex<()>",
            "ReentrantMutex<parking_lot::raw_mutex::RawMutex, parking_lot::remutex::RawThreadId, ()>",
            "LazyLock<std::sync::poison::mutex::Mutex<()>, fn() -> std::sync::poison::mutex::Mutex<()>>",
            "OnceLock<std::sync::poison::mutex::Mutex<()>>",
            "Lazy<lock_api::mutex::Mutex<parking_lot::raw_mutex::RawMutex, ()>>",
        ] {
            assert!(is_exclusive(name), "{name}");
        }
        for name in [
            "Mutex<u32>",
            "Mutex<((), u32)>",
            "Mutex<alloc::vec::Vec<()>>",
            "LazyLock<std::sync::poison::mutex::Mutex<u32>, fn() -> ()>",
            "RwLock<()>",
            "AtomicUsize",
            "",
        ] {
            assert!(!is_exclusive(name), "{name}");
        }
    }
}
