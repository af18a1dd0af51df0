//! Databases with the clients that people use, and with the tools that run their migrations.

#![cfg(unix)]

mod before;
mod clients;
mod tools;
