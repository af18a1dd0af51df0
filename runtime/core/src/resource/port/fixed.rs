//! Port numbers that the program under test insists on.

use std::thread;
use std::time::{Duration, Instant};

use super::{Keeper, Port, hold_if_free};
use crate::config::{self, variables};
use crate::error::{Error, ErrorKind};
use crate::os::listener::listener_of;
use crate::resource::request::Protocol;

/// The longest pause between two attempts to bind a number that is taken.
///
/// Linux can report closed sockets through netlink (`SKNLGRP_INET_TCP_DESTROY`), but only if the kernel
/// has the modules for it, and other systems have nothing similar. So the number would have to be
/// probed all the same. A probe takes microseconds, and the program in the way usually stays for
/// seconds.
const PAUSE: Duration = Duration::from_millis(20);

impl Port {
    /// Waits until nobody is bound to a number, and holds it. The caller has locked the number, so
    /// only programs that are no isolated tests can be in the way.
    ///
    /// Calls `notice` with a description of who is in the way, ever more rarely.
    pub(crate) fn fixed(
        number: u16,
        protocol: Protocol,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Self, Error> {
        let (timeout, notice_after) = (variables()?.lock_timeout, variables()?.wait_notice);
        let begun = Instant::now();
        let (mut pause, mut speak_after) = (Duration::from_millis(1), notice_after);
        loop {
            if let Some(port) = Self::fixed_if_free(number, protocol)? {
                return Ok(port);
            }
            let waited = begun.elapsed();
            if waited >= timeout {
                let action = format!(
                    "after {} waiting for port {number}",
                    config::seconds(timeout)
                );
                return Err(Error::timed_out(ErrorKind::Port, action).because(taken_by(number)));
            }
            if waited >= speak_after {
                notice(&taken_by(number));
                speak_after = waited * 2;
            }
            // The kernel tells nobody that a foreign process has closed a port.
            thread::sleep(pause.min(timeout.saturating_sub(waited)));
            pause = (pause * 2).min(PAUSE);
        }
    }

    /// Holds one given number, unless somebody has it.
    pub(crate) fn fixed_if_free(number: u16, protocol: Protocol) -> Result<Option<Self>, Error> {
        let hold = hold_if_free(number, protocol).map_err(|error| {
            Error::new(ErrorKind::Port, format!("hold port {number}")).because(error)
        })?;
        Ok(hold.map(|hold| Self::kept_by(number, protocol, Keeper::Hold(hold))))
    }

    /// A number that is held in the network of the test's subprocess only.
    pub(crate) fn elsewhere(number: u16, protocol: Protocol) -> Self {
        Self::with(number, protocol, None)
    }
}

/// Describes who has a number.
fn taken_by(number: u16) -> String {
    match listener_of(number) {
        Some((process, name)) => format!("taken by {name} (pid {process})"),
        None => "taken by a program that cannot be identified".to_owned(),
    }
}
