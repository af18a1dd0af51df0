//! The processes of watched threads, and the namespaces that they share with the observer.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::hosts::is_mark;

/// A process that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: i32,
    /// Whether it is in the observer's network namespace.
    pub(super) shares_network: bool,
    /// Whether it is in the observer's mount namespace.
    pub(super) shares_mounts: bool,
}

/// The processes of all threads seen so far.
#[derive(Debug, Default)]
pub(super) struct Processes {
    by_thread: HashMap<i32, Process>,
    /// The hosts that have been started, with their supervisors and descendants.
    hosts: HashSet<i32>,
    /// The processes that have changed their working directories, and their children.
    moved: HashSet<i32>,
    /// The command lines of the programs that they execute.
    pub(super) programs: HashMap<i32, String>,
}

impl Processes {
    pub(super) fn of(&mut self, thread: i32) -> Process {
        *self.by_thread.entry(thread).or_insert_with(|| {
            let status = status(thread);
            let number = |name: &str| number(&status, name);
            let id = number("Tgid:").unwrap_or(thread);
            for inherited in [&mut self.moved, &mut self.hosts] {
                if number("PPid:").is_some_and(|parent| inherited.contains(&parent)) {
                    inherited.insert(id);
                }
            }
            Process {
                id,
                shares_network: is_shared(thread, "net"),
                shares_mounts: is_shared(thread, "mnt"),
            }
        })
    }

    /// Forgets a thread that ends or changes its namespaces.
    pub(super) fn forget(&mut self, thread: i32) {
        self.by_thread.remove(&thread);
    }

    /// Records the command line of the program that a process executes.
    pub(super) fn run(&mut self, process: Process, words: String) {
        if words.split(' ').any(|word| is_mark(word.as_bytes())) {
            // The supervisor adopts orphans of the host.
            self.hosts.insert(process.id);
            self.hosts.extend(parent(process.id));
        }
        self.programs.insert(process.id, words);
    }

    /// Whether this is a host, or a process that it has started. It serves all tests, so what it touches
    /// is not shared by them as if each did so.
    pub(super) fn is_of_host(&self, process: Process) -> bool {
        self.hosts.contains(&process.id)
    }

    /// Records that a process changes its working directory.
    pub(super) fn moves(&mut self, process: Process) {
        self.moved.insert(process.id);
    }

    /// Whether the process has left the working directory of the test.
    pub(super) fn has_moved(&self, process: Process) -> bool {
        self.moved.contains(&process.id)
    }
}

/// The text about a process or thread, with a line for each of its values.
fn status(process: i32) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

fn number(status: &str, name: &str) -> Option<i32> {
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

fn parent(process: i32) -> Option<i32> {
    number(&status(process), "PPid:")
}

fn is_shared(thread: i32, namespace: &str) -> bool {
    let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/{namespace}"));
    match (of(&thread.to_string()), of("self")) {
        (Ok(theirs), Ok(ours)) => theirs == ours,
        _ => true,
    }
}

/// The working directory of a thread.
pub(super) fn working_directory(thread: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{thread}/cwd")).ok()
}

/// The path that a file descriptor of a thread refers to.
pub(super) fn descriptor(thread: i32, descriptor: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()
}

/// The command line of a process, which is empty while it executes a program; none if it has ended.
pub(super) fn command_line(process: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before the state is in parentheses, and may contain some.
    let (_, state) = stat.rsplit_once(") ")?;
    if state.starts_with(['Z', 'X']) {
        return None;
    }
    let words = fs::read(format!("/proc/{process}/cmdline")).ok()?;
    let words = words.split(|byte| *byte == 0);
    let words: Vec<_> = words.map(String::from_utf8_lossy).collect();
    Some(words.join(" ").trim_end().to_owned())
}

/// Whether a path resolves to the same file for the observer and for a thread in another mount namespace.
pub(super) fn is_same_place(thread: i32, path: &Path) -> bool {
    let root = PathBuf::from(format!("/proc/{thread}/root"));
    let parent = path.ancestors().skip(1).find(|parent| parent.exists());
    let parent = parent.unwrap_or(Path::new("/"));
    let theirs = fs::metadata(root.join(parent.strip_prefix("/").unwrap_or(parent)));
    match (theirs, fs::metadata(parent)) {
        (Ok(theirs), Ok(ours)) => (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use nix::unistd::Pid;

    use super::command_line;

    #[test]
    fn a_process_has_a_command_line_until_it_ends() {
        let own = i32::try_from(std::process::id()).expect("a process ID");
        let first = std::env::args().next().expect("the program");
        assert!(command_line(own).is_some_and(|line| line.starts_with(&first)));
        let mut child = Command::new("true").spawn().expect("a child");
        let id = i32::try_from(child.id()).expect("a process ID");
        let end = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(Pid::from_raw(id)), end).expect("the child");
        assert_eq!(command_line(id), None);
        child.wait().expect("the child");
        assert_eq!(command_line(id), None);
    }
}
