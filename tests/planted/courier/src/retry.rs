//! The delays between attempts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The wait before the next attempt of this program. It doubles up to a second.
pub fn next_wait() -> Duration {
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    wait(ATTEMPTS.fetch_add(1, Ordering::Relaxed))
}

/// The wait before an attempt.
pub fn wait(attempt: u32) -> Duration {
    Duration::from_millis(1 << attempt.min(10)).min(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(0, 1)]
    #[case::fifth(4, 16)]
    #[case::hundredth(99, 1000)]
    fn waits(#[case] attempt: u32, #[case] millis: u64) {
        assert_eq!(wait(attempt), Duration::from_millis(millis));
    }

    #[test]
    fn begins_with_a_millisecond() {
        assert_eq!(next_wait(), Duration::from_millis(1));
    }

    #[test]
    fn grows() {
        let waits: Vec<u128> = (0..4).map(|_| next_wait().as_millis()).collect();
        assert_eq!(waits, [1, 2, 4, 8]);
    }
}
