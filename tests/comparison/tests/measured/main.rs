//! What is measured: the same small tests with `#[isolated]`, with the peers, and as bare system calls.
//!
//! The command runs one test of this binary at a time, by its name, and reads the rows that it prints.
//! The tests that are measured are called by others in a loop, in this test profile.

mod attributed;
mod floor;
mod handover;
mod overhead;
mod picked;
mod place;
mod processes;
mod spoken;
