//! Seeds for users' generators of random data.

use crate::config::variables;
use crate::error::Error;
use crate::random;

/// Chooses the base seed of a test. The seeds of all its `seed` resources follow from it.
pub(crate) fn base() -> Result<u64, Error> {
    Ok(variables()?.seed.unwrap_or_else(random::number))
}

/// Returns the seed of a test's `index`th `seed` resource; the first is the base itself.
pub(crate) fn nth(base: u64, index: u64) -> u64 {
    if index == 0 {
        return base;
    }
    // The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    let mut mixed = base.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::nth;

    #[test]
    fn the_first_seed_is_the_printed_one_and_the_others_follow_from_it() {
        assert_eq!(nth(42, 0), 42);
        // The first output of SplitMix64 with the state 42, as other implementations produce it.
        assert_eq!(nth(42, 1), 13_679_457_532_755_275_413);
        assert_ne!(nth(42, 1), nth(42, 2));
    }
}
