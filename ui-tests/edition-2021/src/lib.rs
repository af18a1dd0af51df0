//! The test of hygiene, compiled in the edition 2021; see `tests/hygiene.rs` of the package around.
