//! The traces in the target directory.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::liveness::may_run;
use crate::target_dir::{target_dir, trace_of, traces};

/// The page that `cargo isolated trace` writes beside a trace.
const PAGE: &str = "timeline.html";

/// The result of a cleanup of the traces.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Traces {
    /// The removed traces with their sizes. In a dry run, those that would be removed.
    pub(super) removed: Vec<(PathBuf, u64)>,
    /// Unused traces that could not be removed, and the reasons.
    pub(super) failed: Vec<(PathBuf, String)>,
    /// The number of traces of runs that may be unfinished. If another process has the ID of a run by
    /// now, its trace stays longer than necessary.
    pub(super) in_use: usize,
}

impl Traces {
    /// Removes the traces of the workspace. Outside of a workspace there are none.
    pub(super) fn clean(dry_run: bool) -> Traces {
        let dir = target_dir().map(|target_dir| traces(&target_dir));
        dir.map_or_else(|_| Traces::default(), |dir| Traces::clean_in(&dir, dry_run))
    }

    fn clean_in(dir: &Path, dry_run: bool) -> Traces {
        let mut found = Traces::default();
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let mut dirs: Vec<_> = entries.map(|entry| entry.path()).collect();
        dirs.sort();
        for dir in dirs {
            let is_dir = dir.symlink_metadata().is_ok_and(|data| data.is_dir());
            let Some((_, pid)) = trace_of(&dir).filter(|_| is_dir) else {
                continue;
            };
            if may_run(pid) {
                found.in_use += 1;
                continue;
            }
            match remove(&dir, dry_run) {
                Ok(Some(bytes)) => found.removed.push((dir, bytes)),
                Ok(None) => found
                    .failed
                    .push((dir, "it contains files of others".to_owned())),
                // Another process has removed it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => found.failed.push((dir, error.to_string())),
            }
        }
        found
    }
}

/// Removes a trace if all its files are ours. Returns its size.
fn remove(dir: &Path, dry_run: bool) -> io::Result<Option<u64>> {
    let mut paths = Vec::new();
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if !is_ours(&path)? {
            return Ok(None);
        }
        bytes += path.symlink_metadata()?.len();
        paths.push(path);
    }
    if !dry_run {
        for path in paths {
            fs::remove_file(path)?;
        }
        fs::remove_dir(dir)?;
    }
    Ok(Some(bytes))
}

/// Whether a file is a page, or begins as the trace of a process does.
fn is_ours(path: &Path) -> io::Result<bool> {
    if !path.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    if path.file_name().is_some_and(|name| name == PAGE) {
        return Ok(true);
    }
    let mut line = Vec::new();
    let is_named = path.extension().is_some_and(|ending| ending == "jsonl");
    if is_named {
        BufReader::new(fs::File::open(path)?).read_until(b'\n', &mut line)?;
    }
    // A process that was killed, or had no space, may have left an empty file.
    let is_header = line.is_empty() || String::from_utf8_lossy(&line).contains("\"e\":\"process\"");
    Ok(is_named && is_header)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;
    use std::thread;

    use super::Traces;

    const HEADER: &str = "{\"t\":1,\"e\":\"process\",\"version\":1,\"pid\":7,\"program\":\"x\"}\n";

    /// The number of a process that has ended.
    fn ended() -> u32 {
        let mut child = Command::new("true").spawn().expect("a process");
        child.wait().expect("its end");
        child.id()
    }

    fn write(dir: &Path, file: &str, text: &str) {
        fs::create_dir_all(dir).expect("a directory");
        fs::write(dir.join(file), text).expect("a file");
    }

    #[test]
    fn only_traces_of_ended_runs_are_removed() {
        let base = tempfile::tempdir().expect("a directory");
        let pid = ended();
        let old = base.path().join(format!("1-{pid}"));
        write(&old, "7-a.jsonl", HEADER);
        write(&old, "8-a.jsonl", "");
        write(&old, "timeline.html", "<html>");
        let mine = base.path().join(format!("1-{}", std::process::id()));
        write(&mine, "7-a.jsonl", HEADER);
        write(&base.path().join("notes"), "7-a.jsonl", HEADER);
        for (name, text) in [("a.jsonl", "{\"my\":\"data\"}\n"), ("a.txt", HEADER)] {
            write(&base.path().join(format!("2-{pid}")), name, text);
        }
        std::os::unix::fs::symlink(&mine, base.path().join(format!("3-{pid}"))).expect("a link");

        let bytes = HEADER.len() as u64 + 6;
        for dry_run in [true, false] {
            let found = Traces::clean_in(base.path(), dry_run);
            assert_eq!(found.removed, [(old.clone(), bytes)]);
            assert_eq!(found.in_use, 1);
            assert_eq!(found.failed.len(), 1, "{:?}", found.failed);
            assert_eq!(old.exists(), dry_run);
        }
        assert_eq!(fs::read_dir(base.path()).expect("a list").count(), 4);
        assert!(mine.join("7-a.jsonl").exists());
        assert_eq!(
            fs::read_dir(base.path().join(format!("2-{pid}")))
                .expect("a list")
                .count(),
            2
        );
    }

    #[test]
    fn two_at_once_do_not_fail() {
        let base = tempfile::tempdir().expect("a directory");
        let pid = ended();
        for index in 0..50 {
            write(
                &base.path().join(format!("{index}-{pid}")),
                "7-a.jsonl",
                HEADER,
            );
        }
        let both: Vec<Traces> = thread::scope(|scope| {
            let threads = [(); 2].map(|()| scope.spawn(|| Traces::clean_in(base.path(), false)));
            threads.map(|one| one.join().expect("no panic")).into()
        });
        for one in &both {
            assert_eq!(one.failed, []);
        }
        assert_eq!(fs::read_dir(base.path()).expect("a list").count(), 0);
    }
}
