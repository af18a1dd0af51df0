//! The process between a test's process and its parent. It ends everything that the test has
//! started.
//!
//! It exists before the test's process does, and never runs another program. On Linux it runs in
//! the memory of its parent, so its start costs the same however much memory that is. Where this is
//! not possible, and on other systems, it is a forked copy. In neither case may it allocate, lock
//! or panic. Until it reports its start, it uses the `errno` of the parent's thread that waits for
//! it. After that, on Linux, it only makes calls that leave `errno` alone.
//!
//! On Linux it is the reaper of all descendants of the test: an orphan becomes a child of the
//! supervisor, even after a double fork and `setsid`. So "has no children" means that no process is
//! left. Elsewhere it ends the process group of the test.
//!
//! It keeps descriptors of the test's locks. If the parent is killed, the kernel releases these
//! locks only after the supervisor has ended everything that runs under them.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

mod roles;

use std::convert::Infallible;
use std::io;
use std::mem;
use std::os::fd::RawFd;

use libc::{c_int, pid_t};

pub(super) use self::roles::become_supervised;
use self::roles::become_supervisor;
use super::call;
use super::descriptors::close_all_but;
use super::launch::{LaunchPlan, start};
use super::offspring::Blocked;

/// Command: ask everything to end, and kill what is left after the milliseconds that follow.
pub(super) const END: u8 = b't';

/// Command: kill everything, after the milliseconds that follow.
pub(super) const KILL: u8 = b'k';

/// Command: close a kept descriptor, whose number follows. A number follows every command, in four
/// bytes.
pub(super) const CLOSE: u8 = b'c';

/// Message: the subprocess has started. For a program started by [`stay_behind`], its process ID
/// follows in four bytes.
pub(super) const STARTED: u8 = b's';

/// Message: the subprocess has not started; the error number follows in four bytes.
pub(super) const FAILED: u8 = b'f';

/// Message: no process is left; the exit status of the subprocess follows in four bytes.
pub(super) const ENDED: u8 = b'e';

/// Message: the subprocess has ended and other processes are left; its exit status follows in four
/// bytes.
pub(super) const LEFT: u8 = b'l';

/// Message: the descriptor is closed.
pub(super) const CLOSED: u8 = b'd';

/// The leash of a supervisor that takes no commands. `poll` ignores it.
const NO_LEASH: RawFd = -1;

/// The process whose end makes a supervisor that [stays behind](stay_behind) kill everything below it.
#[derive(Clone, Copy)]
pub(super) enum Bond {
    /// The process that has started the program, and commands from it.
    Starter,
    /// The program alone.
    Program {
        /// A descriptor that the supervisor keeps, for its lock.
        kept: RawFd,
    },
}

/// How long processes that are ending anyway may take to end on their own, in milliseconds.
const SETTLE: i64 = 50;

/// Starts the subprocess and supervises it. All signals are blocked.
pub(super) fn run(plan: &LaunchPlan) -> ! {
    let Err(error) = try_run(plan);
    say(plan.leash, FAILED, error.raw_os_error().unwrap_or(0));
    call::exit(1)
}

fn try_run(plan: &LaunchPlan) -> io::Result<Infallible> {
    // SAFETY: all calls are safe between fork and exec and get valid pointers to locals.
    unsafe {
        let (wakes, ignores_children) = become_supervisor(c"isolated-test")?;
        let child = start(plan, ignores_children)?;
        close_all_but(&[&plan.keep, &wakes, &[plan.leash]]);
        let leash = plan.leash;
        // The parent continues after this message, so everything that it lent is gone from here on.
        say(leash, STARTED, 0);
        Supervisor::new(child, leash, wakes[0]).run()
    }
}

/// Turns this process, a forked copy that is about to run a program, into the supervisor of that
/// program. Returns only in a new child, which then runs the program.
///
/// # Safety
///
/// This is a forked copy that has not run another program yet, with one thread.
pub(super) unsafe fn stay_behind(leash: RawFd, bond: Bond) -> io::Result<()> {
    // SAFETY: all calls are safe between fork and exec.
    unsafe {
        let blocked = Blocked::all()?;
        // Not `isolated-test`: a test whose parent has that name and that has no mark refuses to start
        // processes.
        let (wakes, ignores_children) = become_supervisor(c"isolated-guard")?;
        let supervisor = libc::getpid();
        let child = check(libc::fork())?;
        if child == 0 {
            become_supervised(supervisor, ignores_children)?;
            drop(blocked);
            return Ok(());
        }
        // Closes the standard streams too, and the pipe that tells the parent of the `exec`.
        let (kept, leash_kept) = match bond {
            Bond::Starter => (-1, leash),
            Bond::Program { kept } => (kept, NO_LEASH),
        };
        close_all_but(&[&[kept, leash], &wakes]);
        say(leash, STARTED, child);
        if leash_kept == NO_LEASH {
            call::close(leash);
        }
        Supervisor::new(child, leash_kept, wakes[0]).run()
    }
}

/// Sends a message to the parent.
fn say(leash: RawFd, what: u8, value: c_int) {
    let [a, b, c, d] = value.to_ne_bytes();
    call::send(leash, &[what, a, b, c, d]);
}

