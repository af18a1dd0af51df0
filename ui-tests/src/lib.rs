//! What must and must not compile under the attribute: `tests/pass.rs`, `tests/hygiene.rs` and `tests/ui.rs`.
