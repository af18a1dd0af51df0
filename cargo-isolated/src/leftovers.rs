//! Ends the processes that a program has left behind.
//!
//! They are all children of this process, or become its children when their own parent ends, because
//! this process is a subreaper.

use std::collections::HashSet;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

/// How long a process may take to end after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(1);

/// How long to wait before reading the list of children again, which may lack some that exist
/// (proc(5)).
const LIST_POLL: Duration = Duration::from_millis(20);

/// Ends all descendants of this process: first with `SIGTERM`, and after the grace period with
/// `SIGKILL`.
pub(crate) fn end() {
    let ends = reap();
    let deadline = Instant::now() + GRACE;
    let mut signalled = HashSet::new();
    loop {
        for pid in children() {
            if signalled.insert(pid) {
                let _ = kill(pid, Signal::SIGTERM);
            }
        }
        match ends.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return kill_until_last(&ends),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Ends all descendants of this process with `SIGKILL`.
pub(crate) fn kill_all() {
    kill_until_last(&reap());
}

fn kill_until_last(ends: &Receiver<()>) {
    loop {
        for pid in children() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        if ends.recv_timeout(LIST_POLL) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Reaps children in a thread. The channel gets a message for each, and is closed when none is left.
fn reap() -> Receiver<()> {
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

/// The children of all threads of this process.
pub(crate) fn children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let numbers = lists.iter().flat_map(|list| list.split_whitespace());
    numbers
        .filter_map(|number| number.parse().ok())
        .map(Pid::from_raw)
        .collect()
}
