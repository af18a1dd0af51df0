//! Keys across machines. Two state directories stand for two machines.

#![cfg(unix)]

mod holding;
mod losing;
mod proxy;
mod refused;
mod seen;
mod server;
