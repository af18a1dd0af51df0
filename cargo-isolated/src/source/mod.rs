//! Source files: where things are in them, and how to edit them without moving anything else.

pub(crate) mod edits;
