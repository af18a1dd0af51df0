//! Keys across machines. Two state directories stand for two machines.

#![cfg(unix)]

mod holding;
mod losing;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod proxied;
mod refused;
mod seen;
mod server;
#[cfg(target_os = "linux")]
mod silent;
#[cfg(target_os = "linux")]
mod soak;
