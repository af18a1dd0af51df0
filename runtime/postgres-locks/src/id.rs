//! The numbers of locks. PostgreSQL names an advisory lock by a number of 64 bits.

use sha2::{Digest, Sha256};

/// The numbers of one key: the upper 54 bits are a hash of its name, and the others tell its locks apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id(u64);

/// How many numbers a key has.
pub(crate) const PARTS: u32 = 1 << 10;

/// The first lock for the terms of a limit; that of the limit `n` follows after `n - 1` others.
pub(crate) const TERMS: u32 = 0x100;

/// The lock of the first slot.
pub(crate) const SLOTS: u32 = 0x200;

/// The highest limit.
pub(crate) const MOST: u32 = 0x100;

/// The lock that every holder has.
pub(crate) const MAIN: u32 = 0;

/// The lock of the one that looks for a slot.
pub(crate) const TURN: u32 = 1;

impl Id {
    /// Others may use advisory locks of the same database, so the name is hashed with a prefix.
    pub(crate) fn of(key: &str) -> Self {
        let hash = Sha256::digest(format!("isolated-test 1\n{key}"));
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Id(u64::from_be_bytes(first) & !u64::from(PARTS - 1))
    }

    /// The number of a lock, as written in statements.
    pub(crate) fn part(self, part: u32) -> String {
        let number = self.0 | u64::from(part);
        format!("'{}'::bigint", i64::from_be_bytes(number.to_be_bytes()))
    }

    /// The two halves of the number of the first lock, as `pg_locks` shows them.
    pub(crate) fn halves(self) -> (u32, u32) {
        let lower = u32::try_from(self.0 & u64::from(u32::MAX));
        let upper = u32::try_from(self.0 >> 32);
        (upper.unwrap_or_default(), lower.unwrap_or_default())
    }

    /// Which lock of the key `pg_locks` shows, if it is one of this key.
    pub(crate) fn part_of(self, upper: u32, lower: u32) -> Option<u32> {
        let (own, first) = self.halves();
        let part = lower.checked_sub(first)?;
        (own == upper && part < PARTS).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, PARTS, SLOTS};

    /// All machines must agree on them, whatever release they run.
    #[test]
    fn the_numbers_of_a_key_never_change() {
        let id = Id::of("staging");
        assert_eq!(id.part(0), "'-7460124524344101888'::bigint");
        let (upper, lower) = id.halves();
        assert_eq!(id.part_of(upper, lower + SLOTS), Some(SLOTS));
        assert_eq!(id.part_of(upper, lower + PARTS), None);
        assert_eq!(id.part_of(upper ^ 1, lower), None);
        assert_ne!(id, Id::of("staging\tshop"));
    }
}
