//! Ends the processes that a program has left behind.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// The time between the request to end and the end.
const GRACE: Duration = Duration::from_secs(1);

/// The time between two looks at processes that are about to end.
const PAUSE: Duration = Duration::from_millis(2);

/// Asks all descendants of this process to end, and then ends them. This process inherits the
/// children of each that ends.
pub(super) fn end() {
    if is_childless() {
        return;
    }
    signal_all(Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while !is_childless() {
        if Instant::now() >= deadline {
            signal_all(Signal::SIGKILL);
        }
        // The kernel reports the end of children only, and these are anybody's.
        thread::sleep(PAUSE);
    }
}

/// Ends all descendants at once.
pub(super) fn kill_all() {
    while !is_childless() {
        signal_all(Signal::SIGKILL);
        thread::sleep(PAUSE);
    }
}

/// Collects the children that have ended. Returns whether none is left.
fn is_childless() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(status) if status.pid().is_some() => {}
            Ok(_) => return false,
            Err(Errno::EINTR) => {}
            Err(_) => return true,
        }
    }
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
