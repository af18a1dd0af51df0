//! Ports reserved by lock files, for platforms whose kernel does not hold them.
//!
//! This is weaker than on Linux. The lock keeps out other isolated tests of this user, and the
//! number lies outside the range from which the system chooses for others. But a program that asks
//! for exactly this number gets it.

use std::fs::File;
use std::io;

use super::range;
use crate::os;
use crate::os::flock::{self, Strength};
use crate::resource::request::Protocol;
use crate::state::{StateDir, state_dir};

/// The locked file that reserves a number.
#[derive(Debug)]
pub(super) struct Hold(File);

impl Drop for Hold {
    fn drop(&mut self) {
        flock::unlock(&self.0);
    }
}

#[cfg(unix)]
impl std::os::fd::AsRawFd for Hold {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}

/// Finds a free number and locks it.
pub(super) fn reserve(protocol: Protocol) -> io::Result<(u16, Hold)> {
    let state_dir = state_dir().map_err(io::Error::other)?;
    range::first_free(&range::ephemeral()?, |number| {
        let hold = hold_if_free_in(state_dir, number, protocol)?;
        Ok(hold.map(|hold| (number, hold)))
    })
}

/// Locks the given number if nobody is bound to it.
#[cfg(not(target_os = "linux"))]
pub(super) fn hold_if_free(number: u16, protocol: Protocol) -> io::Result<Option<Hold>> {
    hold_if_free_in(state_dir().map_err(io::Error::other)?, number, protocol)
}

fn hold_if_free_in(
    state_dir: &StateDir,
    number: u16,
    protocol: Protocol,
) -> io::Result<Option<Hold>> {
    let path = state_dir.lock_path(&format!("port-{number}"));
    let file = state_dir.open_or_create(&path)?;
    if !flock::try_lock(&file, Strength::Exclusive)? {
        return Ok(None);
    }
    let hold = Hold(file);
    let is_free = os::is_at(&hold.0, &path)?
        && (protocol == Protocol::Udp || is_free(number, false))
        && (protocol == Protocol::Tcp || is_free(number, true));
    Ok(is_free.then_some(hold))
}

/// Fails: only Linux gives a process its own network, in which a number must be held again.
#[cfg(not(target_os = "linux"))]
pub(super) fn hold(_number: u16, _protocol: Protocol) -> io::Result<Hold> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Probes a number without `SO_REUSEADDR`; with it, a taken number may look free.
#[cfg(unix)]
fn is_free(number: u16, udp: bool) -> bool {
    use crate::os::socket::{Transport, bind_everywhere};

    let transport = if udp {
        Transport::Datagram
    } else {
        Transport::Stream
    };
    bind_everywhere(transport, number).is_ok()
}

/// Probes a number. The standard library sets no socket option on this platform.
#[cfg(not(unix))]
fn is_free(number: u16, udp: bool) -> bool {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};

    let (four, six) = (
        (Ipv4Addr::UNSPECIFIED, number),
        (Ipv6Addr::UNSPECIFIED, number),
    );
    // Without IPv6, nobody is bound there. The system refuses excluded ranges; they count as taken.
    let is_taken = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
        )
    };
    if udp {
        UdpSocket::bind(four).is_ok() && UdpSocket::bind(six).err().is_none_or(|e| !is_taken(&e))
    } else {
        TcpListener::bind(four).is_ok()
            && TcpListener::bind(six).err().is_none_or(|e| !is_taken(&e))
    }
}

/// Maximum time to wait for copies of a hold.
#[cfg(not(target_os = "linux"))]
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::ZERO;

/// Releases a hold. Nothing to wait for: the socket that probed the number is already closed.
#[cfg(not(target_os = "linux"))]
pub(super) fn let_go(hold: Hold, _number: u16, _protocol: Protocol) -> bool {
    drop(hold);
    true
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::{TcpListener, UdpSocket};

    use super::reserve;
    use crate::resource::request::Protocol;

    #[test]
    fn numbers_are_never_given_twice_while_they_are_held() {
        let held: Vec<_> = (0..20).map(|_| reserve(Protocol::Both).unwrap()).collect();
        let numbers: HashSet<_> = held.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers.len(), held.len());
    }

    #[test]
    fn the_number_can_be_bound_for_both_protocols() {
        let (number, _hold) = reserve(Protocol::Both).unwrap();
        TcpListener::bind(("127.0.0.1", number)).unwrap();
        UdpSocket::bind(("127.0.0.1", number)).unwrap();
    }
}
