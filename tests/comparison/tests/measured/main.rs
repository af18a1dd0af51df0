//! The measured code: the same small tests with `#[isolated]`, with the peers, and as bare system
//! calls.
//!
//! The command runs one test of this binary at a time, by name, and reads the rows that it prints.
//! The test calls the measured tests in a loop, in the test profile.

mod attributed;
mod floor;
mod handover;
mod hosts;
mod overhead;
mod picked;
mod place;
mod processes;
mod spoken;
