//! Communication with the command: it sets variables, and these tests print lines.

use std::env;
use std::fmt::Display;
use std::str::FromStr;

/// The value of a variable that the command sets.
pub(crate) fn told<T: FromStr>(name: &str) -> T {
    let name = format!("COMPARE_{name}");
    env::var(&name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| {
            panic!("`{name}` is not set as the command sets it; run `cargo compare`")
        })
}

/// Prints a row, which the command collects.
pub(crate) fn row(case: &str, method: &str, round: u32, value: impl Display, unit: &str) {
    println!("\nrow,{case},{method},{round},{value},{unit}");
}

/// Monotonic time in nanoseconds, from the clock that all processes share.
pub(crate) fn now() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