/// The result of a call, or the error in `errno` if it failed.
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
    /// The exit status of the subprocess, once it has ended.
    status: Option<c_int>,
}

impl Supervisor {
    fn new(child: pid_t, leash: RawFd, wake: RawFd) -> Self {
        Supervisor {
            child,
            leash,
            wake,
            status: None,
        }
    }

    fn run(mut self) -> ! {
        while self.status.is_none() {
            self.obey(None);
            self.reap();
        }
        let settled = now() + SETTLE;
        while !self.reap() {
            if now() >= settled {
                if self.leash != NO_LEASH {
                    self.say(LEFT);
                    while self.listen(None).is_none() {}
                }
                self.kill();
            }
            self.obey(Some(settled));
        }
        self.leave()
    }

    /// Listens once, and carries out a command to end.
    fn obey(&mut self, until: Option<i64>) {
        match self.listen(until) {
            None => {}
            Some((what, grace)) => {
                // The parent asks the descendants further below.
                if what == END {
                    self.signal(libc::SIGTERM);
                }
                self.end(grace);
            }
        }
    }

    /// Waits until everything has ended, and kills what is left after `grace` milliseconds.
    fn end(&mut self, grace: c_int) -> ! {
        let deadline = now() + i64::from(grace);
        while !self.reap() {
            if now() >= deadline || matches!(self.listen(Some(deadline)), Some((KILL, 0))) {
                self.kill();
            }
        }
        self.leave()
    }

    /// Kills everything. On Linux, the children of a killed process become children of this
    /// process, so no process is left when it has none.
    fn kill(&mut self) -> ! {
        /// How soon the list is read again, for a child that it missed, in milliseconds.
        const CHILD_POLL: i64 = 20;
        while !self.reap() {
            self.signal(libc::SIGKILL);
            self.wait(-1, Some(now() + CHILD_POLL));
        }
        self.leave()
    }

    /// Reports the exit status of the subprocess and exits.
    fn leave(&self) -> ! {
        self.say(ENDED);
        call::exit(0)
    }

    /// Collects all children that have ended; returns whether no process is left.
    fn reap(&mut self) -> bool {
        loop {
            let mut status = 0;
            match call::wait_any(&mut status) {
                0 => return false,
                pid if pid == self.child => self.status = Some(status),
                pid if pid > 0 || pid == -libc::EINTR => {}
                // There is no child. Where orphans do not become children of this process, its
                // group may have members. It has the ID of the collected child, which is not reused
                // as long as that is so.
                _ => return cfg!(target_os = "linux") || call::kill(-self.child, 0) < 0,
            }
        }
    }

    /// Waits for a command, the end of a child, or a time. Returns a command to end or to kill with
    /// its number, and carries out a command to close. The end of the parent is a command to kill.
    fn listen(&self, until: Option<i64>) -> Option<(u8, c_int)> {
        if !self.wait(self.leash, until) {
            return None;
        }
        let mut command = [0; 5];
        let read = call::read(self.leash, &mut command);
        let [what, number @ ..] = command;
        let number = c_int::from_ne_bytes(number);
        match (read, what) {
            (5, END | KILL) => Some((what, number)),
            (5, CLOSE) => {
                // SAFETY: the descriptor is one that the plan keeps for the test.
                unsafe { call::close(number) };
                say(self.leash, CLOSED, 0);
                None
            }
            (0 | 5, _) => Some((KILL, 0)),
            _ => None,
        }
    }

    fn say(&self, what: u8) {
        say(self.leash, what, self.status.unwrap_or(-1));
    }

    /// Sends a signal to all children. Only this process collects them, so no ID can be reused
    /// meanwhile.
    fn signal(&self, signal: c_int) {
        // Only Linux has this list.
        let list = call::open(c"/proc/thread-self/children");
        if list < 0 {
            return self.signal_group(signal);
        }
        let mut buffer = [0_u8; 1024];
        let mut pid: pid_t = 0;
        while let Ok(read @ 1..) = usize::try_from(call::read(list, &mut buffer)) {
            for byte in buffer.iter().take(read) {
                if byte.is_ascii_digit() {
                    pid = pid.wrapping_mul(10).wrapping_add(pid_t::from(byte - b'0'));
                } else if pid > 0 {
                    call::kill(pid, signal);
                    pid = 0;
                }
            }
        }
        // SAFETY: it was just opened here.
        unsafe { call::close(list) };
    }

    /// Sends a signal to the test's process group, and to the subprocess until it is collected. The
    /// ID of the group is not reused while the group has a member.
    fn signal_group(&self, signal: c_int) {
        call::kill(-self.child, signal);
        if self.status.is_none() {
            call::kill(self.child, signal);
        }
    }

    /// Waits until the leash is readable, a child has ended, or the time has come; returns whether
    /// the leash is readable. A negative leash is ignored.
    fn wait(&self, leash: RawFd, until: Option<i64>) -> bool {
        let waits = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut fds = [waits(leash), waits(self.wake)];
        call::poll(
            &mut fds,
            until.map(|until| (until - now()).clamp(0, 60_000)),
        );
        if fds[1].revents != 0 {
            // One read discards all reports so far.
            call::read(self.wake, &mut [0; 128]);
        }
        fds[0].revents != 0
    }
}

/// The milliseconds of a clock that never goes back.
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
