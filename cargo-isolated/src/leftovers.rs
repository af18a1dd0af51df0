//! Ends the processes that a program has left behind.
//!
//! They are all children of this process, or become its children when their own parent ends, because
//! this process is a subreaper.
//!
//! Hosts of resources come first, because they are no mistake of the program: they stay for further
//! tests, and release their resources when they are asked to end.

use std::collections::HashSet;
use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::hosts::is_mark;

/// How long a process may take to end after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(1);

/// How long a host may take to release its resource after `SIGTERM`.
const HOST_GRACE: Duration = Duration::from_secs(10);

/// The name of the supervisor of a host.
const SUPERVISOR: &str = "isolated-guard";

/// How long to wait before reading the list of children again, which may lack some that exist
/// (proc(5)).
const LIST_POLL: Duration = Duration::from_millis(20);

/// Ends all descendants of this process: first hosts, then the others with `SIGTERM`, and after the
/// grace period with `SIGKILL`. Calls the function when the hosts have ended, or have used up their time.
pub(crate) fn end(after_hosts: impl FnOnce()) {
    end_hosts();
    after_hosts();
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

/// Lets hosts release their resources and end, with everything that they have started.
fn end_hosts() {
    let deadline = Instant::now() + HOST_GRACE;
    let (sender, ends) = channel::<()>();
    for supervisor in children() {
        let Some(host) = host_of(supervisor) else {
            continue;
        };
        let _ = kill(host, Signal::SIGTERM);
        // The supervisor ends as the last one.
        let sender = sender.clone();
        thread::spawn(move || {
            while waitpid(supervisor, None) == Err(Errno::EINTR) {}
            drop(sender);
        });
    }
    drop(sender);
    // Nothing is sent: the channel is closed when all have ended.
    let _ = ends.recv_timeout(deadline.saturating_duration_since(Instant::now()));
}

/// The host that a process supervises, if it does.
fn host_of(supervisor: Pid) -> Option<Pid> {
    let name = fs::read_to_string(format!("/proc/{supervisor}/comm")).ok()?;
    let is_host = |process: &Pid| {
        let words = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        words.any(is_mark)
    };
    let mut children = children_of(supervisor).into_iter();
    children
        .find(is_host)
        .filter(|_| name.trim_end() == SUPERVISOR)
}

/// Ends all descendants of this process with `SIGKILL`.
pub(crate) fn kill_all() {
    kill_until_last(&reap());
}

/// Kills all descendants of this process, also those that another thread starts meanwhile, until that thread
/// exits.
pub(crate) fn kill_until_exit() -> ! {
    loop {
        for pid in children() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        // Nothing tells of the start of a process.
        thread::sleep(LIST_POLL);
    }
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

/// The children of this process.
pub(crate) fn children() -> Vec<Pid> {
    children_of(Pid::this())
}

/// The children of all threads of a process.
fn children_of(process: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
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
