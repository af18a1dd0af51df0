//! Sockets that hold a port and do not serve it, with options that the standard library cannot set.

#![expect(
    unsafe_code,
    reason = "the standard library sets SO_REUSEADDR before it binds"
)]

use std::io;
use std::mem;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::supervisor::check;

/// The kind of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// TCP.
    Stream,
    /// UDP.
    Datagram,
}

/// Binds a socket to a port on all addresses of both families; port 0 lets the kernel choose.
///
/// No option allows the socket to share, so this succeeds only if nothing else is bound to the
/// port: it probes and holds in one step. Without IPv6, it binds all IPv4 addresses.
pub(crate) fn bind_everywhere(transport: Transport, port: u16) -> io::Result<(OwnedFd, u16)> {
    bind_all_addresses(transport, port, false)
}

/// Binds a TCP socket to a port on all addresses, unless something else is bound to it. Connections
/// that are closed but still in `TIME_WAIT` are not in the way, nor are they in that of a server
/// that sets `SO_REUSEADDR`.
///
/// With that option, a bind fails only for a listener and for sockets without the option. So a probe
/// socket without the option first binds an address that no connection uses. That fails if another
/// socket is bound to all addresses, such as the hold of another test, or if another process probes
/// the same port. The probe stays bound until the real socket is, so only one caller at a time gets
/// through.
#[cfg(target_os = "linux")]
pub(crate) fn bind_beside_closed_connections(port: u16) -> io::Result<OwnedFd> {
    const NOBODYS: Ipv4Addr = Ipv4Addr::new(127, 73, 84, 71);

    let (probe, _) = bind_v4(Transport::Stream, port, NOBODYS, false)?;
    set(&probe, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    bind_all_addresses(Transport::Stream, port, true).map(|(socket, _)| socket)
}

fn bind_all_addresses(transport: Transport, port: u16, reuse: bool) -> io::Result<(OwnedFd, u16)> {
    match bind_v6(transport, port, reuse) {
        Err(error) if is_without_v6(&error) => {
            bind_v4(transport, port, Ipv4Addr::UNSPECIFIED, reuse)
        }
        result => result,
    }
}

/// Lets servers bind the held port if they set either `SO_REUSEADDR` or `SO_REUSEPORT`, as nearly
/// all do.
#[cfg(target_os = "linux")]
pub(crate) fn let_servers_bind(socket: &OwnedFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    set(socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)
}

/// Makes an idle socket give up the port that the kernel chose for it, even if other processes have
/// copies of the socket.
///
/// A shutdown closes a listening socket, and a closed one keeps its port only if it requested that
/// port (`tcp_set_state` in Linux). So the socket listens for a moment, without a queue. That fails
/// if another socket listens on the port, because this one no longer shares it by then.
#[cfg(target_os = "linux")]
pub(crate) fn unbind(socket: &OwnedFd) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, 0)?;
    let raw = socket.as_raw_fd();
    // SAFETY: the calls take numbers only, and the descriptor is open.
    unsafe {
        check(libc::listen(raw, 0))?;
        check(libc::shutdown(raw, libc::SHUT_RDWR)).map(drop)
    }
}

/// Whether an error means that this machine has no IPv6.
fn is_without_v6(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT | libc::EADDRNOTAVAIL | libc::ENOPROTOOPT)
    )
}

