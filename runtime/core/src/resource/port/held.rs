//! Ports that the kernel holds: Linux.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::thread;
use std::time::{Duration, Instant};

use super::range;
use crate::os::descriptors::begin_without_any;
use crate::os::socket::{Transport, bind_everywhere, let_servers_bind, unbind};
use crate::resource::request::Protocol;

/// The socket that keeps a number.
pub(super) struct Hold {
    socket: OwnedFd,
    /// Whether the kernel has chosen the number.
    is_chosen: bool,
}

impl AsRawFd for Hold {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Finds a number and holds it.
pub(super) fn reserve(protocol: Protocol) -> io::Result<(u16, Hold)> {
    if protocol == Protocol::Tcp {
        let (socket, number) = bind_everywhere(Transport::Stream, 0)?;
        let_servers_bind(&socket)?;
        let is_chosen = true;
        return Ok((number, Hold { socket, is_chosen }));
    }
    range::first_free(&range::ephemeral()?, |number| {
        let Some(hold) = unless_taken(hold(number, protocol))? else {
            return Ok(None);
        };
        // Only a look: a UDP socket that may be shared is shared with everybody, so it is not held.
        Ok(is_free_for_udp(number)?.then_some((number, hold)))
    })
}

/// Gives up a hold, so that the number can be bound, and tells whether it can.
///
/// A child that another thread starts at this moment has a copy of the hold until it runs its
/// program. A number that the kernel has chosen is given up in all copies at once; else they are
/// waited for.
pub(super) fn let_go(hold: Hold, number: u16, protocol: Protocol) -> bool {
    let Hold { socket, is_chosen } = hold;
    if protocol == Protocol::Udp || (is_chosen && unbind(&socket).is_ok()) {
        return true;
    }
    drop(socket);
    wait_until_free(number)
}

/// How long copies of a hold are waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until a number can be bound whose hold was just closed. Tells whether it can, or is taken by
/// somebody who is no copy.
///
/// The number is tried by a thread that shares its descriptors with no other, or a copy of what it
/// tries with would be in the way as well.
fn wait_until_free(number: u16) -> bool {
    let wait = move || {
        begin_without_any()?;
        let until = Instant::now() + PATIENCE;
        let mut pause = Duration::from_micros(20);
        loop {
            match unless_taken(bind_everywhere(Transport::Stream, number)) {
                Ok(None) if !is_listed("tcp", number)? => {}
                result => return result.map(|_| true),
            }
            if Instant::now() >= until {
                return Ok(false);
            }
            // The kernel does not announce that a number is free.
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(2));
        }
    };
    let builder = thread::Builder::new().name("isolated-test-port".to_owned());
    let result = builder.spawn(wait).map(thread::JoinHandle::join);
    // Without a way to try the number there is nothing to wait for.
    !matches!(result, Ok(Ok(Ok::<bool, io::Error>(false))))
}

/// Looks whether the kernel lists a number as somebody's own. It does not list a TCP socket that is
/// bound and does nothing, as a hold is.
fn is_listed(protocol: &str, number: u16) -> io::Result<bool> {
    let v4 = std::fs::read_to_string(format!("/proc/net/{protocol}"))?;
    // Without IPv6 there is no second list.
    let v6 = std::fs::read_to_string(format!("/proc/net/{protocol}6")).unwrap_or_default();
    let ending = format!(":{number:04X}");
    let is_its = |line: &str| {
        let local = line.split_whitespace().nth(1);
        local.is_some_and(|address| address.ends_with(&ending))
    };
    Ok(v4.lines().chain(v6.lines()).any(is_its))
}

/// Looks whether anybody is bound to a UDP number.
///
/// The kernel's list is asked, because a socket of ours that tries the number may be copied by a fork
/// in another thread, and would be in the way of the test until that child runs its program.
fn is_free_for_udp(number: u16) -> io::Result<bool> {
    match is_listed("udp", number) {
        Ok(is_listed) => Ok(!is_listed),
        Err(_) => Ok(unless_taken(bind_everywhere(Transport::Datagram, number))?.is_some()),
    }
}

/// Holds a number.
pub(super) fn hold(number: u16, protocol: Protocol) -> io::Result<Hold> {
    let (socket, _) = bind_everywhere(Transport::Stream, number)?;
    if protocol != Protocol::Udp {
        let_servers_bind(&socket)?;
    }
    let is_chosen = false;
    Ok(Hold { socket, is_chosen })
}

/// Tells a number that is taken from a failure.
fn unless_taken<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}
