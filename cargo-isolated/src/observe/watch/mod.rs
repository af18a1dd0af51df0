//! Runs a test and watches its system calls, and those of its children, through `seccomp_unotify(2)`.
//!
//! The kernel stops a thread at a call of interest and reports it. The watcher reads the call's arguments
//! from the memory of the thread and lets it continue. The test notices nothing, and its children may be
//! written in any language. Environment variables are in memory, where the watcher cannot see their use;
//! the [shim](super::shim) reports them through a special call.

#![expect(unsafe_code, reason = "`pre_exec` and `prctl` have no safe form")]

mod bound;
mod calls;
mod effect;
mod files;
mod filter;
mod guards;
mod listener;
mod moment;
mod ports;
mod process;
mod sockets;
mod watcher;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pipe2, write};

use self::filter::Filter;
use self::listener::Listener;
use self::watcher::{Seen, Watcher};
use super::breakpoints::{self, Breakpoint};
use super::statics::Statics;
use crate::leftovers;

/// A test that was watched.
#[derive(Debug)]
pub(super) struct Watched {
    /// `None` if the test timed out and was killed.
    pub(super) status: Option<ExitStatus>,
    pub(super) output: Vec<u8>,
    pub(super) seen: Seen,
    /// The command lines of the processes that the test left behind, which have been ended.
    pub(super) processes_left: Vec<String>,
}

/// Runs a test alone and watches it. Its stdout and stderr go to the same pipe.
pub(super) fn run(
    mut command: Command,
    name: &str,
    statics: &Statics,
    breakpoints: &[Breakpoint],
    timeout: Duration,
) -> Result<Watched> {
    set_child_subreaper(true).context("failed to adopt orphaned processes")?;
    let (listeners, to) = pipe2(OFlag::O_CLOEXEC).context("failed to create a pipe")?;
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).context("failed to create a pipe")?;
    command.stdin(Stdio::null());
    command.stdout(writer.try_clone()?).stderr(writer);
    let filter = Filter::new(calls::all());
    let sender = to.as_raw_fd();
    // SAFETY: neither installing the filter nor sending two numbers allocates memory.
    unsafe {
        command.pre_exec(move || {
            // The test dies with the command, because nothing else would answer its calls.
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            send(sender, filter.install()?)
        });
    }
    let mut watcher = Watcher::new(name, statics, breakpoints);
    thread::scope(|scope| {
        // The watcher must run before the test, whose first reported call is its `execve`.
        let watching = scope.spawn(move || -> Result<Seen> {
            if let Some(listener) = receive(listeners)? {
                while let Some(report) = listener.next()? {
                    watcher.see(&report);
                    listener.allow(&report);
                }
            }
            Ok(watcher.finish())
        });
        let started = command.spawn();
        let program = command.get_program().to_string_lossy().into_owned();
        // Now only the test has the other ends of the pipes.
        drop((command, to));
        let child = started.with_context(|| {
            format!("failed to start `{program}` under a filter of system calls, as seccomp(2) offers it")
        })?;
        let reading = scope.spawn(move || {
            let mut output = Vec::new();
            let _ = File::from(reader).read_to_end(&mut output);
            output
        });
        let status = wait(child, timeout)?;
        let mut left = Vec::new();
        // The test is not to blame for its host, which would serve further tests.
        leftovers::end(|| {
            let processes = leftovers::children().into_iter();
            let named = |process: Pid| Some((process, process::command_line(process.as_raw())?));
            left.extend(processes.filter_map(named));
        });
        let seen = watching.join().expect("the watcher does not panic")?;
        Ok(Watched {
            status,
            output: reading.join().expect("the reader does not panic"),
            processes_left: command_lines(left, &seen.programs),
            seen,
        })
    })
}

/// Waits for a child, and kills it if it does not end in time.
fn wait(mut child: Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let id = Pid::from_raw(i32::try_from(child.id())?);
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    if let Ok(status) = ended.recv_timeout(timeout) {
        return Ok(Some(status?));
    }
    // It is not reaped yet, so its ID cannot belong to another process.
    let _ = kill(id, Signal::SIGKILL);
    let _ = ended.recv();
    Ok(None)
}

/// The command lines: for processes that have executed a program, those that they executed.
fn command_lines(processes: Vec<(Pid, String)>, programs: &HashMap<i32, String>) -> Vec<String> {
    let lines = processes.into_iter().map(|(process, line)| {
        let program = programs.get(&process.as_raw());
        program
            .filter(|words| !words.is_empty())
            .cloned()
            .unwrap_or(line)
    });
    // A process that has just ended has none.
    lines.filter(|line| !line.is_empty()).collect()
}

/// Sends the ID of this process and the number of its descriptor for a listener.
fn send(to: RawFd, listener: RawFd) -> io::Result<()> {
    let [process, listener] = [Pid::this().as_raw(), listener].map(i32::to_ne_bytes);
    // SAFETY: the parent keeps it open until `spawn` returns.
    let to = unsafe { BorrowedFd::borrow_raw(to) };
    for number in [process, listener] {
        write(to, &number)?;
    }
    Ok(())
}

/// Copies the listener of a process, unless the process ended before it had one.
fn receive(from: OwnedFd) -> Result<Option<Listener>> {
    let mut from = File::from(from);
    let mut number = || -> io::Result<i32> {
        let mut bytes = [0; 4];
        from.read_exact(&mut bytes)?;
        Ok(i32::from_ne_bytes(bytes))
    };
    let Ok(process) = number() else {
        return Ok(None);
    };
    let listener = sockets::copy(process, number()?);
    let listener = listener.context("the system refuses to copy a descriptor of a child")?;
    Ok(Some(Listener::new(listener)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use nix::unistd::Pid;

    use super::command_lines;

    #[test]
    fn a_process_that_executes_a_program_has_its_command_line() {
        let processes = [(1, ""), (2, "sh -c 'serve &'"), (3, "daemon"), (4, "")];
        let processes = processes.map(|(id, line)| (Pid::from_raw(id), line.to_owned()));
        let programs = [(1, "sleep 600"), (2, "serve"), (3, "")];
        let programs: HashMap<_, _> = programs.map(|(id, line)| (id, line.to_owned())).into();
        let lines = command_lines(processes.into(), &programs);
        assert_eq!(lines, ["sleep 600", "serve", "daemon"]);
    }
}
