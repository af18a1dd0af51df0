//! Collects errors, so that all mistakes of one attribute are reported at once, and words the parts
//! that messages share: lists of names and names that look alike.

use std::fmt::Display;
use std::thread;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far. It has to be finished, so that none is swallowed.
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

    /// Reports `message` at the place where `tokens` stand.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            found @ None => *found = Some(error),
        }
    }

    /// Every mistake as one `compile_error!` each; nothing if there was none.
    pub(crate) fn finish(mut self) -> Option<TokenStream> {
        self.finished = true;
        self.found.take().map(|error| error.to_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        // Every entry to the macro ends in `finish`, so only a mistake of ours can arrive here.
        assert!(
            self.finished || thread::panicking(),
            "errors were collected and not reported"
        );
    }
}

/// Puts each name in backticks and a comma between them.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Says which of the known names may have been meant, or lists them all.
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

/// Whether two names are so close that one may be a slip for the other.
pub(crate) fn alike(written: &str, known: &str) -> bool {
    let written = written.to_lowercase();
    let slips = if known.len() < 6 { 1 } else { 2 };
    written.len() > 1 && distance(&written, known) <= slips
}

/// Counts the letters to insert, delete, replace or swap with their neighbour.
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
