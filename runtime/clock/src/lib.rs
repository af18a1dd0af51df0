//! The clock of `isolated-test`: a library that replaces the C library's functions for the time of
//! day, and the memory through which a test sets it. Depend on `isolated-test` instead.
//!
//! The library is compiled by the build script, and the processes of a test load it by `LD_PRELOAD`.

mod page;
mod publish;

pub use self::page::{MAGIC, PROBE, Page, Setting};

/// The content of the library, or the reason why there is none for this target.
pub const LIBRARY: Result<&[u8], &str> = include!(concat!(env!("OUT_DIR"), "/library.rs"));
