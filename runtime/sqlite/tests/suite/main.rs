//! Databases of tests: what a test gets, templates, and what is left of both.
//!
//! The tests need the program `sqlite3`.

mod asking;
#[cfg(target_os = "linux")]
mod deaths;
#[cfg(target_os = "linux")]
mod failing;
mod getting;
#[cfg(target_os = "linux")]
mod templates;
