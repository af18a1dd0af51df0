//! The test of hygiene with the drop-in packages; see `tests/hygiene.rs` of the package around.
