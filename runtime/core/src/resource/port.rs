//! Ports that stay reserved for a test while it lives.
//!
//! On Linux the kernel holds each port through a socket that is bound to the number and never
//! listens. A bind without `SO_REUSEADDR` succeeds only if nobody is bound to the number in either
//! family, so it probes and holds in one step. After that, the socket gets the options that let
//! servers bind the same number. The kernel does not choose such a number for anybody else: in
//! 200,000 attempts it never did.
//!
//! The hold of the TCP number also locks the UDP number, for all users of the machine. UDP numbers
//! lie outside the range from which the kernel chooses for others.
//!
//! On other systems a hold is a lock file, which does not keep other programs away. So numbers lie
//! outside that range and are probed before use: see `numbered`.

mod fixed;
#[cfg(target_os = "linux")]
mod held;
#[cfg(any(not(target_os = "linux"), test))]
mod numbered;
mod range;

#[cfg(target_os = "linux")]
use held::{Hold, PATIENCE, hold, hold_if_free, let_go, reserve};
#[cfg(not(target_os = "linux"))]
use numbered::{Hold, PATIENCE, hold, hold_if_free, let_go, reserve};

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard};

use super::remote::{Ask, Call};
use super::request::Protocol;
use crate::config;
use crate::error::{Error, ErrorKind};
use crate::mutex::lock;
use crate::os;
use crate::os::process::Kept;

/// A port that is reserved for one test while the test lives.
///
/// The test can bind the number on `127.0.0.1`, `0.0.0.0`, `::1` and `::`, any number of times,
/// with one listener at a time. Until something listens, connections are refused immediately.
///
/// On Linux, binding works for every server that sets `SO_REUSEADDR` or `SO_REUSEPORT` before it
/// binds, as the standard library, tokio, Go, Node.js, Python, Java, Redis and PostgreSQL do. For a
/// server that sets neither, call [`release`](Port::release) just before it starts. Only a program
/// that asks for exactly this number and sets one of these options can take the port away.
///
/// Clones are handles to the same port. After the test they are plain numbers without a guarantee.
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
    keeper: Mutex<Option<Keeper>>,
    /// Keeps other tests away that insist on the number, if it was reserved without the attribute.
    lock: Option<Box<dyn Send + Sync + UnwindSafe + RefUnwindSafe>>,
}

/// The hold on the number, here or in the parent.
enum Keeper {
    Hold(Hold),
    /// The parent of this process, which releases the number on request.
    Parent(Call, Ask),
}

impl Port {
    /// Reserves a port.
    pub(crate) fn reserve_free(protocol: Protocol) -> Result<Self, Error> {
        let (number, hold) = reserve(protocol).map_err(|error| {
            let what = match protocol {
                Protocol::Tcp => "TCP port",
                Protocol::Udp => "UDP port",
                Protocol::Both => "port for TCP and UDP",
            };
            Error::new(ErrorKind::Port, format!("reserve a {what}")).because(error)
        })?;
        Ok(Self::kept_by(number, protocol, Keeper::Hold(hold)))
    }

    /// Takes over a port that the parent of this process holds.
    pub(crate) fn held_by_parent(number: u16, protocol: Protocol, release: Call, ask: Ask) -> Self {
        Self::kept_by(number, protocol, Keeper::Parent(release, ask))
    }

    /// Holds a number in the separate network of this process, where nobody else can have it.
    pub(crate) fn hold(number: u16, protocol: Protocol) -> Result<Self, Error> {
        let hold = hold(number, protocol).map_err(|error| {
            let action = format!("hold the port {number} in the network of the test");
            Error::new(ErrorKind::Port, action).because(error)
        })?;
        Ok(Self::kept_by(number, protocol, Keeper::Hold(hold)))
    }

    fn kept_by(number: u16, protocol: Protocol, keeper: Keeper) -> Self {
        Self::with(number, protocol, Some(keeper))
    }

    fn with(number: u16, protocol: Protocol, keeper: Option<Keeper>) -> Self {
        Port {
            inner: Arc::new(Inner {
                number,
                protocol,
                keeper: Mutex::new(keeper),
                lock: None,
            }),
        }
    }

    /// The port with a lock that is held as long as the port.
    pub(crate) fn locked_by(
        mut self,
        lock: impl Send + Sync + UnwindSafe + RefUnwindSafe + 'static,
    ) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.lock = Some(Box::new(lock));
        }
        self
    }

    /// Returns the port number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.inner.number
    }

    /// Returns the socket address of this port on `127.0.0.1`.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.inner.number))
    }

    /// Listens for TCP connections on `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Fails if something already listens on the port.
    pub fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(self.addr())
    }

    /// Binds a UDP socket on `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Fails if something has already bound the port.
    pub fn bind_udp(&self) -> io::Result<UdpSocket> {
        UdpSocket::bind(self.addr())
    }

    /// Releases the hold on the number, for a server that sets neither `SO_REUSEADDR` nor
    /// `SO_REUSEPORT`, and returns the number.
    ///
    /// Call this just before that server starts. From then on the kernel may choose the number for
    /// any program, until the server has bound it. Further calls do nothing.
    ///
    /// On Linux the number can be bound when this method returns, even while other threads start
    /// child processes. There are two exceptions: a port for both TCP and UDP, and a port in the
    /// test's own network. There, such a child has a copy of the hold until it calls `exec`. This
    /// method waits up to one second for that. After that it prints a line to standard error and
    /// returns, although the number may still be taken.
    #[expect(
        clippy::must_use_candidate,
        reason = "most who call it know the number already"
    )]
    pub fn release(&self) -> u16 {
        let keeper = self.keeper().take();
        match keeper {
            Some(Keeper::Hold(hold)) => {
                let is_free = let_go(hold, self.number(), self.inner.protocol);
                if !is_free {
                    still_held(self.number());
                }
            }
            Some(Keeper::Parent(call, ask)) => {
                // A parent that cannot release it is about to end this process.
                let _ = ask(call);
            }
            None => {}
        }
        self.inner.number
    }

    /// Releases the hold when the test is over. Does not wait until the number is free.
    pub(crate) fn give_back(&self) {
        drop(self.keeper().take());
    }

    /// Returns the hold, for a supervisor that must keep it open too.
    pub(crate) fn kept(&self) -> Option<Kept> {
        match &*self.keeper() {
            Some(Keeper::Hold(hold)) => os::process::kept(hold),
            Some(Keeper::Parent(..)) | None => None,
        }
    }

    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        lock(&self.inner.keeper)
    }

    /// The protocols in words.
    pub(crate) fn protocols(&self) -> &'static str {
        match self.inner.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Both => "tcp and udp",
        }
    }
}

/// Warns that a released port still cannot be bound.
fn still_held(number: u16) {
    eprintln!(
        "isolated-test: port {number}: released, but still bound after {} by a process that does not \
         listen, perhaps a child that was forked before; release it before you fork",
        config::seconds(PATIENCE)
    );
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

/// Writes the port number.
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
