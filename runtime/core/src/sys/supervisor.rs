//! The process between a test's process and its parent, which ends all that the test has started.
//!
//! It is forked between `fork` and `exec` of the test's process and never runs a program of its own,
//! so it is there before the test is. It may call only what is safe after a fork in a process with
//! threads: no allocation, no lock, no panic.
//!
//! On Linux it is the reaper of all descendants of the test: whoever loses its parent becomes a
//! child of the supervisor, also after a double fork and `setsid`. So "has no children" means that
//! nobody is left. Elsewhere it ends the process group of the test.
//!
//! It keeps descriptors of the locks of the test. When the parent is killed, the kernel frees them
//! only when the supervisor has ended everything that runs under them.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

use std::convert::Infallible;
use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_int, pid_t};

use super::descriptors::close_all_but;
use super::launch::{Before, Plan, start};

/// Asks the supervisor to end everything politely, and by force after [`GRACE`].
pub(crate) const END: u8 = b't';

/// Asks the supervisor to end everything by force.
pub(crate) const KILL: u8 = b'k';

/// Asks the supervisor to close one of its descriptors, which follows in four bytes.
pub(crate) const CLOSE: u8 = b'c';

/// Says how the test's process has ended, now that nobody is left; its status follows in four bytes.
/// It is not said of one that has exited: the supervisor exits in the same way.
pub(crate) const ENDED: u8 = b'e';

/// Says that the test's process has ended and others are left; its status follows.
pub(crate) const LEFT: u8 = b'l';

/// Says that a descriptor is closed.
pub(crate) const CLOSED: u8 = b'd';

/// The milliseconds between a polite request and force.
pub(crate) const GRACE: i64 = 1_000;

/// The milliseconds in which processes that are ending anyway may end by themselves.
const SETTLE: i64 = 50;

/// Where the handler of `SIGCHLD` writes to in the supervisor.
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Starts the process of the test and supervises it; returns only when it could not be started.
///
/// It is called between fork and exec.
pub(crate) fn run(plan: &Plan) -> io::Error {
    match try_run(plan) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_run(plan: &Plan) -> io::Result<Infallible> {
    // SAFETY: all calls are safe between fork and exec and get valid pointers to locals.
    unsafe {
        #[cfg(target_os = "linux")]
        {
            check(libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))?;
            libc::prctl(libc::PR_SET_NAME, c"isolated-test".as_ptr(), 0, 0, 0);
        }
        let mut wake = [0; 2];
        check(libc::pipe(wake.as_mut_ptr()))?;
        for end in wake {
            check(libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK))?;
            check(libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC))?;
        }
        WAKE.store(wake[1], Ordering::Relaxed);

        let mut before: Before = mem::zeroed();
        let mut all: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigdelset(&raw mut all, libc::SIGCHLD);
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            &raw const all,
            &raw mut before.mask,
        ))?;
        let mut handler: libc::sigaction = mem::zeroed();
        handler.sa_sigaction = wake_up as extern "C" fn(c_int) as libc::sighandler_t;
        check(libc::sigaction(
            libc::SIGCHLD,
            &raw const handler,
            &raw mut before.child_handler,
        ))?;
        // Whoever ends the process group of the parent, as nextest does, must not end this one.
        check(libc::setpgid(0, 0))?;
        before.supervisor = libc::getpid();

        let child = start(plan, &before)?;
        close_all_but(&[&plan.keep, &wake, &[plan.leash]]);
        Supervisor {
            child,
            leash: plan.leash,
            wake: wake[0],
            status: None,
        }
        .run()
    }
}

extern "C" fn wake_up(_signal: c_int) {
    // SAFETY: `write` may be called in a handler; the pipe does not block. Nothing else here can
    // set `errno`, and the supervisor does not look at it after a call that a signal may interrupt
    // without checking the result of that call first.
    unsafe {
        libc::write(WAKE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1);
    }
}

/// What a call has returned, unless it failed.
pub(super) fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

