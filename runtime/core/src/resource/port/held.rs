//! Ports that the kernel holds: Linux.

use std::io;
use std::os::fd::OwnedFd;

use super::range;
use crate::spec::Protocol;
use crate::sys::socket::{Transport, bind_everywhere, let_servers_bind};

/// The socket that keeps a number.
pub(super) type Hold = OwnedFd;

/// Finds a number and holds it.
pub(super) fn reserve(protocol: Protocol) -> io::Result<(u16, Hold)> {
    if protocol == Protocol::Tcp {
        let (hold, number) = bind_everywhere(Transport::Stream, 0)?;
        let_servers_bind(&hold)?;
        return Ok((number, hold));
    }
    range::first_free(&range::ephemeral()?, |number| {
        let Some(hold) = unless_taken(hold(number, protocol))? else {
            return Ok(None);
        };
        // Only a look: a UDP socket that may be shared is shared with everybody, so it is not held.
        Ok(is_free_for_udp(number)?.then_some((number, hold)))
    })
}

/// Looks whether anybody is bound to a UDP number.
///
/// The kernel's list is asked, because a socket of ours that tries the number may be copied by a fork
/// in another thread, and would be in the way of the test until that child runs its program.
fn is_free_for_udp(number: u16) -> io::Result<bool> {
    let lists = ["/proc/net/udp", "/proc/net/udp6"].map(std::fs::read_to_string);
    let Ok(v4) = &lists[0] else {
        return Ok(unless_taken(bind_everywhere(Transport::Datagram, number))?.is_some());
    };
    let ending = format!(":{number:04X}");
    // Without IPv6 there is no second list.
    let mut lines = v4
        .lines()
        .chain(lists[1].iter().flat_map(|list| list.lines()));
    let local = |line: &str| {
        line.split_whitespace()
            .nth(1)
            .map(|at| at.ends_with(&ending))
    };
    Ok(!lines.any(|line| local(line) == Some(true)))
}

/// Holds a number.
pub(super) fn hold(number: u16, protocol: Protocol) -> io::Result<Hold> {
    let (hold, _) = bind_everywhere(Transport::Stream, number)?;
    if protocol != Protocol::Udp {
        let_servers_bind(&hold)?;
    }
    Ok(hold)
}

/// Tells a number that is taken from a failure.
fn unless_taken<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}
