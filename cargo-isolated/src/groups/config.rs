//! The configuration of nextest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::keys::{Binary, Keys, TestId};
use super::plan::{Group, Plan};
use crate::figures::count;
use crate::terminal::{WIDEST, hanging};
use crate::trace::duration;

/// Formats the groups as a part of `.config/nextest.toml`.
pub(super) fn config(keys: &Keys, plan: &Plan<'_>) -> String {
    let mut text = String::new();
    let tests = count(keys.tests.len(), "isolated test");
    let alone: BTreeSet<_> = keys.alone.iter().collect();
    if plan.groups.is_empty() && alone.is_empty() {
        comment(
            &mut text,
            &format!("No key of {tests} needs a test group."),
            0,
        );
    } else {
        comment(
            &mut text,
            &format!(
                "Test groups for the keys of {tests}, by `cargo isolated groups`. They keep slots of \
                 nextest free; the keys still exclude tests of other runs. A test that is missing \
                 here waits in its slot, so run the command again when tests were added or renamed."
            ),
            0,
        );
    }
    if !plan.groups.is_empty() {
        text.push_str("\n[test-groups]\n");
    }
    for group in &plan.groups {
        let waited = keys.held.get(group.subject).map(|held| held.waited);
        let tests = count(group.tests.len(), "test");
        let waited = duration(waited.unwrap_or_default());
        let about = format!("{}: {tests}, {waited} of waiting", group.subject);
        comment(&mut text, &about, 0);
        let Group {
            name, max_threads, ..
        } = group;
        let _ = writeln!(text, "{name} = {{ max-threads = {max_threads} }}");
    }
    for group in &plan.groups {
        push_override(&mut text, &group.tests);
        let _ = writeln!(text, "test-group = \"{}\"", group.name);
    }
    if !alone.is_empty() {
        push_override(&mut text, &alone);
        text.push_str("threads-required = \"num-test-threads\" # `alone`\n");
    }
    if !plan.notes.is_empty() {
        text.push_str("\n# What these groups cannot say:\n");
    }
    for note in &plan.notes {
        comment(&mut text, &format!("- {note}"), 2);
    }
    text
}

/// Writes a comment, with spaces before all lines but the first.
fn comment(text: &mut String, line: &str, indent: usize) {
    for line in hanging(line, [0, indent], WIDEST - 2).lines() {
        let _ = writeln!(text, "# {line}");
    }
}

/// Begins an override for some tests.
fn push_override(text: &mut String, tests: &BTreeSet<&TestId>) {
    let mut binaries: BTreeMap<&Binary, Vec<&str>> = BTreeMap::new();
    for test in tests {
        binaries.entry(&test.binary).or_default().push(&test.name);
    }
    text.push_str("\n[[profile.default.overrides]]\nfilter = '''\n");
    let mut begin = "";
    for (binary, tests) in binaries {
        let tests: Vec<_> = tests
            .iter()
            .map(|test| format!("test(={})", escaped(test)))
            .collect();
        let _ = writeln!(text, "{begin}{} & (", filter(binary));
        let _ = writeln!(text, "    {}\n)", tests.join("\n    | "));
        begin = "| ";
    }
    text.push_str("'''\n");
}

fn filter(binary: &Binary) -> String {
    match binary {
        Binary::Id(id) => format!("binary_id(={})", escaped(id)),
        // The name of the target may contain hyphens instead.
        Binary::Crate(name) => format!("binary(#{})", escaped(&name.replace('_', "[-_]"))),
    }
}

/// Escapes what would end the operand of a filter.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '\\' | ')' | ',' | '\'') {
            let _ = match char {
                '\'' => write!(escaped, "\\u{{27}}"),
                _ => write!(escaped, "\\{char}"),
            };
        } else {
            escaped.push(char);
        }
    }
    escaped
}
