//! Draws the traces that `isolated-test` writes when `ISOLATED_TRACE` names a directory.
//!
//! ```sh
//! ISOLATED_TRACE=/tmp/trace cargo test
//! isolated-trace /tmp/trace --html timeline.html --perfetto timeline.json
//! ```
//!
//! This is the library of the command `isolated-trace`. It turns lines into a [`Timeline`], and the
//! timeline into a page or into JSON for <https://ui.perfetto.dev>. `docs/trace.md` in the
//! repository describes the lines.

mod build;
mod error;
mod event;
mod html;
mod lanes;
mod overlap;
mod perfetto;
mod read;
mod timeline;
mod totals;

pub use error::Error;
pub use html::html;
pub use perfetto::perfetto;
pub use timeline::{
    Group, Holder, Lock, Outcome, Overlap, Phase, Span, Test, Timeline, Total, Wait,
};

/// The number of microseconds in a second.
const SECOND: u64 = 1_000_000;

/// Formats a time for display: `41.2s`, `3.05ms`, `12µs`.
#[must_use]
pub fn duration(microseconds: u64) -> String {
    let (whole, unit) = match microseconds {
        0..1_000 => return format!("{microseconds}µs"),
        1_000..SECOND => (1_000, "ms"),
        _ => (SECOND, "s"),
    };
    let hundredths = microseconds.saturating_mul(100) / whole;
    match hundredths {
        0..1_000 => format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100),
        1_000..10_000 => format!("{}.{}{unit}", hundredths / 100, hundredths % 100 / 10),
        _ => format!("{}{unit}", hundredths / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn times_have_three_digits() {
        for (time, text) in [
            (0, "0µs"),
            (999, "999µs"),
            (1_000, "1.00ms"),
            (12_345, "12.3ms"),
            (123_456, "123ms"),
            (41_234_567, "41.2s"),
            (641_000_000, "641s"),
        ] {
            assert_eq!(duration(time), text);
        }
    }
}
