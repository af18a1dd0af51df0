//! Subprocesses of tests on Unix: starts one under a supervisor and receives its events.

#![expect(
    unsafe_code,
    reason = "the standard library cannot hand over descriptors, nor run something before exec"
)]

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::ErrorKind::{ConnectionReset, UnexpectedEof};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::launch::LaunchPlan;
#[cfg(target_os = "linux")]
use super::network;
use super::nothing;
use super::offspring::{Blocked, Offspring};
use super::program::{Itself, Program};
use super::stack::Stacks;
use super::subprocess::{Arguments, Event};
use super::supervisor::{CLOSE, CLOSED, END, ENDED, FAILED, KILL, LEFT, STARTED};

mod streams;

use self::streams::{Stream, descriptor, limit, poll, read_some};
pub(super) use self::streams::{behind_streams, pipe};
pub(crate) use super::link::Link;

/// A descriptor that the supervisor keeps open, because what it holds (a lock, a port) must outlast
/// the parent.
pub(crate) type Kept = RawFd;

/// Locked for reading while a subprocess starts. Until it runs its program, it has copies of all
/// descriptors of this process, even of those that other threads close in the meantime.
pub(super) static STARTING: RwLock<()> = RwLock::new(());

/// Waits until no subprocess has a copy of a descriptor that this process has closed.
pub(crate) fn finish_starts() {
    drop(STARTING.write().unwrap_or_else(PoisonError::into_inner));
}

/// The time between the request to end and `SIGKILL`.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// The descriptor that keeps `held` open.
#[expect(clippy::unnecessary_wraps, reason = "other platforms keep nothing")]
pub(crate) fn kept(held: &impl AsRawFd) -> Option<Kept> {
    Some(held.as_raw_fd())
}

/// How to start a subprocess.
pub(crate) struct Start<'a> {
    /// All environment variables of the subprocess.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Its working directory; `None` for that of the parent.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) arguments: Arguments<'a>,
    pub(crate) keep: Vec<Kept>,
    /// Whether the output goes directly to the standard streams of this process.
    pub(crate) is_uncaptured: bool,
    #[cfg(target_os = "linux")]
    pub(crate) network: Option<network::NamespaceSetup>,
}

/// The subprocess of a test, with its supervisor.
pub(crate) struct Running {
    supervisor: Offspring,
    leash: UnixStream,
    control: Stream<UnixStream>,
    output: Stream<File>,
    /// The exit status of the subprocess, known once no process is left.
    status: Option<ExitStatus>,
    /// Whether [`Event::Left`] is due: the subprocess has ended, and other processes are left.
    is_left: bool,
    /// Whether no process is left.
    is_over: bool,
    /// A descriptor that is not of the subprocess; negative for none.
    watched: RawFd,
}

impl Start<'_> {
    /// Starts the subprocess.
    pub(crate) fn spawn(self) -> io::Result<Running> {
        let (leash, leash_end) = UnixStream::pair()?;
        let (control, control_end) = UnixStream::pair()?;
        let (output, out, error) = if self.is_uncaptured {
            let out = io::stdout().as_fd().try_clone_to_owned()?;
            (None, out, io::stderr().as_fd().try_clone_to_owned()?)
        } else {
            let (read, write) = pipe()?;
            (Some(File::from(read)), write.try_clone()?, write)
        };
        let [control_end, out, error] = [control_end.into(), out, error].map(behind_streams);
        let (control_end, out, error) = (control_end?, out?, error?);
        let nothing = behind_streams(nothing::open()?)?;
        let itself = Itself::find()?;
        let (control_fd, output_fd) = (control_end.as_raw_fd(), out.as_raw_fd());
        let link = Link::describe(control_fd, output_fd, &itself.name);
        let directory = self
            .directory
            .map(|path| CString::new(path.into_os_string().into_vec()))
            .transpose()?;
        let arguments = (self.arguments)(&link, itself.is_emulated.then_some(&*itself.name));
        let program = Program::new(itself, arguments, &self.variables)?;
        let leash_end = behind_streams(leash_end.into())?;
        let stacks = Stacks::take()?;
        let _starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        let blocked = Blocked::all()?;
        let plan = LaunchPlan {
            leash: leash_end.as_raw_fd(),
            keep: self.keep,
            inherit: [control_fd, output_fd],
            streams: [&nothing, &nothing, &error].map(AsRawFd::as_raw_fd),
            directory,
            program,
            mask: blocked.before,
            place: stacks.as_ref().map(Stacks::of_test),
            #[cfg(target_os = "linux")]
            network: self.network,
        };
        // SAFETY: all signals are blocked. The plan outlives the start of the supervisor: the next
        // thing to wait for is `STARTED`, and on failure `running` is dropped before the plan and
        // waits for the end of the supervisor.
        let supervisor = unsafe { Offspring::start(&plan, stacks) }?;
        let mut running = Running {
            supervisor,
            leash,
            control: Some(control.take(u64::MAX)),
            output: output.map(|output| output.take(u64::MAX)),
            status: None,
            is_left: false,
            is_over: false,
            watched: -1,
        };
        drop(leash_end);
        if !running.hear_of(STARTED)? {
            return Err(io::Error::other("the supervisor was killed"));
        }
        Ok(running)
    }
}

