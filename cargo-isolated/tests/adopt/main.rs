//! `cargo isolated adopt` on small workspaces.

mod from;
mod keys;
mod refused;
mod reverted;
mod suite;
#[path = "../undisturbed/mod.rs"]
mod undisturbed;
#[cfg(unix)]
mod whole_files;
