//! The sockets of a thread that waits in a system call.

#![expect(
    unsafe_code,
    reason = "`pidfd_open` and `pidfd_getfd` have no safe form"
)]

use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{SockType, getsockopt, sockopt};

use crate::findings::Kind;
use crate::observe::memory;

/// An address in the memory of a thread.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A port of this machine.
    Port(u16),
    Path(Vec<u8>),
    Abstract(Vec<u8>),
}

/// Reads the address of a system call: its position in memory and its length.
pub(super) fn address(thread: i32, at: u64, length: u64) -> Option<Address> {
    let length = usize::try_from(length).ok()?.min(128);
    parse(&memory::bytes(thread, at, length)?)
}

fn parse(bytes: &[u8]) -> Option<Address> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    match family {
        libc::AF_INET => {
            let is_local = matches!(bytes.get(4..8)?, [127, ..] | [0, 0, 0, 0]);
            is_local.then(port)?.map(Address::Port)
        }
        libc::AF_INET6 => {
            let ip = std::net::Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?);
            let is_local = match ip.to_ipv4_mapped() {
                Some(ip) => ip.is_loopback() || ip.is_unspecified(),
                None => ip.is_loopback() || ip.is_unspecified(),
            };
            is_local.then(port)?.map(Address::Port)
        }
        libc::AF_UNIX => match bytes.get(2..)? {
            [] => None,
            [0, name @ ..] => Some(Address::Abstract(name.to_owned())),
            path => {
                let end = path.iter().position(|byte| *byte == 0);
                Some(Address::Path(path[..end.unwrap_or(path.len())].to_owned()))
            }
        },
        _ => None,
    }
}

/// Copies a file descriptor of another process.
pub(super) fn copy(process: i32, descriptor: i32) -> Option<OwnedFd> {
    let owned = |result: libc::c_long| {
        let descriptor = Errno::result(result).ok()?;
        // SAFETY: the kernel has just opened it for this process.
        Some(unsafe { OwnedFd::from_raw_fd(i32::try_from(descriptor).ok()?) })
    };
    // SAFETY: these calls take numbers.
    let process = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) })?;
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), descriptor, 0) })
}

/// The kind of port that a socket has: TCP or UDP.
pub(super) fn kind(socket: &OwnedFd) -> Option<Kind> {
    match getsockopt(socket, sockopt::SockType).ok()? {
        SockType::Datagram => Some(Kind::UdpPort),
        SockType::Stream => Some(Kind::TcpPort),
        _ => None,
    }
}

/// The port that a socket is bound to.
pub(super) fn port(socket: OwnedFd) -> Option<u16> {
    // `UdpSocket` works for any kind of socket here.
    let address = UdpSocket::from(socket).local_addr();
    Some(address.ok().as_ref().map(SocketAddr::port)?).filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::{Address, parse};

    #[test]
    fn addresses_are_parsed() {
        let family = |family: i32| u16::try_from(family).expect("small").to_ne_bytes();
        let v4 = |ip: [u8; 4]| [&family(libc::AF_INET)[..], &[0x1f, 0x90], &ip].concat();
        assert_eq!(parse(&v4([127, 0, 0, 1])), Some(Address::Port(8080)));
        assert_eq!(parse(&v4([0, 0, 0, 0])), Some(Address::Port(8080)));
        assert_eq!(parse(&v4([192, 0, 2, 1])), None);
        let v6 = |ip: &[u8]| [&family(libc::AF_INET6)[..], &[0x1f, 0x90, 0, 0, 0, 0], ip].concat();
        let mut ip = [0; 16];
        assert_eq!(parse(&v6(&ip)), Some(Address::Port(8080)));
        ip[15] = 1;
        assert_eq!(parse(&v6(&ip)), Some(Address::Port(8080)));
        ip[0] = 0x20;
        assert_eq!(parse(&v6(&ip)), None);
        let unix = |path: &[u8]| parse(&[&family(libc::AF_UNIX)[..], path].concat());
        assert_eq!(unix(b"/run/x\0\0"), Some(Address::Path(b"/run/x".to_vec())));
        assert_eq!(unix(b"\0name"), Some(Address::Abstract(b"name".to_vec())));
        assert_eq!(unix(b""), None);
        assert_eq!(parse(&[1]), None);
    }
}
