//! The processes of a test, for messages.

#[cfg(not(windows))]
use std::collections::VecDeque;
#[cfg(not(windows))]
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// A process that a test has started, directly or through another process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProcessInfo {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// The name of its program.
    pub(crate) name: String,
    /// Its threads and where they wait in the kernel, as far as that is known.
    pub(crate) threads: Vec<ThreadInfo>,
}

/// A thread and what it does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ThreadInfo {
    pub(crate) name: String,
    pub(crate) doing: String,
}

/// Lists the live processes of a test.
#[cfg(windows)]
pub(crate) fn below(root: u32) -> Vec<ProcessInfo> {
    let found = super::process::below(root).into_iter();
    let process = |(pid, name)| ProcessInfo {
        pid,
        parent: root,
        name,
        threads: Vec::new(),
    };
    found.map(process).collect()
}

/// Lists the live descendants of a process, parents first.
///
/// Systems without `/proc` list none.
#[cfg(not(windows))]
pub(crate) fn below(root: u32) -> Vec<ProcessInfo> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut others: Vec<_> = entries.filter_map(|one| read(&one.file_name())).collect();
    let mut found: Vec<ProcessInfo> = Vec::new();
    let mut parents = VecDeque::from([root]);
    while let Some(parent) = parents.pop_front() {
        let is_child = |one: &ProcessInfo| one.parent == parent;
        let (children, rest) = others.into_iter().partition::<Vec<_>, _>(is_child);
        parents.extend(children.iter().map(|child| child.pid));
        found.extend(children);
        others = rest;
    }
    found
}

/// Reads one process; `None` if it has ended.
#[cfg(not(windows))]
fn read(pid: &OsStr) -> Option<ProcessInfo> {
    let pid = pid.to_str()?.parse().ok()?;
    let (name, fields) = stat(Path::new(&format!("/proc/{pid}")))?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    if state == "Z" || state == "X" {
        return None;
    }
    Some(ProcessInfo {
        pid,
        parent,
        name,
        threads: Vec::new(),
    })
}

/// Reads the name of a process or thread, and the fields after it.
///
/// The name is in parentheses and may be any bytes: it is a name that was chosen for a program, or
/// the beginning of that name.
fn stat(of: &Path) -> Option<(String, String)> {
    let stat = fs::read(of.join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (head, fields) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    Some((name.to_owned(), fields.to_owned()))
}

impl ProcessInfo {
    /// Reads what the threads do.
    pub(crate) fn look_at_threads(&mut self) {
        // The kernel lists the threads by number.
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid));
        for task in tasks.into_iter().flatten().flatten() {
            self.threads.extend(ThreadInfo::read(&task.path()));
        }
    }
}

impl ThreadInfo {
    /// Reads one thread; `None` if it has ended.
    fn read(task: &Path) -> Option<Self> {
        let (name, fields) = stat(task)?;
        let place = fs::read_to_string(task.join("wchan")).unwrap_or_default();
        let doing = match (fields.as_bytes().first()?, place.as_str()) {
            (b'R', _) => "runs".to_owned(),
            (b'T' | b't', _) => "is stopped".to_owned(),
            (_, "" | "0") => "waits".to_owned(),
            (_, place) => format!("waits in {place}"),
        };
        Some(ThreadInfo { name, doing })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::below;

    #[test]
    fn a_name_may_be_any_bytes_and_hides_nobody() {
        use std::ffi::OsStr;
        use std::io::Read;
        use std::os::unix::ffi::OsStrExt;

        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join(OsStr::from_bytes(b"sh\xff) ("));
        std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
        let mut child = Command::new(program)
            .args(["-c", "sleep 1000 & echo started; wait"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut [0; 8]).unwrap();
        let found = below(child.id());
        let shell = below(std::process::id())
            .into_iter()
            .find(|one| one.pid == child.id());
        for one in &found {
            let pid = one.pid.to_string();
            Command::new("kill").arg(pid).status().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(shell.unwrap().name, "sh\u{fffd}) (");
        assert_eq!(found.len(), 1, "{found:?}");
    }

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
