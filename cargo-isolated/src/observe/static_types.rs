//! Classifies the types of statics by their names: values that are initialized once, and locks around
//! nothing, such as `Mutex<()>`, which tests use to take turns.

/// Types whose value is set once.
pub(super) const SET_ONCE: [&str; 2] = ["OnceLock<", "OnceCell<"];

/// Types whose value is computed once, and does not depend on the test that needs it first.
const COMPUTED_ONCE: [&str; 3] = ["LazyLock<", "LazyCell<", "Lazy<"];

/// Locks that have a single holder.
const EXCLUSIVE: [&str; 2] = ["Mutex<", "ReentrantMutex<"];

/// Whether the value of a type is computed or set once.
pub(super) fn is_set_once(type_name: &str) -> bool {
    let mut types = SET_ONCE.iter().chain(&COMPUTED_ONCE);
    types.any(|name| type_name.starts_with(name))
}

/// Whether a type is an exclusive lock that guards no data: `Mutex<()>`, or `LazyLock<Mutex<()>>`.
pub(super) fn is_exclusive(type_name: &str) -> bool {
    let name = type_name.replace("->", "");
    let (start, inner) = parts(&name);
    let is_lock = EXCLUSIVE
        .iter()
        .any(|lock| start == lock.trim_end_matches('<'));
    if is_lock {
        return inner.last() == Some(&"()");
    }
    is_set_once(&name) && inner.first().is_some_and(|inner| is_exclusive(inner))
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
