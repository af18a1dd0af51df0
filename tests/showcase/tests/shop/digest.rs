//! Deliberately slow digests for bar codes, receipts, signatures and the like.

use std::iter;

/// Hashes a text many times and returns ten digits.
pub(crate) fn of(text: &str) -> String {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let rounds = iter::repeat_n(text, 40_000).flat_map(str::bytes);
    format!(
        "{:010}",
        rounds.fold(0xcbf2_9ce4_8422_2325, hash) % 10_000_000_000
    )
}
