//! `cargo isolated adopt`: adds attributes to the sources.
//!
//! Findings, or the attributes of another crate, become a plan: a new text for each file. The command
//! shows the plan, writes it, compiles the tests and runs them. It reverts each file that fails.

mod annotate;
mod apply;
mod attribute;
mod check;
mod checkout;
pub(crate) mod command;
mod diff;
mod extend;
mod from;
mod manifest;
mod needs;
mod observed;
mod plan;
mod project;
mod temporary;
mod trial;
mod write;

#[cfg(test)]
mod tests;