fn bind_v6(transport: Transport, port: u16, reuse: bool) -> io::Result<(OwnedFd, u16)> {
    let socket = open(libc::AF_INET6, transport)?;
    if reuse {
        set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    }
    set(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
    // SAFETY: all zeroes is a valid `sockaddr_in6`: the unspecified address.
    let mut address: libc::sockaddr_in6 = unsafe { mem::zeroed() };
    address.sin6_family = family(libc::AF_INET6);
    address.sin6_port = port.to_be();
    bind(&socket, &mut address).map(|bound| (socket, u16::from_be(bound.sin6_port)))
}

fn bind_v4(
    transport: Transport,
    port: u16,
    ip: Ipv4Addr,
    reuse: bool,
) -> io::Result<(OwnedFd, u16)> {
    let socket = open(libc::AF_INET, transport)?;
    if reuse {
        set(&socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
    }
    // SAFETY: all zeroes is a valid `sockaddr_in`: the unspecified address.
    let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
    address.sin_family = family(libc::AF_INET);
    address.sin_addr.s_addr = u32::from(ip).to_be();
    address.sin_port = port.to_be();
    bind(&socket, &mut address).map(|bound| (socket, u16::from_be(bound.sin_port)))
}

/// Converts an address family to the type that the addresses of the platform have.
fn family(family: libc::c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(family).unwrap_or_default()
}

/// Opens a socket, which is close-on-exec.
fn open(family: libc::c_int, transport: Transport) -> io::Result<OwnedFd> {
    let kind = match transport {
        Transport::Stream => libc::SOCK_STREAM,
        Transport::Datagram => libc::SOCK_DGRAM,
    };
    #[cfg(not(target_vendor = "apple"))]
    let kind = kind | libc::SOCK_CLOEXEC;
    // SAFETY: `socket` takes numbers only.
    let raw = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: `raw` was just opened, and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    #[cfg(target_vendor = "apple")]
    // SAFETY: `fcntl` with this command takes numbers only.
    check(unsafe { libc::fcntl(raw, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(socket)
}

/// Binds a socket and returns the address that it is bound to.
fn bind<A: Copy>(socket: &OwnedFd, address: &mut A) -> io::Result<A> {
    let raw = socket.as_raw_fd();
    let mut size = libc::socklen_t::try_from(mem::size_of::<A>()).unwrap_or_default();
    let address: *mut A = address;
    // SAFETY: the address is a socket address of the given size, valid and writable for both calls.
    unsafe {
        check(libc::bind(raw, address.cast(), size))?;
        check(libc::getsockname(raw, address.cast(), &raw mut size))?;
        Ok(*address)
    }
}

/// Sets one option of a socket.
fn set(
    socket: &OwnedFd,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let size = libc::socklen_t::try_from(mem::size_of_val(&value)).unwrap_or_default();
    let value = (&raw const value).cast();
    // SAFETY: the value is a `c_int` of the given size, valid for the call.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, value, size) }).map(drop)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io;
    use std::mem;
    use std::net::TcpListener;
    use std::os::fd::{AsRawFd, OwnedFd};

    use super::{Transport, bind, bind_everywhere, family, let_servers_bind, open, set, unbind};

    /// Listens on a port of all IPv4 addresses, like a server that sets only `SO_REUSEPORT`.
    fn listen_reusing_port(number: u16) -> OwnedFd {
        let server = open(libc::AF_INET, Transport::Stream).unwrap();
        set(&server, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1).unwrap();
        // SAFETY: all zeroes is a valid `sockaddr_in`.
        let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
        address.sin_family = family(libc::AF_INET);
        address.sin_port = number.to_be();
        bind(&server, &mut address).unwrap();
        // SAFETY: the call takes numbers only.
        assert_eq!(unsafe { libc::listen(server.as_raw_fd(), 1) }, 0);
        server
    }

    #[test]
    fn a_number_is_given_up_while_copies_of_its_socket_are_open() {
        let (socket, number) = bind_everywhere(Transport::Stream, 0).unwrap();
        let_servers_bind(&socket).unwrap();
        let copy = socket.try_clone().unwrap();
        unbind(&socket).unwrap();
        bind_everywhere(Transport::Stream, number).unwrap();
        drop(copy);
    }

    #[test]
    fn a_number_on_which_somebody_listens_is_not_given_up() {
        let listen = |number| TcpListener::bind(("127.0.0.1", number)).unwrap().into();
        for listen in [listen, listen_reusing_port] {
            let (socket, number) = bind_everywhere(Transport::Stream, 0).unwrap();
            let_servers_bind(&socket).unwrap();
            let server: OwnedFd = listen(number);
            assert!(unbind(&socket).is_err());
            drop(server);
        }
    }

    #[test]
    fn a_number_is_bound_once_whatever_the_holder_lets_servers_do() {
        for transport in [Transport::Stream, Transport::Datagram] {
            let (socket, number) = bind_everywhere(transport, 0).unwrap();
            let_servers_bind(&socket).unwrap();
            let again = bind_everywhere(transport, number).unwrap_err();
            assert_eq!(again.kind(), io::ErrorKind::AddrInUse, "{transport:?}");
        }
    }

    #[test]
    fn a_number_of_either_family_is_not_bound() {
        for host in ["127.0.0.1", "::1"] {
            let Ok(listener) = TcpListener::bind((host, 0)) else {
                continue;
            };
            let number = listener.local_addr().unwrap().port();
            assert!(
                bind_everywhere(Transport::Stream, number).is_err(),
                "{host}"
            );
        }
    }
}
