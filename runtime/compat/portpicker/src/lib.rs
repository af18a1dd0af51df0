#![doc = include_str!("../README.md")]

use std::error::Error as _;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use isolated_test::{Error, ErrorKind};

/// The number of a port.
pub type Port = u16;

/// Picks a number that is free for TCP and UDP, and reserves it until the process ends.
///
/// Returns `None` if all numbers are taken.
///
/// # Panics
///
/// Panics if no number can be reserved for another reason, for example because the process has too
/// many open files.
#[must_use]
#[track_caller]
pub fn pick_unused_port() -> Option<Port> {
    let port = match isolated_test::Port::builder().tcp_and_udp().reserve() {
        Ok(port) => port,
        Err(error) if is_taken(&error) => return None,
        Err(error) => panic!("{error:?}"),
    };
    let number = port.number();
    // Reserved until the process ends and the system releases the number.
    std::mem::forget(port);
    Some(number)
}

/// Whether all numbers are taken.
fn is_taken(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    let is_in_use = |cause: &io::Error| cause.kind() == io::ErrorKind::AddrInUse;
    error.kind() == ErrorKind::Port && cause.is_some_and(is_in_use)
}

/// Whether a server could bind this number now, for TCP and for UDP.
#[must_use]
pub fn is_free(port: Port) -> bool {
    is_free_tcp(port) && is_free_udp(port)
}

/// Whether a server could bind this number for TCP now.
#[must_use]
pub fn is_free_tcp(port: Port) -> bool {
    // One after the other, because a listener on one address may block the next.
    addresses(port)
        .iter()
        .all(|address| TcpListener::bind(address).is_ok() || !is_there(address))
}

/// Whether a server could bind this number for UDP now.
#[must_use]
pub fn is_free_udp(port: Port) -> bool {
    addresses(port)
        .iter()
        .all(|address| UdpSocket::bind(address).is_ok() || !is_there(address))
}

fn addresses(port: Port) -> [SocketAddr; 2] {
    [
        (Ipv4Addr::UNSPECIFIED, port).into(),
        (Ipv6Addr::UNSPECIFIED, port).into(),
    ]
}

/// Whether this machine has addresses of this family.
fn is_there(address: &SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}