struct Supervisor {
    child: pid_t,
    leash: RawFd,
    /// Readable when a child has ended.
    wake: RawFd,
    /// How the test's process has ended, once it has.
    status: Option<c_int>,
}

/// What has happened.
#[derive(PartialEq)]
enum Heard {
    /// A child has ended, or the time is up.
    Nothing,
    /// Everything is to end politely.
    End,
    /// Everything is to end by force, perhaps because the parent is gone.
    Kill,
}

impl Supervisor {
    fn run(mut self) -> ! {
        while self.status.is_none() {
            match self.listen(None) {
                Heard::Nothing => {
                    self.reap();
                }
                Heard::End => self.end(),
                Heard::Kill => self.kill(),
            }
        }
        let settled = now() + SETTLE;
        while !self.reap() {
            if now() >= settled {
                self.say(LEFT);
                while self.listen(None) == Heard::Nothing {}
                self.kill();
            }
            match self.listen(Some(settled)) {
                Heard::Nothing => {}
                Heard::End => self.end(),
                Heard::Kill => self.kill(),
            }
        }
        self.leave()
    }

    /// Ends everything politely, then by force. The parent asks those further below.
    fn end(&mut self) -> ! {
        let deadline = now() + GRACE;
        self.signal(libc::SIGTERM);
        while !self.reap() {
            if now() >= deadline {
                self.kill();
            }
            if self.listen(Some(deadline)) == Heard::Kill {
                self.kill();
            }
        }
        self.leave()
    }

    /// Ends everything by force. Children of those that end become children of this process, so
    /// nobody is left when it has none.
    fn kill(&mut self) -> ! {
        /// How long it may take until somebody is seen who was missed in the list.
        const LOOK: i64 = 20;
        while !self.reap() {
            self.signal(libc::SIGKILL);
            wait(-1, self.wake, Some(now() + LOOK));
        }
        self.leave()
    }

    /// Says how the test's process has ended, and goes: by its own status when that can tell it.
    fn leave(&self) -> ! {
        let exited = self.status.filter(|status| libc::WIFEXITED(*status));
        if exited.is_none() {
            self.say(ENDED);
        }
        // SAFETY: nothing of this copy of the process needs an end.
        unsafe { libc::_exit(exited.map_or(0, |status| libc::WEXITSTATUS(status))) }
    }

