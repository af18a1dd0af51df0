//! `cargo isolated adopt` on small workspaces.

mod from;
mod keys;
mod refused;
mod suite;
mod taken_back;
#[cfg(unix)]
mod whole_files;
