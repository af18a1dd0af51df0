//! Removes, on request, everything that no living process uses: the files of dead processes, as a
//! [sweep](super::sweep) does, and kept directories of any age.
//!
//! A record that cannot be locked protects everything beside it. Lock files stay, because a test may
//! be about to lock one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use super::host::{self, Doing};
use super::kept::{KeptDir, kept_in};
use super::record::{ENDING, is_ours_by_name};
use super::sweep::{DeadRecord, RecordState, entries, examine, has_name};
use super::{StateDir, within};

/// The result of a cleanup of a state directory.
#[derive(Default)]
pub(crate) struct Cleanup {
    /// The removed files and directories. In a dry run, those that would be removed.
    pub(crate) removed: Vec<Leftover>,
    /// Unused files and directories that could not be removed, and the reasons.
    pub(crate) failed: Vec<(PathBuf, String)>,
    /// The removed directories of hosts.
    pub(crate) hosts: Vec<LeftHost>,
    /// The number of living processes, whose directories stay.
    pub(crate) alive: usize,
}

/// Something that no living process uses.
pub(crate) struct Leftover {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// The kept directory, or `None` for a file of a dead process.
    pub(crate) kept: Option<KeptDir>,
}

/// A host that no test uses.
pub(crate) struct LeftHost {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Its process, or `None` if it had ended.
    pub(crate) process: Option<u32>,
}

/// Removes everything that no living process uses. In a dry run, only lists it.
pub(crate) fn clean(state_dir: &StateDir, dry_run: bool) -> Cleanup {
    let mut cleanup = Cleanup::default();
    // Before the records, because a host that has ended is no living process.
    #[cfg(unix)]
    cleanup.hosts(state_dir, dry_run);
    for entry in entries(state_dir.runs()) {
        let name = entry.file_name().and_then(|name| name.to_str());
        if has_name(&entry, ENDING) {
            cleanup.record(&entry, dry_run);
        } else if has_name(&entry, within::ENDING) {
            cleanup.within(&entry, dry_run);
        } else if name.is_some_and(is_ours_by_name) && !is_there(&entry.with_extension(ENDING)) {
            // The process has ended. While its directory exists, no other takes the name.
            cleanup.kept(&entry, dry_run);
        }
    }
    if dry_run {
        let ends = cleanup.hosts.iter().filter(|host| host.process.is_some());
        cleanup.alive = cleanup.alive.saturating_sub(ends.count());
    }
    cleanup
}

/// All kept directories that still exist.
pub(crate) fn kept(state_dir: &StateDir) -> Vec<KeptDir> {
    let all = entries(state_dir.runs()).filter(|path| path.extension().is_none());
    all.flat_map(|process| kept_in(&process).collect::<Vec<_>>())
        .collect()
}

impl Cleanup {
    /// Removes the files of a process, if it is dead.
    fn record(&mut self, path: &Path, dry_run: bool) {
        match examine(path) {
            Ok(RecordState::Alive) => self.alive += 1,
            Ok(RecordState::Dead(dead)) => self.dead(path, &dead, dry_run),
            Ok(RecordState::NotOurs) => self.failed.push((
                path.to_owned(),
                "another version of isolated-test has written it, or somebody else".to_owned(),
            )),
            // Another process has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.failed.push((path.to_owned(), error.to_string())),
        }
    }

    fn dead(&mut self, path: &Path, dead: &DeadRecord, dry_run: bool) {
        let dir = path.with_extension("");
        self.kept(&dir, dry_run);
        let mut bytes = size(path);
        if dead.owns_dir {
            let kept: u64 = kept_in(&dir).map(|kept| size(&kept.path)).sum();
            bytes += size(&dir).saturating_sub(kept);
        }
        let result = dead.is_known().and_then(|is_known| {
            if !dry_run {
                dead.forget()?;
            }
            Ok(if dry_run { is_known } else { !is_there(path) })
        });
        match result {
            Ok(false) => self.failed.push((
                path.to_owned(),
                "something that its process left can only be removed by the tests that made it; \
                 run them again"
                    .to_owned(),
            )),
            Ok(true) => self.removed.push(Leftover {
                path: path.to_owned(),
                bytes,
                kept: None,
            }),
            Err(error) => self.failed.push((path.to_owned(), error.to_string())),
        }
    }

    /// Removes the kept directories of a process that has ended.
    fn kept(&mut self, process: &Path, dry_run: bool) {
        for kept in kept_in(process).collect::<Vec<_>>() {
            let bytes = size(&kept.path);
            match if dry_run { Ok(true) } else { kept.remove() } {
                Ok(true) => self.removed.push(Leftover {
                    path: kept.path.clone(),
                    bytes,
                    kept: Some(kept),
                }),
                // Another process has removed it.
                Ok(false) => {}
                Err(error) => self.failed.push((kept.path, error.to_string())),
            }
        }
    }

    /// Ends hosts that no test uses, and removes what hosts have left.
    #[cfg(unix)]
    fn hosts(&mut self, state_dir: &StateDir, dry_run: bool) {
        for (path, doing) in host::all(state_dir) {
            let bytes = size(&path);
            let result = match &doing {
                Doing::Starting(_) | Doing::InUse(_) => continue,
                Doing::Idle(_) | Doing::Failed(_) | Doing::Ended if dry_run => Ok(true),
                Doing::Idle(serving) => host::end_idle(&path, serving),
                Doing::Failed(_) | Doing::Ended => host::sweep_one(&path, Duration::ZERO),
            };
            match result {
                Ok(true) => self.hosts.push(LeftHost {
                    path,
                    bytes,
                    process: match doing {
                        Doing::Idle(serving) => Some(serving.process),
                        _ => None,
                    },
                }),
                Ok(false) => {}
                Err(error) => self.failed.push((path, error.to_string())),
            }
        }
    }

    /// Removes a directory for locks whose record is gone.
    fn within(&mut self, dir: &Path, dry_run: bool) {
        let record = dir.with_extension(ENDING);
        if is_there(&record) || !within::is_ours(&record) {
            return;
        }
        let bytes = size(dir);
        if dry_run || (within::remove(&record) && !is_there(dir)) {
            self.removed.push(Leftover {
                path: dir.to_owned(),
                bytes,
                kept: None,
            });
        }
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The number of bytes in a file or tree, as far as it can be read. Links are not followed.
pub(crate) fn size(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => entries(path).map(|entry| size(&entry)).sum(),
        Ok(data) => data.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests;
