//! `cargo isolated trace`: draws the traces that `isolated-test` writes when `ISOLATED_TRACE` names a
//! directory.
//!
//! Lines become a [`Timeline`], which becomes a page or JSON for <https://ui.perfetto.dev>. `docs/trace.md`
//! describes the lines.

mod build;
pub(crate) mod command;
mod error;
pub(crate) mod event;
mod html;
mod lanes;
mod overlap;
mod perfetto;
mod phases;
pub(crate) mod read;
pub(crate) mod recorder;
mod suggest;
mod summary;
pub(crate) mod timeline;
mod totals;

use std::path::Path;

use self::error::Error;
use self::html::html;
use self::perfetto::perfetto;
use self::timeline::Timeline;

/// The name of a test binary without the hash that Cargo appends.
fn short(program: &str) -> &str {
    let stem = Path::new(program)
        .file_stem()
        .and_then(|stem| stem.to_str());
    let stem = stem.unwrap_or(program);
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name
        }
        _ => stem,
    }
}

/// The number of microseconds in a second.
const SECOND: u64 = 1_000_000;

/// Formats a time for display: `41.2s`, `3.05ms`, `12µs`.
#[must_use]
pub(crate) fn duration(microseconds: u64) -> String {
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
mod tests;
