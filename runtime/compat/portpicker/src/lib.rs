#![doc = include_str!("../README.md")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// The number of a port.
pub type Port = u16;

/// The ports that this process has picked. They stay reserved until it ends.
static PICKED: Mutex<Vec<isolated_test::Port>> = Mutex::new(Vec::new());

/// Picks a number that is free for TCP and UDP, and reserves it until the process ends.
///
/// Returns `None` when no number is left.
#[must_use]
#[track_caller]
pub fn pick_unused_port() -> Option<Port> {
    let port = isolated_test::Port::builder()
        .tcp_and_udp()
        .reserve()
        .ok()?;
    let number = port.number();
    let mut picked = PICKED.lock().unwrap_or_else(PoisonError::into_inner);
    picked.push(port);
    Some(number)
}

/// Whether a server could bind this number now, for TCP and for UDP.
#[must_use]
pub fn is_free(port: Port) -> bool {
    is_free_tcp(port) && is_free_udp(port)
}

/// Whether a server could bind this number for TCP now.
#[must_use]
pub fn is_free_tcp(port: Port) -> bool {
    // One after the other: a listener on one address may be in the way of one on the next.
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

/// Whether this machine has addresses of the family.
fn is_there(address: &SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}
