//! The common part of the packages of `isolated-test` for databases; depend on one of those instead.
//!
//! It reads migrations, identifies them by their content, and finds places for files. It knows no
//! database.

mod content;
mod migrations;
mod outcome;
mod places;
mod prepare;

pub use crate::content::Content;
pub use crate::migrations::{File, read};
pub use crate::outcome::is_kept;
pub use crate::places::{cache, free, memory};
pub use crate::prepare::Prepare;
