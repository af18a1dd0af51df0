//! Names calls that an argument could replace. That changes the body of a test, so it is left to the
//! user.

use proc_macro2::{TokenStream, TokenTree};

use super::{Converted, Input};
use crate::source::harness;

const OF_TEMP_ENV: [(&str, &str); 5] = [
    ("with_var", "`env(NAME = value)` in the attribute"),
    ("with_vars", "`env(A = ..., B = ...)` in the attribute"),
    ("with_var_unset", "`env(unset(NAME))` in the attribute"),
    (
        "with_vars_unset",
        "`env(unset(A), unset(B))` in the attribute",
    ),
    (
        "async_with_vars",
        "`env(A = ..., B = ...)` in the attribute",
    ),
];

const OF_TEMPFILE: [(&str, &str); 4] = [
    (
        "tempdir",
        "`tmpdir` in the attribute, and a parameter `tmpdir: &isolated_test::TmpDir`",
    ),
    (
        "TempDir",
        "`tmpdir` in the attribute, and a parameter `tmpdir: &isolated_test::TmpDir`",
    ),
    (
        "NamedTempFile",
        "`tmpdir` in the attribute, and a file in it: `tmpdir.join(\"name\")`",
    ),
    (
        "tempfile",
        "`tmpdir` in the attribute, and a file in it: `tmpdir.join(\"name\")`",
    ),
];

/// The call sets a variable for its closure only, but the attribute for the whole process. The call
/// does not show whether that makes a difference.
pub(super) fn of_temp_env(input: &Input<'_>) -> Converted {
    hints(
        input,
        &OF_TEMP_ENV,
        "with the body of the closure in the test",
    )
}

pub(super) fn of_tempfile(input: &Input<'_>) -> Converted {
    hints(input, &OF_TEMPFILE, "which is kept if the test fails")
}

fn hints(input: &Input<'_>, known: &[(&str, &str)], end: &str) -> Converted {
    let mut converted = Converted::default();
    for (_, module) in input.file.root.all() {
        for function in module
            .functions
            .iter()
            .filter(|function| harness::is_test(function))
        {
            let body = &input.file.text[function.body.clone()];
            let Ok(tokens) = body.parse::<TokenStream>() else {
                continue;
            };
            let mut calls = Vec::new();
            add_calls(tokens, &mut calls);
            for (name, at) in calls {
                // The module of the same name is no call: `tempfile::tempdir()`.
                if let Some((_, hint)) = known.iter().find(|(known, _)| *known == name) {
                    let line = input.file.line(function.body.start + at);
                    let test = &function.name;
                    let note = format!("`{test}` calls `{name}`; write {hint}, {end}");
                    converted.notes.push((line, note));
                }
            }
        }
    }
    converted
}

/// The calls in some tokens, by the first word of the function that is no module: `TempDir` for
/// `tempfile::TempDir::new()`.
fn add_calls(tokens: TokenStream, calls: &mut Vec<(String, usize)>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => add_calls(group.stream(), calls),
            TokenTree::Ident(word) => {
                let is_type = word.to_string().starts_with(char::is_uppercase);
                let is_called = matches!(tokens.get(index + 1), Some(TokenTree::Group(_)));
                if is_called || is_type {
                    calls.push((word.to_string(), word.span().byte_range().start));
                }
            }
            _ => {}
        }
    }
}
