//! Random numbers of no particular quality.

use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

/// A SplitMix64 generator.
pub(crate) struct Random(u64);

impl Random {
    /// Starts an independent sequence for each `stream`.
    pub(crate) fn new(stream: u64) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let time = time.map_or(0, |time| {
            u64::from(time.subsec_nanos()) ^ time.as_secs() << 32
        });
        Self(time ^ u64::from(process::id()) << 20 ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Starts a sequence that is always the same.
    #[cfg(test)]
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end.max(1)
    }
}
