//! Edits of texts, which are compared whole.

mod annotate;
mod extend;
mod manifest;
mod needs;
