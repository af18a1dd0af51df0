//! The pieces of libtest's plain text output, with `--format=pretty`.
//!
//! A failed test may print the output of other test runs, so a name counts only if the caller knows the
//! test.

/// The kinds of tests and documentation examples, which follow their names.
const KINDS: [&str; 3] = [" - should panic", " - compile fail", " - compile"];

/// The names and results in a line: `test orders::adds ... ok`, possibly after the output of a child.
pub(crate) fn results(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices("test ").filter_map(|(at, word)| {
        let (label, result) = line[at + word.len()..].split_once(" ... ")?;
        let name = KINDS.iter().find_map(|kind| label.strip_suffix(kind));
        Some((name.unwrap_or(label), result))
    })
}

/// The names in the last list of failures.
pub(crate) fn failed_names(text: &str) -> impl Iterator<Item = &str> {
    let list = text.rfind("\nfailures:\n");
    let list = list.map_or("", |at| &text[at + "\nfailures:\n".len()..]);
    list.lines().map_while(|line| line.strip_prefix("    "))
}

/// The text below `---- name stdout ----`, up to the next test that may have failed.
pub(crate) fn output_of<'t, 'n>(
    text: &'t str,
    name: &str,
    failed: impl IntoIterator<Item = &'n str>,
) -> Option<&'t str> {
    let mark = |name: &str| format!("\n---- {name} stdout ----\n");
    let own = mark(name);
    let start = text.find(&own)? + own.len();
    let rest = &text[start..];
    // The test may have run itself and failed there too, so its own mark does not end its output.
    let others = failed.into_iter().filter(|other| *other != name);
    let next = others.filter_map(|other| rest.find(&mark(other)));
    let end = rest.rfind("\nfailures:\n");
    let end = next.chain(end).min().unwrap_or(rest.len());
    Some(&rest[..end])
}
