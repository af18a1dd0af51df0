//! Collects errors, so that all mistakes of one attribute are reported at once. Also formats the
//! parts that messages share: lists of names and suggestions of similar names.

use std::fmt::Display;
use std::thread;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far. Must be finished, so that no mistake is lost.
pub(crate) struct Errors {
    found: Option<syn::Error>,
    finished: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors {
            found: None,
            finished: false,
        }
    }

    /// Reports `message` at the span of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            found @ None => *found = Some(error),
        }
    }

    /// One `compile_error!` for each mistake; `None` if there was no mistake.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        self.found.take().map(|error| error.to_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        // Every entry point of the macro calls `finish`, so this fails only through a bug in this
        // crate.
        assert!(
            self.finished || thread::panicking(),
            "errors were collected and not reported"
        );
    }
}

/// The names in backticks, separated by commas.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Suggests the known names that resemble `written`, or lists all known names.
pub(crate) fn expected<'n>(
    what: &str,
    written: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> String {
    let similar: Vec<&str> = known.clone().filter(|name| alike(written, name)).collect();
    match similar.as_slice() {
        [] => format!("expected one of {}", list(known)),
        [one] => format!("a similar {what} exists: `{one}`"),
        several => format!("similar {what}s exist: {}", list(several.iter().copied())),
    }
}

/// Whether `written` may be a typo of `known`.
pub(crate) fn alike(written: &str, known: &str) -> bool {
    let written = written.to_lowercase();
    let slips = if known.len() < 6 { 1 } else { 2 };
    written.len() > 1 && distance(&written, known) <= slips
}

/// The edit distance: the number of letters to insert, delete, replace or swap with a neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &right) in b.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(left != right);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
