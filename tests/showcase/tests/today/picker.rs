//! The port picker that every code base has: binds port 0, asks for the number, and lets go.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// An address that is free at the moment.
pub(crate) fn free_addr() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// A port that is free at the moment.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(free_addr()?.port())
}
