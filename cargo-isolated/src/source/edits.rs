//! Edits of a text by replacing ranges of bytes.

use std::ops::Range;

/// Replacements that do not overlap, in any order.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    pub(crate) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(crate) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push((range, text.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edited text. Insertions at the same place appear in the order in which they were made.
    pub(crate) fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| range.start);
        let (mut edited, mut done) = (String::with_capacity(text.len()), 0);
        for (range, replacement) in self.0 {
            debug_assert!(done <= range.start, "edits that overlap");
            edited.push_str(&text[done..range.start]);
            edited.push_str(&replacement);
            done = range.end;
        }
        edited.push_str(&text[done..]);
        edited
    }
}

#[cfg(test)]
mod tests {
    use super::Edits;

    #[test]
    fn edits_replace_ranges_and_leave_the_rest() {
        let mut edits = Edits::default();
        edits.replace(4..7, "new");
        edits.insert(0, "a ");
        edits.insert(0, "b ");
        assert_eq!(edits.apply("the old text"), "a b the new text");
        assert_eq!(Edits::default().apply("text"), "text");
    }
}
