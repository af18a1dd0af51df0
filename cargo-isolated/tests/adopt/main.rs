//! `cargo isolated adopt` on small workspaces.

mod from;
mod keys;
mod refused;
mod reverted;
mod suite;
#[cfg(unix)]
mod whole_files;
