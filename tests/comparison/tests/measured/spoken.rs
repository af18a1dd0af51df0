//! What the command says to these tests, in variables, and they to it, in lines.

use std::env;
use std::fmt::Display;
use std::str::FromStr;

/// The value of a variable of the command.
pub(crate) fn told<T: FromStr>(name: &str) -> T {
    let name = format!("COMPARE_{name}");
    env::var(&name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| {
            panic!("`{name}` is not set as the command sets it; run `cargo compare`")
        })
}

/// Prints a row that the command keeps.
pub(crate) fn row(case: &str, method: &str, round: u32, value: impl Display, unit: &str) {
    println!("\nrow,{case},{method},{round},{value},{unit}");
}

/// The time of a clock that all processes share, in nanoseconds.
pub(crate) fn now() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
