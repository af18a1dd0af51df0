//! The processes of a test, described for people.

use std::fs;
use std::path::PathBuf;

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

/// Lists the living processes below one, parents first.
///
/// On systems without `/proc` nobody is found.
pub(crate) fn below(root: u32) -> Vec<Process> {
    let mut all: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(read)
        .collect();
    let mut found = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.first().copied() {
        parents.remove(0);
        let (children, others) = all.into_iter().partition(|one| one.parent == parent);
        all = others;
        for child in Vec::into_iter(children) {
            parents.push(child.pid);
            found.push(child);
        }
    }
    found
}

/// Reads about one process, unless it has ended.
fn read(pid: u32) -> Option<Process> {
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
        let tasks = PathBuf::from(format!("/proc/{}/task", self.pid));
        let mut tasks: Vec<PathBuf> = fs::read_dir(tasks)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        tasks.sort();
        self.threads = tasks
            .iter()
            .filter_map(|task| {
                let stat = fs::read_to_string(task.join("stat")).ok()?;
                let (head, tail) = stat.rsplit_once(") ")?;
                let place = fs::read_to_string(task.join("wchan")).unwrap_or_default();
                let doing = match (tail.chars().next()?, place.as_str()) {
                    ('R', _) => "runs".to_owned(),
                    ('T' | 't', _) => "is stopped".to_owned(),
                    (_, "" | "0") => "waits".to_owned(),
                    (_, place) => format!("waits in {place}"),
                };
                Some(Thread {
                    name: head.split_once('(')?.1.to_owned(),
                    doing,
                })
            })
            .collect();
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
