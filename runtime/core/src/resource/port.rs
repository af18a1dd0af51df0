//! Ports that stay the test's own while it lives.
//!
//! On Linux the kernel holds them: a socket that is bound to the number and never listens. A bind
//! without `SO_REUSEADDR` succeeds only if nobody at all is bound there, in either family, so that
//! probe and hold are one step. The options that let servers bind the same number are set after it.
//! The kernel does not choose such a number for anybody else: 0 of 200,000 attempts met one.
//!
//! The hold of the TCP number is also the lock of the UDP number, for all users of the machine; UDP
//! numbers lie outside the range from which the kernel chooses for others.
//!
//! Elsewhere the holds do not keep others away, so numbers lie outside that range, under a lock
//! file each, and are probed before use: see `numbered`.

#[cfg(target_os = "linux")]
mod held;
#[cfg(any(not(target_os = "linux"), test))]
mod numbered;
mod range;

#[cfg(target_os = "linux")]
use held::{Hold, reserve};
#[cfg(not(target_os = "linux"))]
use numbered::{Hold, reserve};

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::spec::Protocol;

/// A port that is free for this test, and stays so while the test lives.
///
/// The number can be bound on `127.0.0.1`, `0.0.0.0`, `::1` and `::`, as often as the test likes,
/// one listener at a time. Until then a connection to it is refused at once.
///
/// On Linux this holds for every server that sets `SO_REUSEADDR` or `SO_REUSEPORT` before it binds:
/// the standard library, tokio, Go, Node.js, Python, Java, Redis and PostgreSQL do. For one that
/// sets neither, call [`release`](Port::release) just before it starts. Only a program that asks
/// for exactly this number, and sets one of these options, can take it away.
///
/// Clones are handles of the same port. After the test they are numbers without a promise.
///
/// # When the process dies
///
/// The kernel frees the port.
#[derive(Clone)]
pub struct Port {
    inner: Arc<Inner>,
}

struct Inner {
    number: u16,
    protocol: Protocol,
    hold: Mutex<Option<Hold>>,
}

impl Port {
    /// Reserves a port.
    pub(crate) fn reserve(protocol: Protocol) -> Result<Self, Error> {
        let (number, hold) = reserve(protocol).map_err(|error| {
            let what = match protocol {
                Protocol::Tcp => "TCP port",
                Protocol::Udp => "UDP port",
                Protocol::Both => "port for TCP and UDP",
            };
            Error::new(ErrorKind::Port, format!("reserve a {what}")).because(error)
        })?;
        Ok(Port {
            inner: Arc::new(Inner {
                number,
                protocol,
                hold: Mutex::new(Some(hold)),
            }),
        })
    }

    /// Returns the number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.inner.number
    }

    /// Returns the address `127.0.0.1` with this port.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.inner.number))
    }

    /// Listens for TCP connections on `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Fails when somebody listens on the port already.
    pub fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(self.addr())
    }

    /// Binds a UDP socket on `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Fails when somebody has bound the port already.
    pub fn bind_udp(&self) -> io::Result<UdpSocket> {
        UdpSocket::bind(self.addr())
    }

    /// Gives up the hold on the number, for a server that sets neither `SO_REUSEADDR` nor
    /// `SO_REUSEPORT`, and returns the number.
    ///
    /// Call it just before that server starts: from here on the kernel may choose the number for
    /// anybody until the server has bound it. Does nothing the second time.
    pub fn release(&self) -> u16 {
        drop(
            self.inner
                .hold
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.inner.number
    }

    /// Returns the protocols in words.
    pub(crate) fn protocols(&self) -> &'static str {
        match self.inner.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Both => "tcp and udp",
        }
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Port({} {})",
            self.inner.number,
            self.protocols()
        )
    }
}

/// The number.
impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner.number, formatter)
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> u16 {
        port.number()
    }
}

impl From<&Port> for u16 {
    fn from(port: &Port) -> u16 {
        port.number()
    }
}

impl From<&Port> for SocketAddr {
    fn from(port: &Port) -> SocketAddr {
        port.addr()
    }
}
