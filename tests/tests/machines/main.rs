//! Keys across machines. Two state directories stand for two machines.

#![cfg(target_os = "linux")]

mod holding;
mod losing;
mod network;
mod proxied;
mod refused;
mod seen;
mod server;
mod silent;
mod soak;
