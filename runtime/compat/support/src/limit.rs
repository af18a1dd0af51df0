//! The `timeout_ms` of `rusty_fork_test!`.

use std::time::Duration;

/// Stands for zero, which means no limit: longer than anyone waits.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Converts milliseconds to a limit.
#[must_use]
pub const fn limit(milliseconds: u64) -> Duration {
    match milliseconds {
        0 => NEVER,
        milliseconds => Duration::from_millis(milliseconds),
    }
}

#[cfg(test)]
mod tests {
    use super::{NEVER, limit};

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(limit(0), NEVER);
        assert_eq!(limit(1500).as_millis(), 1500);
    }
}
