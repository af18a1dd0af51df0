//! `cargo isolated adopt`: writes what tests need into the sources.

mod annotate;
mod attribute;
mod extend;
mod manifest;
mod needs;

#[cfg(test)]
mod tests;