    /// Collects all who have ended; tells whether nobody is left.
    fn reap(&mut self) -> bool {
        loop {
            let mut status = 0;
            // SAFETY: `status` can be written.
            match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
                0 => return false,
                pid if pid > 0 => {
                    if pid == self.child {
                        self.status = Some(status);
                    }
                }
                _ if io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) => {}
                _ => return self.is_group_gone(),
            }
        }
    }

    /// Where others do not become children of this process: whether the test's group is empty.
    #[cfg(not(target_os = "linux"))]
    fn is_group_gone(&self) -> bool {
        // SAFETY: the call takes numbers only. The group is that of a child that was just collected;
        // its number is not given anew while somebody is in it.
        unsafe { libc::kill(-self.child, 0) < 0 }
    }

    #[cfg(target_os = "linux")]
    #[expect(clippy::unused_self, reason = "other platforms need it")]
    fn is_group_gone(&self) -> bool {
        true
    }

    /// Waits until something happens.
    fn listen(&self, until: Option<i64>) -> Heard {
        if !wait(self.leash, self.wake, until) {
            return Heard::Nothing;
        }
        let mut command = [0_u8; 5];
        // SAFETY: the buffer can be written for its length.
        let read = unsafe {
            libc::recv(
                self.leash,
                command.as_mut_ptr().cast(),
                1,
                libc::MSG_DONTWAIT,
            )
        };
        match (read, command[0]) {
            (1, END) => Heard::End,
            (1, CLOSE) => {
                // SAFETY: the buffer has room for four bytes behind the first.
                let rest = unsafe {
                    libc::recv(
                        self.leash,
                        command.as_mut_ptr().add(1).cast(),
                        4,
                        libc::MSG_WAITALL,
                    )
                };
                if rest == 4 {
                    let [_, a, b, c, d] = command;
                    // SAFETY: the descriptor is one of those that the plan has kept for the test.
                    unsafe { libc::close(c_int::from_ne_bytes([a, b, c, d])) };
                }
                self.send(CLOSED, 0);
                Heard::Nothing
            }
            (0 | 1, _) => Heard::Kill,
            _ => Heard::Nothing,
        }
    }

    fn say(&self, what: u8) {
        self.send(what, self.status.unwrap_or(-1));
    }

    fn send(&self, what: u8, value: c_int) {
        let [a, b, c, d] = value.to_ne_bytes();
        let message = [what, a, b, c, d];
        // SAFETY: the buffer can be read for its length. A signal that nobody listens is blocked.
        unsafe { libc::send(self.leash, message.as_ptr().cast(), message.len(), 0) };
    }

    /// Sends a signal to all children; nobody else collects them, so no number can have another
    /// owner meanwhile.
    #[cfg(target_os = "linux")]
    fn signal(&self, signal: c_int) {
        // SAFETY: the path ends with a null, the buffer can be written for its length, and the
        // descriptor is closed once.
        unsafe {
            let list = libc::open(
                c"/proc/thread-self/children".as_ptr(),
                libc::O_RDONLY | libc::O_CLOEXEC,
            );
            if list >= 0 {
                let mut buffer = [0_u8; 1024];
                let mut pid: pid_t = 0;
                loop {
                    let read = libc::read(list, buffer.as_mut_ptr().cast(), buffer.len());
                    let Ok(read) = usize::try_from(read) else {
                        break;
                    };
                    for byte in buffer.iter().take(read) {
                        if byte.is_ascii_digit() {
                            pid = pid.wrapping_mul(10).wrapping_add(pid_t::from(byte - b'0'));
                        } else if pid > 0 {
                            libc::kill(pid, signal);
                            pid = 0;
                        }
                    }
                    if read == 0 {
                        break;
                    }
                }
                libc::close(list);
            } else {
                self.signal_group(signal);
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn signal(&self, signal: c_int) {
        self.signal_group(signal);
    }

    /// Sends a signal to the test's process and its group.
    fn signal_group(&self, signal: c_int) {
        // SAFETY: the calls take numbers only. A process that was collected is not signalled, and
        // the number of its group is not given anew while somebody is in it.
        unsafe {
            libc::kill(-self.child, signal);
            if self.status.is_none() {
                libc::kill(self.child, signal);
            }
        }
    }
}

/// Waits until the leash has something to say, a child has ended, or the time has come; tells
/// whether it is the leash.
fn wait(leash: RawFd, wake: RawFd, until: Option<i64>) -> bool {
    let waits = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut fds = [waits(leash), waits(wake)];
    let timeout = until.map_or(-1, |until| (until - now()).clamp(0, 60_000));
    let mut drained = [0_u8; 64];
    // SAFETY: both arrays are valid for their lengths. Descriptors below zero are passed over.
    unsafe {
        libc::poll(
            fds.as_mut_ptr(),
            2,
            c_int::try_from(timeout).unwrap_or(c_int::MAX),
        );
        if fds[1].revents != 0 {
            libc::read(wake, drained.as_mut_ptr().cast(), drained.len());
        }
    }
    fds[0].revents != 0
}

/// Returns the milliseconds on a clock that never goes back.
fn now() -> i64 {
    // SAFETY: the time can be written.
    let time = unsafe {
        let mut time: libc::timespec = mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time);
        time
    };
    #[allow(
        clippy::useless_conversion,
        clippy::cast_lossless,
        reason = "the fields have other types on other platforms"
    )]
    {
        i64::from(time.tv_sec) * 1_000 + i64::from(time.tv_nsec) / 1_000_000
    }
}
