//! Source files: where tests are in them, and how to edit them without moving anything else.

pub(crate) mod arguments;
pub(crate) mod edits;
pub(crate) mod file;
pub(crate) mod harness;
pub(crate) mod items;
pub(crate) mod locate;
mod macros;
mod module_file;
mod read;

#[cfg(test)]
mod tests;
