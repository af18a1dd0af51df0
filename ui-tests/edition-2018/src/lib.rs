//! The test of hygiene, compiled in the edition 2018; see `tests/hygiene.rs` of the package around.
