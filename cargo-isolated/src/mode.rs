//! The mode of a failure: one line that stays the same as long as the cause is likely the same.

/// Maximum length in characters, so that the mode fits a table.
const LONGEST: usize = 160;

/// Extracts the mode from the output of a test: the first panic, or else the most informative line.
pub(crate) fn of(output: &str) -> String {
    let lines: Vec<_> = output.lines().map(str::trim_end).collect();
    if let Some((place, message)) = panic(&lines) {
        let place = match place.rsplit_once('/') {
            // An absolute path differs between runs, such as that of a documentation example.
            Some((_, file)) if place.starts_with('/') => format!("…/{file}"),
            _ => place.to_owned(),
        };
        return cut(&format!("{place}: {}", normal(message)));
    }
    let starting = |words| lines.iter().find(|line| line.starts_with(words));
    let line = starting("Error: ").or_else(|| starting("note: test did not panic"));
    let line = line.or_else(|| lines.iter().rfind(|line| !line.is_empty()));
    line.map_or("failed without a word".to_owned(), |line| normal(line))
}

/// The source location of the first panic and the first line of its message.
fn panic<'a>(lines: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let (index, place) = lines.iter().enumerate().find_map(|(index, line)| {
        let (thread, place) = line.split_once(" panicked at ")?;
        let is_panic = thread.trim_start().starts_with("thread '");
        is_panic.then_some((index, place))
    })?;
    // In `tests/port.rs:12:5:`, the column adds nothing.
    let place = place.trim_end_matches(':');
    let place = place.rsplit_once(':').map_or(place, |(place, _)| place);
    let message = lines[index + 1..].iter().find(|line| !line.is_empty());
    Some((place, message.map_or("", |line| line.trim_start())))
}

/// Replaces everything that differs between runs: numbers, and names that contain digits.
pub(crate) fn normal(line: &str) -> String {
    let mut result = String::new();
    for piece in line.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_changing = word.contains(|c: char| c.is_ascii_digit());
        result.push_str(if is_changing { "#" } else { word });
        result.push_str(&piece[word.len()..]);
    }
    while result.contains("#.#") {
        result = result.replace("#.#", "#");
    }
    cut(&result)
}

fn cut(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{normal, of};

    #[test]
    fn a_panic_is_known_by_its_place_and_first_line() {
        let output = "started\n\nthread 'inner::a' (19231) panicked at tests/a.rs:17:71:\n\
                      assertion `left == right` failed: port 4242 of /tmp/x-8fQ2z1\n  left: 1\n";
        assert_eq!(
            of(output),
            "tests/a.rs:17: assertion `left == right` failed: port # of /tmp/x-#"
        );
        let older = "thread 'a' panicked at src/lib.rs:3:5:\nno 1.5s\nnote: run with";
        assert_eq!(of(older), "src/lib.rs:3: no #");
    }

    #[test]
    fn without_a_panic_the_error_tells() {
        assert_eq!(of("line\nError: \"no 17\"\n"), "Error: \"no #\"");
        let missing = "note: test did not panic as expected at tests/a.rs:2:28";
        assert_eq!(
            of(missing),
            "note: test did not panic as expected at tests/a.rs:#:#"
        );
        assert_eq!(of("first\nlast word\n\n"), "last word");
        assert_eq!(of(""), "failed without a word");
    }

    #[test]
    fn a_long_line_is_cut() {
        assert_eq!(normal(&"é ".repeat(100)).chars().count(), 162);
    }
}
