//! The processes of a test, described for people.

#[cfg(not(windows))]
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// A process that was started by a test, or by one that a test has started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// The name of its program.
    pub(crate) name: String,
    /// Its threads and where the kernel has them wait, as far as that is told.
    pub(crate) threads: Vec<Thread>,
}

/// A thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) name: String,
    pub(crate) doing: String,
}

/// Lists the living processes of a test.
#[cfg(windows)]
pub(crate) fn below(root: u32) -> Vec<Process> {
    let found = crate::sys::process::below(root).into_iter();
    let process = |(pid, name)| Process {
        pid,
        parent: root,
        name,
        threads: Vec::new(),
    };
    found.map(process).collect()
}

/// Lists the living processes below one, parents first.
///
/// On systems without `/proc` nobody is found.
#[cfg(not(windows))]
pub(crate) fn below(root: u32) -> Vec<Process> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        all.extend(read(&entry.file_name()));
    }
    let mut found: Vec<Process> = Vec::new();
    let mut next = 0;
    let mut parent = root;
    loop {
        while let Some(at) = all.iter().position(|one| one.parent == parent) {
            found.push(all.remove(at));
        }
        let Some(child) = found.get(next) else {
            return found;
        };
        (parent, next) = (child.pid, next + 1);
    }
}

/// Reads about one process, unless it has ended.
#[cfg(not(windows))]
fn read(pid: &OsStr) -> Option<Process> {
    let pid = pid.to_str()?.parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may contain any character.
    let (head, tail) = status.rsplit_once(") ")?;
    let mut fields = tail.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    if state == "Z" || state == "X" {
        return None;
    }
    let name = head.split_once('(')?.1.to_owned();
    Some(Process {
        pid,
        parent,
        name,
        threads: Vec::new(),
    })
}

impl Process {
    /// Finds out what the threads do.
    pub(crate) fn look_at_threads(&mut self) {
        // The kernel lists them in the order of their numbers.
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid));
        for task in tasks.into_iter().flatten().flatten() {
            self.threads.extend(Thread::read(&task.path()));
        }
    }
}

impl Thread {
    /// Reads about one thread, unless it has ended.
    fn read(task: &Path) -> Option<Self> {
        let stat = fs::read_to_string(task.join("stat")).ok()?;
        let (head, tail) = stat.rsplit_once(") ")?;
        let place = fs::read_to_string(task.join("wchan")).unwrap_or_default();
        let doing = match (tail.as_bytes().first()?, place.as_str()) {
            (b'R', _) => "runs".to_owned(),
            (b'T' | b't', _) => "is stopped".to_owned(),
            (_, "" | "0") => "waits".to_owned(),
            (_, place) => format!("waits in {place}"),
        };
        Some(Thread {
            name: head.split_once('(')?.1.to_owned(),
            doing,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::below;

    #[test]
    fn children_are_found_by_name() {
        let mut child = Command::new("sleep")
            .arg("1000")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let found = below(std::process::id());
        let mut found: Vec<_> = found
            .into_iter()
            .filter(|one| one.pid == child.id())
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].parent, std::process::id());
        found[0].look_at_threads();
        assert_eq!(found[0].threads.len(), 1);
        child.kill().unwrap();
        child.wait().unwrap();
        let after = below(std::process::id());
        assert!(after.iter().all(|one| one.pid != child.id()));
    }
}
