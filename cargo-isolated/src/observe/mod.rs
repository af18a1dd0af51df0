//! `cargo isolated observe`: runs each test alone, and reports resources that several tests share and one
//! of them changes.
//!
//! [`watch`] runs a test and records what it touches, [`conflicts`] compares the tests, [`fixes`] knows the
//! arguments that would help, and [`places`] finds the resources in the sources.

mod between_runs;
mod breakpoints;
mod command;
mod conflicts;
mod debug_info;
mod fixes;
mod known;
mod memory;
mod observer;
mod places;
mod record;
mod rules;
mod shared_statics;
mod shim;
mod static_types;
mod statics;
mod survey;
mod text;
mod watch;

pub(crate) use self::command::{Arguments, run};
pub(crate) use self::survey::{Options, survey};
