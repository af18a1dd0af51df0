#![doc = include_str!("../README.md")]

mod database;
mod files;
mod program;
mod sqlite;
mod templates;

pub use crate::database::Database;
pub use crate::sqlite::Sqlite;
