//! The system around the tests: what is found there, what is left alone, and what is shared.

mod fork;
mod hostile;
mod hygiene;
mod moved;
mod ownership;
mod shared;
