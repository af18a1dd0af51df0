#![doc = include_str!("../README.md")]
// PostgreSQL is found and started differently on other systems.
#![cfg(unix)]

#[cfg(feature = "tokio")]
mod asynchronous;
mod at;
mod binaries;
mod broker;
mod database;
mod lease;
mod migrations;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(not(target_os = "linux"))]
#[path = "mounts_elsewhere.rs"]
mod mounts;
mod postgres;
mod proxy;
mod recipe;
mod server;
mod statements;

pub use crate::database::Database;
pub use crate::postgres::Postgres;

/// For `cargo isolated`: its items may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::server::Programs;
}
