//! A process and everything it starts: on Unix, a process group with a guard, which ends the group
//! however this command ends.

use std::io;
#[cfg(unix)]
use std::process::Stdio;
use std::process::{Child, Command, ExitStatus};
#[cfg(unix)]
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
#[cfg(unix)]
use std::thread;
use std::time::Duration;

#[cfg(not(unix))]
use wait_timeout::ChildExt as _;

/// Time a group gets to exit after `SIGTERM`. Nextest in turn signals its tests, which have their
/// own groups, and gives them ten seconds.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(15);

/// A process. Dropping it ends its group.
#[must_use = "the processes are ended when this is dropped"]
pub(crate) struct Group {
    child: Child,
    status: Option<ExitStatus>,
    /// Disconnected when the process has ended. `wait` starts the thread at the other end.
    #[cfg(unix)]
    end: Option<Receiver<()>>,
    /// Ends the group when the pipe to the guard closes. The system closes it when this process
    /// ends.
    #[cfg(unix)]
    guard: Child,
}

#[cfg(unix)]
impl Group {
    /// Starts a process in a new group. The guard comes first, so that no process is left if this one
    /// is killed in between.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        use std::io::Write;
        use std::os::unix::process::CommandExt;

        const GUARD: &str = "trap '' TERM; read id; read line; kill -s TERM 0; i=0; \
            while kill -s 0 ${id:-0} && [ $i -lt 150 ]; do i=$((i+1)); sleep 0.1; done; kill -s KILL 0";
        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut guard = guard.spawn()?;
        let group = i32::try_from(guard.id()).map_err(io::Error::other)?;
        let child = match command.process_group(group).spawn() {
            Ok(child) => child,
            Err(error) => {
                let _ = guard.kill();
                let _ = guard.wait();
                return Err(error);
            }
        };
        // Dropping the group ends it.
        let mut group = Self {
            child,
            status: None,
            end: None,
            guard,
        };
        if let Some(input) = &mut group.guard.stdin {
            writeln!(input, "{}", group.child.id())?;
        }
        Ok(group)
    }

    /// Waits for the process to end, but at most for this time. Kills the rest of the group when it
    /// has ended.
    pub(crate) fn wait(&mut self, time: Duration) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            let id = self.child.id();
            let end = self.end.get_or_insert_with(|| watch(id));
            if end.recv_timeout(time) == Err(RecvTimeoutError::Disconnected) {
                self.kill()?;
            }
        }
        Ok(self.status)
    }

    /// Ends the group with `SIGTERM`, then with `SIGKILL`.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.end_within(GRACE)
    }

    fn end_within(&mut self, grace: Duration) -> io::Result<()> {
        if self.status.is_some() {
            return Ok(());
        }
        self.signal(libc::SIGTERM);
        if self.wait(grace)?.is_none() {
            self.kill()?;
        }
        Ok(())
    }

    fn kill(&mut self) -> io::Result<()> {
        if self.status.is_some() {
            return Ok(());
        }
        // Its leader is reaped below, so no other group can have the id.
        self.signal(libc::SIGKILL);
        let _ = self.guard.wait();
        self.status = Some(self.child.wait()?);
        Ok(())
    }

    #[expect(unsafe_code, reason = "the standard library does not signal groups")]
    fn signal(&self, signal: libc::c_int) {
        // The guard leads the group.
        if let Ok(id) = libc::pid_t::try_from(self.guard.id()) {
            // SAFETY: the call takes only integers.
            unsafe { libc::kill(-id, signal) };
        }
    }
}

/// Starts a thread that waits for a process. The channel is disconnected when the process has ended.
#[cfg(unix)]
fn watch(id: u32) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        while wait(id).is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
        drop(sender);
    });
    receiver
}

/// Waits for a child to end. It is not reaped, so no other process can get its id.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library reaps whatever it waits for"
)]
fn wait(id: u32) -> io::Result<()> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOWAIT;
    // SAFETY: the pointer is valid for the call.
    let result = unsafe { libc::waitid(libc::P_PID, id as libc::id_t, info.as_mut_ptr(), flags) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if self.end().is_err() {
            let _ = self.kill();
        }
    }
}

#[cfg(not(unix))]
impl Group {
    /// Starts a process.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        Ok(Self {
            child,
            status: None,
        })
    }

    /// Waits for the process to end, but at most for this time.
    pub(crate) fn wait(&mut self, time: Duration) -> io::Result<Option<ExitStatus>> {
        self.status = self.child.wait_timeout(time)?;
        Ok(self.status)
    }

    /// Ends the process.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if self.wait(Duration::ZERO)?.is_none() {
            self.child.kill()?;
            self.status = Some(self.child.wait()?);
        }
        Ok(())
    }
}

#[cfg(not(unix))]
impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::Group;

    /// Longer than any of these tests takes.
    const LONG: Duration = Duration::from_secs(1_000);

    /// Starts a script. The returned output ends once every process that could write to it is gone.
    fn start(script: &str) -> (Group, BufReader<std::process::ChildStdout>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).expect("there is a shell");
        let output = group.child.stdout.take().expect("it is piped");
        (group, BufReader::new(output))
    }

    #[test]
    fn processes_that_are_left_behind_are_killed() {
        let (mut group, mut output) = start("sleep 1000 & echo ready");
        let status = group.wait(LONG).expect("it is a child");
        assert!(status.is_some_and(|status| status.success()));
        let mut text = String::new();
        output.read_to_string(&mut text).expect("its writers end");
        assert_eq!(text, "ready\n");
    }

    #[test]
    fn a_group_is_asked_to_end_first() {
        let (mut group, mut output) = start(
            "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done",
        );
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        group.end().expect("it is a child");
        output.read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\nasked\n");
    }

    #[test]
    fn a_group_that_ignores_the_request_is_killed() {
        let (mut group, mut output) =
            start("trap '' TERM; echo ready; while :; do sleep 1000; done");
        let mut text = String::new();
        output.read_line(&mut text).expect("a line");
        group.end_within(Duration::ZERO).expect("it is a child");
        output.read_to_string(&mut text).expect("its writers end");
        assert_eq!(text, "ready\n");
    }

    #[test]
    fn a_wait_ends_with_the_process_or_the_time() {
        let mut command = Command::new("sh");
        command.args(["-c", "read line; exit 3"]);
        let mut group = Group::spawn(command.stdin(Stdio::piped())).expect("there is a shell");
        let status = group.wait(Duration::from_millis(1));
        assert_eq!(status.expect("it is a child"), None);
        drop(group.child.stdin.take());
        for _ in 0..2 {
            let status = group.wait(LONG);
            let status = status.expect("it is a child").expect("its input has ended");
            assert_eq!(status.code(), Some(3));
        }
    }

    #[test]
    fn a_dropped_group_is_ended() {
        let (group, mut output) = start("echo ready; while :; do sleep 1000; done");
        let mut text = String::new();
        output.read_line(&mut text).expect("a line");
        drop(group);
        output.read_to_string(&mut text).expect("its writers end");
        assert_eq!(text, "ready\n");
    }

    #[test]
    fn the_guard_ends_the_group_when_this_process_is_gone() {
        let (mut group, mut output) = start("echo ready; while :; do sleep 1000; done");
        let mut text = String::new();
        output.read_line(&mut text).expect("a line");
        drop(group.guard.stdin.take());
        output.read_to_string(&mut text).expect("its writers end");
        assert!(group.wait(LONG).expect("it is a child").is_some());
    }
}
