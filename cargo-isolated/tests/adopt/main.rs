//! `cargo isolated adopt` on small workspaces.

mod from;
mod keys;
mod refused;
mod suite;
mod taken_back;
mod whole_files;
