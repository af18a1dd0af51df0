//! The PostgreSQL client of isolated-test's packages: one connection that runs statements and reads their
//! rows as text.
//!
//! An internal package: its items may change in any release.
// PostgreSQL's Unix sockets have other names on other systems.
#![cfg(unix)]

mod address;
mod encryption;
pub mod percent;
mod wire;

pub use crate::address::{Address, Host, PORT};
pub use crate::wire::{Connection, Failure, Refusal, Row, Stream, framed, literal, name};
