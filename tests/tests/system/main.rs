//! The system around the tests: what we find there, leave alone, and share.

mod fork;
mod hostile;
mod hygiene;
mod moved;
mod ownership;
mod shared;
