//! The common part of the packages of `isolated-test` for databases; depend on one of those instead.
//!
//! It reads migrations and identifies them by their content. It knows no database.

mod content;
mod migrations;
mod outcome;

pub use crate::content::Content;
pub use crate::migrations::{File, read};
pub use crate::outcome::{chain, is_kept};
