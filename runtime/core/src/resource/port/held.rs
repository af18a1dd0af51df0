//! Ports that the kernel holds, on Linux.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::thread;
use std::time::{Duration, Instant};

use super::range;
use crate::os::descriptors::begin_without_any;
use crate::os::socket::{
    Transport, bind_beside_closed_connections, bind_everywhere, let_servers_bind, unbind,
};
use crate::resource::request::Protocol;

/// The socket that holds a number.
pub(super) struct Hold {
    socket: OwnedFd,
    /// Whether the kernel chose the number.
    is_chosen: bool,
}

impl AsRawFd for Hold {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Finds a free number and holds it.
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
        // Only a check: a UDP socket that can be shared is shared with everybody, so none is held.
        Ok(is_free_for_udp(number)?.then_some((number, hold)))
    })
}

/// Releases a hold so that the number can be bound. Returns false if a copy of the hold still keeps
/// the number after [`PATIENCE`].
///
/// A child that another thread starts at this moment has a copy of the hold until it calls `exec`.
/// If the kernel chose the number, all copies lose it at once; otherwise this waits for the copies.
pub(super) fn let_go(hold: Hold, number: u16, protocol: Protocol) -> bool {
    let Hold { socket, is_chosen } = hold;
    if protocol == Protocol::Udp || (is_chosen && unbind(&socket).is_ok()) {
        return true;
    }
    drop(socket);
    wait_until_free(number)
}

/// Maximum time to wait for copies of a hold.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until a number whose hold was just closed can be bound. Returns true if it can, if
/// something other than a copy has taken it, or if the probe fails; false after [`PATIENCE`].
///
/// The probe runs in a thread with its own descriptor table. Otherwise a fork in another thread
/// could copy the probe's socket, and that copy would block the number as well.
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
            // No event tells that a child has called `exec`. A pipe that is copied along with the
            // hold would, but every port would need two more descriptors for it. The usual time
            // from fork to `exec` is below a millisecond.
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(2));
        }
    };
    let builder = thread::Builder::new().name("isolated-test-port".to_owned());
    let result = builder.spawn(wait).map(thread::JoinHandle::join);
    // If the number cannot be probed, there is nothing to wait for.
    !matches!(result, Ok(Ok(Ok::<bool, io::Error>(false))))
}

/// Whether the kernel lists a number as in use. It does not list a TCP socket that is only bound,
/// as a hold is.
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

/// Whether nobody is bound to a UDP number.
///
/// Reads the kernel's list and probes only if it cannot. A fork in another thread may copy the
/// socket of a probe; that copy would block the test until the child calls `exec`.
fn is_free_for_udp(number: u16) -> io::Result<bool> {
    match is_listed("udp", number) {
        Ok(is_listed) => Ok(!is_listed),
        Err(_) => Ok(unless_taken(bind_everywhere(Transport::Datagram, number))?.is_some()),
    }
}

/// Holds the given number.
pub(super) fn hold(number: u16, protocol: Protocol) -> io::Result<Hold> {
    let (socket, _) = bind_everywhere(Transport::Stream, number)?;
    if protocol != Protocol::Udp {
        let_servers_bind(&socket)?;
    }
    let is_chosen = false;
    Ok(Hold { socket, is_chosen })
}

/// Holds the given number if nobody is bound to it, whatever connections to it were closed lately.
pub(super) fn hold_if_free(number: u16, protocol: Protocol) -> io::Result<Option<Hold>> {
    let bound = match unless_taken(bind_everywhere(Transport::Stream, number))? {
        Some((socket, _)) => Some(socket),
        None => unless_taken(bind_beside_closed_connections(number))?,
    };
    let Some(socket) = bound else {
        return Ok(None);
    };
    if protocol != Protocol::Udp {
        let_servers_bind(&socket)?;
    }
    if protocol != Protocol::Tcp && !is_free_for_udp(number)? {
        return Ok(None);
    }
    let is_chosen = false;
    Ok(Some(Hold { socket, is_chosen }))
}

/// Separates a taken number, which is `Ok(None)`, from other failures.
fn unless_taken<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::Barrier;
    use std::thread;

    use super::{hold_if_free, reserve, wait_until_free};
    use crate::resource::request::Protocol;

    /// The hold does not show in any list of the kernel.
    #[test]
    fn a_number_that_another_test_holds_is_not_free() {
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Both] {
            let (number, hold) = reserve(protocol).unwrap();
            assert!(hold_if_free(number, protocol).unwrap().is_none());
            drop(hold);
            // A program that another test is starting may have a copy until it runs.
            assert!(wait_until_free(number));
            assert!(hold_if_free(number, protocol).unwrap().is_some());
        }
    }

    /// Programs with other state directories share no lock with us.
    #[test]
    fn of_many_at_once_one_at_most_holds_a_number() {
        const THREADS: usize = 4;

        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        // Closed by the server first, which leaves the number in `TIME_WAIT`.
        drop(server.accept().unwrap());
        drop((client, server));
        let (begin, end) = (Barrier::new(THREADS), Barrier::new(THREADS));
        let race = || {
            let mut wins = Vec::new();
            for _ in 0..2_000 {
                begin.wait();
                let hold = hold_if_free(address.port(), Protocol::Tcp).unwrap();
                end.wait();
                wins.push(hold.is_some());
            }
            wins
        };
        let wins: Vec<_> = thread::scope(|scope| {
            let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(race)).collect();
            racers
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .collect()
        });
        let holders = |round: usize| wins.iter().filter(|wins| wins[round]).count();
        let most = (0..2_000).map(holders).max();
        assert_eq!(most, Some(1));
    }
}
