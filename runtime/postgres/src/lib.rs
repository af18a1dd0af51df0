#![doc = include_str!("../README.md")]

#[cfg(unix)]
mod address;
#[cfg(unix)]
mod binaries;
#[cfg(unix)]
mod broker;
#[cfg(unix)]
mod content;
#[cfg(unix)]
mod database;
#[cfg(unix)]
mod lease;
#[cfg(unix)]
mod migrations;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod statements;
#[cfg(unix)]
mod wire;

#[cfg(unix)]
pub use crate::database::Database;
#[cfg(unix)]
pub use crate::postgres::Postgres;
