//! The port picker found in every code base: binds port 0, reads the number, and closes the socket.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// An address that is currently free.
pub(crate) fn free_addr() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// A port that is currently free.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(free_addr()?.port())
}
