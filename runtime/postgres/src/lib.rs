#![doc = include_str!("../README.md")]
// PostgreSQL is found and started differently on other systems.
#![cfg(unix)]

mod address;
mod binaries;
mod broker;
mod database;
mod encryption;
mod lease;
mod migrations;
mod postgres;
mod server;
mod statements;
mod wire;

pub use crate::database::Database;
pub use crate::postgres::Postgres;
