//! The items of a pool: existing things, one for each holder.
//!
//! The slot of a holder decides which item it has. Slots are numbered in the sorted order of the
//! items, so tests may list the same items in different orders.

use std::fmt;

/// The most places of a limit, and the most items of a pool. Each is a file, and a thread in every
/// process that waits for it. The attribute rejects more at compile time.
pub(super) const MOST: u32 = 256;

/// The items of a pool, as a test lists them. Thin, because it is part of each [`Mode`](super::Mode),
/// which every test copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Items(&'static &'static [&'static str]);

impl Items {
    /// Stands for the items of a pool of another process.
    pub(super) const UNKNOWN: Items = Items(&(&[] as &[&str]));

    pub(crate) fn of(items: &'static &'static [&'static str]) -> Self {
        Items(items)
    }

    pub(crate) fn list(self) -> &'static [&'static str] {
        self.0
    }

    pub(crate) fn sorted(self) -> Vec<&'static str> {
        let mut items = self.list().to_vec();
        items.sort_unstable();
        items
    }

    pub(crate) fn count(self) -> u32 {
        u32::try_from(self.list().len()).unwrap_or(u32::MAX)
    }

    /// The item of the holder of a slot.
    pub(crate) fn of_slot(self, slot: u32) -> Option<&'static str> {
        self.sorted().get(usize::try_from(slot).ok()?).copied()
    }

    /// Why these cannot be the items of a pool, and the way out.
    pub(super) fn mistake(self) -> Option<String> {
        let sorted = self.sorted();
        let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]);
        let unprintable = sorted.iter().find(|item| item.contains(char::is_control));
        if sorted.is_empty() {
            Some("a pool without items admits no test; list at least one".to_owned())
        } else if self.count() > MOST {
            let found = self.count();
            Some(format!(
                "a pool has at most {MOST} items, and this one has {found}; make two pools"
            ))
        } else if sorted[0].is_empty() {
            Some("an item is empty; give it a name".to_owned())
        } else if let Some(item) = unprintable {
            Some(format!(
                "the item {item:?} has a control character; remove it"
            ))
        } else {
            twice.map(|pair| {
                let item = pair[0];
                format!("two tests could have the item {item:?}, which is listed twice; remove one")
            })
        }
    }
}

/// Displays the items in sorted order: `"a", "b"`.
impl fmt::Display for Items {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.sorted().into_iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(formatter, "{comma}{item:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Items;

    #[test]
    fn the_order_in_which_items_are_listed_does_not_matter() {
        let lists: [&&[&str]; 2] = [&(&["b", "c", "a"] as &[_]), &(&["a", "b", "c"] as &[_])];
        for items in lists.map(Items::of) {
            let all: Vec<_> = (0..4).map(|slot| items.of_slot(slot)).collect();
            assert_eq!(all, [Some("a"), Some("b"), Some("c"), None]);
            assert_eq!(items.to_string(), "\"a\", \"b\", \"c\"");
        }
    }

    #[test]
    fn lists_that_make_no_pool_are_refused() {
        let cases: [(&&[&str], &str); 5] = [
            (
                &(&[] as &[_]),
                "a pool without items admits no test; list at least one",
            ),
            (&(&["a", ""] as &[_]), "an item is empty; give it a name"),
            (
                &(&["a", "b\n"] as &[_]),
                "the item \"b\\n\" has a control character; remove it",
            ),
            (
                &(&["b", "a", "b"] as &[_]),
                "two tests could have the item \"b\", which is listed twice; remove one",
            ),
            (
                &(&["a"; 257] as &[_]),
                "a pool has at most 256 items, and this one has 257; make two pools",
            ),
        ];
        for (items, reason) in cases {
            assert_eq!(Items::of(items).mistake().as_deref(), Some(reason));
        }
        assert_eq!(Items::of(&(&["a", "b"] as &[_])).mistake(), None);
    }
}