impl Running {
    /// The process ID of the supervisor, the ancestor of all processes of the test.
    pub(crate) fn supervisor(&self) -> u32 {
        self.supervisor.id()
    }

    /// Reports from now on when a descriptor is readable, which stays open as long as this lives; `None` for
    /// none.
    pub(crate) fn watch(&mut self, watched: Option<Kept>) {
        self.watched = watched.unwrap_or(-1);
    }

    /// Waits for the next event. Everything written before the end arrives before [`Event::Gone`].
    /// The output is read last, because a process may write forever.
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Event> {
        loop {
            if std::mem::take(&mut self.is_left) {
                return Ok(Event::Left);
            }
            // Checked before any read, because a process may write forever.
            if !self.is_over && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Event::TimeIsUp);
            }
            let (leash, watched, deadline) = if self.is_over {
                (-1, -1, Some(Instant::now()))
            } else {
                (self.leash.as_raw_fd(), self.watched, deadline)
            };
            let fds = [
                leash,
                descriptor(self.control.as_ref()),
                descriptor(self.output.as_ref()),
                watched,
            ];
            match poll(fds, deadline)? {
                [_, _, _, true] => return Ok(Event::Watched),
                [true, ..] => self.hear_of_end()?,
                [_, true, ..] => {
                    if let Some(bytes) = read_some(&mut self.control)? {
                        return Ok(Event::Message(bytes));
                    }
                }
                [_, _, true, _] => {
                    if let Some(bytes) = read_some(&mut self.output)? {
                        return Ok(Event::Output(bytes));
                    }
                }
                _ if self.is_over => {
                    self.supervisor.wait();
                    return Ok(Event::Gone(self.status));
                }
                _ => {}
            }
        }
    }

    /// Sends an answer to the subprocess. Errors are ignored: the next event reports that it is
    /// gone.
    pub(crate) fn answer(&mut self, frame: &[u8]) {
        if let Some(control) = &mut self.control {
            let _ = control.get_mut().write_all(frame);
        }
    }

    /// Asks all processes to end: `others` and the children of the supervisor. The supervisor kills
    /// them after [`GRACE`].
    pub(crate) fn end(&mut self, others: impl Iterator<Item = u32>) {
        ask_to_end(others);
        let _ = send(&mut self.leash, END, millis(GRACE));
    }

    /// Kills all processes.
    pub(crate) fn kill(&mut self) {
        let _ = send(&mut self.leash, KILL, 0);
    }

    /// Makes the supervisor close a kept descriptor, and waits until it has.
    pub(crate) fn release(&mut self, kept: Kept) -> io::Result<()> {
        send(&mut self.leash, CLOSE, kept)?;
        self.hear_of(CLOSED).map(drop)
    }

    /// Gives up on processes that cannot be ended: they stay, and nothing waits for them.
    pub(crate) fn abandon(&mut self) {
        self.supervisor.abandon();
    }

    /// Reads the next message of the supervisor. After the end, limits the streams to the bytes
    /// written so far.
    fn hear_of_end(&mut self) -> io::Result<()> {
        if self.hear()?.is_none_or(|what| what == ENDED) {
            self.is_over = true;
            limit(&mut self.output)?;
            limit(&mut self.control)?;
        }
        Ok(())
    }

    /// Reads messages until the supervisor sends `what`; `false` if it is gone first.
    fn hear_of(&mut self, what: u8) -> io::Result<bool> {
        while let Some(heard) = self.hear()? {
            if heard == what {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the next message of the supervisor; `None` if it is gone.
    fn hear(&mut self) -> io::Result<Option<u8>> {
        let Some((what, value)) = receive(&mut self.leash)? else {
            return Ok(None);
        };
        match what {
            #[cfg(target_os = "linux")]
            FAILED => return Err(network::explain(value)),
            #[cfg(not(target_os = "linux"))]
            FAILED => return Err(io::Error::from_raw_os_error(value)),
            ENDED => self.status = Some(ExitStatus::from_raw(value)),
            LEFT => self.is_left = true,
            _ => {}
        }
        Ok(Some(what))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The supervisor ends everything when the leash is closed, and is dropped next, which waits
        // for that.
        let _ = self.leash.shutdown(std::net::Shutdown::Both);
    }
}

/// Sends a command to a supervisor, in one piece.
pub(super) fn send(mut leash: impl Write, what: u8, number: i32) -> io::Result<()> {
    let [a, b, c, d] = number.to_ne_bytes();
    leash.write_all(&[what, a, b, c, d])
}

/// Receives the next message of a supervisor; `None` if it is gone.
pub(super) fn receive(mut leash: impl Read) -> io::Result<Option<(u8, i32)>> {
    let mut message = [0; 5];
    match leash.read_exact(&mut message) {
        Err(error) if matches!(error.kind(), UnexpectedEof | ConnectionReset) => Ok(None),
        result => {
            let [what, number @ ..] = message;
            result.map(|()| Some((what, i32::from_ne_bytes(number))))
        }
    }
}

/// A grace as the number of a command.
pub(super) fn millis(grace: Duration) -> i32 {
    i32::try_from(grace.as_millis()).unwrap_or(i32::MAX)
}

/// Asks processes to end that were descendants of a supervisor a moment ago.
pub(super) fn ask_to_end(processes: impl Iterator<Item = u32>) {
    for pid in processes.filter_map(|pid| libc::pid_t::try_from(pid).ok()) {
        // SAFETY: the call takes numbers only. The kernel reuses a process ID only after all others.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
}

/// Waits until a descriptor is readable, or another one first; whether it was the former.
pub(crate) fn first_readable(fd: RawFd, other: &impl AsRawFd) -> bool {
    loop {
        match poll([other.as_raw_fd(), fd, -1, -1], None) {
            Ok([false, false, ..]) => {}
            Ok([stopped, ..]) => return !stopped,
            Err(_) => return false,
        }
    }
}

/// Whether a supervisor started this process.
pub(crate) fn is_below_supervisor() -> bool {
    let parent = std::os::unix::process::parent_id();
    let name = std::fs::read(format!("/proc/{parent}/comm"));
    name.is_ok_and(|name| name == b"isolated-test\n")
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::super::subprocess::Event;
    use super::{LEFT, Offspring, Running, pipe};

    /// The output and the event after it, for a supervisor that has sent `messages` and is gone,
    /// while all output that is read is written again.
    fn beside_a_flood(messages: &[u8]) -> (String, Event) {
        let (leash, mut supervisor) = UnixStream::pair().unwrap();
        let (read, write) = pipe().unwrap();
        let (read, mut write) = (File::from(read), File::from(write));
        let mut running = Running {
            supervisor: Offspring::gone(),
            leash,
            control: None,
            output: Some(read.take(u64::MAX)),
            status: None,
            is_left: false,
            is_over: false,
            watched: -1,
        };
        write.write_all(b"before").unwrap();
        supervisor.write_all(messages).unwrap();
        drop(supervisor);
        let mut printed = Vec::new();
        for _ in 0..8 {
            match running.next(None).unwrap() {
                Event::Output(bytes) => {
                    write.write_all(&bytes).unwrap();
                    printed.extend(bytes);
                }
                event => return (String::from_utf8(printed).unwrap(), event),
            }
        }
        panic!("nothing comes but output");
    }

    #[test]
    fn nothing_is_read_that_is_written_behind_the_end() {
        let (printed, event) = beside_a_flood(b"");
        assert_eq!(printed, "before");
        assert!(matches!(event, Event::Gone(None)));
    }

    #[test]
    fn those_that_are_left_are_told_of_whatever_they_write() {
        let (_, event) = beside_a_flood(&[LEFT, 0, 0, 0, 0]);
        assert!(matches!(event, Event::Left));
    }
}
