//! `cargo isolated adopt`: writes what tests need into the sources.
//!
//! Findings, or the attributes of another crate, become a plan: a new text for each file. The plan is shown,
//! written, compiled and tried out; what does not pass is reverted, file by file.

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
