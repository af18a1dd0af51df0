//! Servers on ports that a test has released.

use std::net::{Ipv4Addr, TcpListener};

/// Listens on a port of all IPv4 addresses.
///
/// # Panics
///
/// Panics when it is not free.
#[must_use]
pub fn listen_when_free(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .unwrap_or_else(|error| panic!("port {port} is not free: {error}"))
}
