//! Ends the processes that a program has left behind.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

/// How long a process may take to end after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(1);

/// Ends all descendants of this process: first with `SIGTERM`, and those that are left after the
/// grace with `SIGKILL`.
pub(super) fn end() {
    if children_of(Pid::this()).is_empty() {
        return;
    }
    let ends = ends_of_children();
    signal_all(Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    loop {
        match ends.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    kill_until(&ends);
}

/// Ends all descendants with `SIGKILL`.
pub(super) fn kill_all() {
    kill_until(&ends_of_children());
}

/// Kills until no child is left. When one ends, its own children become those of this process, so
/// they are killed in the next round.
fn kill_until(ends: &Receiver<()>) {
    loop {
        signal_all(Signal::SIGKILL);
        if ends.recv().is_err() {
            return;
        }
    }
}

/// Collects children as they end, in a thread. The channel gets a message for each, and is closed
/// when there are no more.
fn ends_of_children() -> Receiver<()> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        loop {
            match waitpid(None, None) {
                Err(Errno::EINTR) => {}
                Err(_) => return,
                Ok(_) => {
                    let _ = sender.send(());
                }
            }
        }
    });
    receiver
}

fn signal_all(signal: Signal) {
    let mut found = children_of(Pid::this());
    while let Some(pid) = found.pop() {
        found.extend(children_of(pid));
        let _ = kill(pid, signal);
    }
}

fn children_of(pid: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task"));
    let lists = tasks.into_iter().flatten().flatten();
    let lists = lists.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let all: Vec<String> = lists.collect();
    let numbers = all.iter().flat_map(|list| list.split_whitespace());
    numbers
        .filter_map(|number| number.parse().ok().map(Pid::from_raw))
        .collect()
}
