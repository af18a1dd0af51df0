//! Databases of tests: what a test gets, what is left of it, and the servers behind.
//!
//! The tests need the programs of PostgreSQL, `postgres` and `psql`.

#![cfg(target_os = "linux")]

mod asking;
#[cfg(feature = "tokio")]
mod awaiting;
mod crowds;
mod deaths;
#[cfg(feature = "tls")]
mod encrypted;
mod existing;
mod failing;
mod fixed_address;
mod getting;
mod given_schemas;
mod layers;
mod machines;
mod messages;
mod others;
mod programs;
mod random_deaths;
mod rolled_back;
mod rolled_back_cancelled;
mod rolled_back_copies;
mod rolled_back_ends;
mod schemas;
mod space;
mod templates;
mod together;
