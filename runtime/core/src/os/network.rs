//! Network namespaces for subprocesses, on Linux.

#![expect(
    unsafe_code,
    reason = "the standard library knows no namespaces, and this runs between fork and exec"
)]

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use libc::c_int;

use super::offspring::{self, Blocked};
use super::stack::Stacks;
use super::supervisor::check;

/// How a process gets a separate network. Prepared before the fork.
#[derive(Debug, Clone)]
pub(crate) struct NamespaceSetup {
    /// The content of the group map and the user map of a user namespace, which an ordinary user
    /// needs.
    maps: Option<[Vec<u8>; 2]>,
}

/// A step of the setup. The system may refuse each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A network namespace, for root.
    Network = 1,
    /// A user namespace, and a network namespace in it.
    UserAndNetwork,
    /// Giving up the right to change groups.
    Groups,
    /// The map of groups.
    GroupMap,
    /// The map of users.
    UserMap,
    /// Bringing the loopback interface up.
    Loopback,
}

/// The steps, and what the system refuses with each.
const STEPS: [(Step, &str); 6] = [
    (
        Step::Network,
        "a network namespace (`unshare` with `CLONE_NEWNET`)",
    ),
    (
        Step::UserAndNetwork,
        "a user namespace (`unshare` with `CLONE_NEWUSER` and `CLONE_NEWNET`)",
    ),
    (Step::Groups, "to write `/proc/self/setgroups`"),
    (Step::GroupMap, "to write `/proc/self/gid_map`"),
    (Step::UserMap, "to write `/proc/self/uid_map`"),
    (Step::Loopback, "to bring the interface `lo` up"),
];

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let this = STEPS.iter().find(|(step, _)| step == self);
        formatter.write_str(this.map_or("", |(_, refused)| refused))
    }
}

impl NamespaceSetup {
    /// The setup for root, who needs only a network namespace.
    pub(crate) fn of_root() -> Self {
        NamespaceSetup { maps: None }
    }

    /// The setup for an ordinary user, who stays the same user.
    pub(crate) fn of_user() -> Self {
        // SAFETY: the calls take nothing and cannot fail.
        let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
        let map = |id: u32| format!("{id} {id} 1\n").into_bytes();
        NamespaceSetup {
            maps: Some([map(group), map(user)]),
        }
    }

    /// Moves this process into a separate network. Called between fork and exec. The number of the
    /// error includes the refused step: see [`refusal`].
    pub(super) fn enter(&self) -> io::Result<()> {
        match &self.maps {
            None => step(Step::Network, unshare(libc::CLONE_NEWNET))?,
            Some([groups, users]) => {
                let both = libc::CLONE_NEWUSER | libc::CLONE_NEWNET;
                step(Step::UserAndNetwork, unshare(both))?;
                step(Step::Groups, write("/proc/self/setgroups", b"deny"))?;
                step(Step::GroupMap, write("/proc/self/gid_map", groups))?;
                step(Step::UserMap, write("/proc/self/uid_map", users))?;
            }
        }
        step(Step::Loopback, bring_loopback_up())
    }

    /// Tries the setup in a throw-away process, to find out whether the system allows it.
    pub(crate) fn probe(&self) -> Result<(), (Option<Step>, io::Error)> {
        match self.attempt() {
            Ok(0) => Ok(()),
            Ok(number) => Err(refusal(number)),
            Err(error) => Err((None, error)),
        }
    }

    /// The number of the error, or zero.
    fn attempt(&self) -> io::Result<c_int> {
        let (mut tried, result) = UnixStream::pair()?;
        let mut attempt = Attempt { way: self, result };
        let stacks = Stacks::take()?;
        let place = stacks.as_ref().map(Stacks::of_probe);
        // Signal handlers of this process must not run in the child.
        let _blocked = Blocked::all()?;
        // SAFETY: the child is a copy, or uses this memory on a separate stack while this thread is
        // suspended. In the second case nothing else collects the child, because its end sends no
        // signal.
        let child = unsafe { offspring::start(enter, (&raw mut attempt).cast(), place) }?;
        offspring::collect(child);
        if let Some(stacks) = stacks {
            stacks.give_back();
        }
        drop(attempt);
        let mut number = [0; 4];
        tried.read_exact(&mut number)?;
        Ok(c_int::from_ne_bytes(number))
    }
}

/// A setup to try, and where its result goes.
struct Attempt<'a> {
    way: &'a NamespaceSetup,
    result: UnixStream,
}

extern "C" fn enter(attempt: *mut libc::c_void) -> c_int {
    // SAFETY: it points to a local of `attempt`, whose thread is suspended or of which this is a
    // copy.
    let attempt = unsafe { &*attempt.cast::<Attempt<'_>>() };
    let error = attempt.way.enter().err();
    let number = error.and_then(|error| error.raw_os_error()).unwrap_or(0);
    let _ = (&attempt.result).write_all(&number.to_ne_bytes());
    // SAFETY: nothing in this process needs cleanup.
    unsafe { libc::_exit(0) }
}

/// The bits of an error number above which there is the number of a step.
const STEP_SHIFT: u32 = 16;

/// Adds the step to the number of an error, so that both are sent as one.
fn step(step: Step, result: io::Result<()>) -> io::Result<()> {
    result.map_err(|error| {
        let number = error.raw_os_error().unwrap_or(0);
        io::Error::from_raw_os_error(((step as c_int) << STEP_SHIFT) | number)
    })
}

/// The refused step, if there is one, and the error of a number.
fn refusal(number: c_int) -> (Option<Step>, io::Error) {
    let mut steps = STEPS.into_iter().map(|(step, _)| step);
    let step = steps.find(|step| *step as c_int == number >> STEP_SHIFT);
    let error = number & ((1 << STEP_SHIFT) - 1);
    (step, io::Error::from_raw_os_error(error))
}

/// The error of a number, with the refused step.
pub(super) fn explain(number: c_int) -> io::Error {
    match refusal(number) {
        (None, error) => error,
        (Some(step), error) => io::Error::new(
            error.kind(),
            format!("the system has refused {step}: {error}"),
        ),
    }
}

fn unshare(flags: c_int) -> io::Result<()> {
    // SAFETY: the call takes numbers only.
    check(unsafe { libc::unshare(flags) }).map(drop)
}

fn write(path: &str, content: &[u8]) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(content)
}

/// Brings up the interface `lo`, which is down in a new network.
fn bring_loopback_up() -> io::Result<()> {
    // SAFETY: the request is a plain structure for which all zeroes are valid, the name ends with a
    // null, and nothing else owns the new descriptor.
    unsafe {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
        let socket = OwnedFd::from_raw_fd(check(libc::socket(libc::AF_INET, kind, 0))?);
        let mut request: libc::ifreq = mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = libc::c_char::try_from(*from).unwrap_or(0);
        }
        let flags = libc::IFF_UP | libc::IFF_RUNNING;
        request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).unwrap_or(0);
        let fd = socket.as_raw_fd();
        check(libc::ioctl(fd, libc::SIOCSIFFLAGS as _, &raw const request)).map(drop)
    }
}
