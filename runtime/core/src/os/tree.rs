//! The processes of a test, described for people.

#[cfg(not(windows))]
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// A process that was started by a test, or by one that a test has started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProcessInfo {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// The name of its program.
    pub(crate) name: String,
    /// Its threads and where the kernel has them wait, as far as that is told.
    pub(crate) threads: Vec<ThreadInfo>,
}

/// A thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ThreadInfo {
    pub(crate) name: String,
    pub(crate) doing: String,
}

/// Lists the living processes of a test.
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

/// Lists the living processes below one, parents first.
///
/// On systems without `/proc` nobody is found.
#[cfg(not(windows))]
pub(crate) fn below(root: u32) -> Vec<ProcessInfo> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        all.extend(read(&entry.file_name()));
    }
    let mut found: Vec<ProcessInfo> = Vec::new();
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

/// Reads the name of a process or a thread, and the fields behind it.
///
/// The name stands in parentheses and may be any bytes: it is what somebody has called a program, or
/// the beginning of that.
fn stat(of: &Path) -> Option<(String, String)> {
    let stat = fs::read(of.join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (head, fields) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    Some((name.to_owned(), fields.to_owned()))
}

impl ProcessInfo {
    /// Finds out what the threads do.
    pub(crate) fn look_at_threads(&mut self) {
        // The kernel lists them in the order of their numbers.
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid));
        for task in tasks.into_iter().flatten().flatten() {
            self.threads.extend(ThreadInfo::read(&task.path()));
        }
    }
}

impl ThreadInfo {
    /// Reads about one thread, unless it has ended.
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
