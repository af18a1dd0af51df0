//! The files that a test touches.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::findings::{Kind, Touch};
use crate::observe::record::Log;

/// The files that a test touches, by absolute paths without `.` and `..`.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The files that were opened for writing, with their state before that.
    opened: HashMap<PathBuf, Option<State>>,
    created: HashSet<PathBuf>,
    /// The files that the test's own process created.
    own: HashSet<PathBuf>,
}

/// The metadata that changes when a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl State {
    fn of(path: &Path) -> Option<State> {
        let metadata = fs::symlink_metadata(path).ok()?;
        Some(State {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl Files {
    pub(super) fn open(&mut self, log: &mut Log, path: &Path, flags: i32, is_test: bool) {
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY || flags & libc::O_TRUNC != 0;
        let creates = flags & libc::O_CREAT != 0;
        if flags & libc::O_PATH != 0 || !(writes || creates) {
            let touch = if flags & (libc::O_PATH | libc::O_DIRECTORY) != 0 {
                Touch::Look
            } else {
                Touch::Use
            };
            return add(log, path, touch);
        }
        let before = State::of(path);
        let is_memory = path.starts_with("/dev/shm");
        match before {
            None if creates && flags & libc::O_EXCL != 0 => {
                self.create(log, path, is_test);
                add(log, path, Touch::Change);
            }
            None if creates => {
                self.create(log, path, is_test);
                self.opened.entry(path.to_owned()).or_insert(None);
            }
            None => add(log, path, Touch::Look),
            // Writes through a mapping do not change the metadata of a file in memory.
            Some(_) if is_memory || flags & (libc::O_TRUNC | libc::O_EXCL) != 0 => {
                add(log, path, Touch::Change);
            }
            before => {
                self.opened.entry(path.to_owned()).or_insert(before);
            }
        }
    }

    pub(super) fn look(&mut self, log: &mut Log, path: &Path, is_test: bool) {
        if is_test && self.own.contains(path) {
            // The permissions of a new file depend on the umask.
            log.add(Kind::Umask, "umask", Touch::Use);
        }
        add(log, path, Touch::Look);
    }

    pub(super) fn make_dir(&mut self, log: &mut Log, path: &Path, is_test: bool) {
        if path.symlink_metadata().is_ok() {
            return add(log, path, Touch::Ensure);
        }
        self.create(log, path, is_test);
        add(log, path, Touch::Prepare);
    }

    /// Creates a path that must not exist, such as a link.
    pub(super) fn make(&mut self, log: &mut Log, path: &Path, is_test: bool) {
        if path.symlink_metadata().is_err() {
            self.create(log, path, is_test);
        }
        add(log, path, Touch::Change);
    }

    pub(super) fn change(log: &mut Log, path: &Path) {
        add(log, path, Touch::Change);
    }

    pub(super) fn remove(log: &mut Log, path: &Path) {
        let Ok(metadata) = path.symlink_metadata() else {
            return add(log, path, Touch::Look);
        };
        add(log, path, Touch::Remove);
        if metadata.is_dir() {
            log.add(Kind::Directory, &text(path), Touch::Remove);
        }
        change_entries(log, path);
    }

    pub(super) fn rename(&mut self, log: &mut Log, from: &Path, to: &Path, is_test: bool) {
        Files::remove(log, from);
        if from.symlink_metadata().is_ok() {
            self.make(log, to, is_test);
        }
    }

    fn create(&mut self, log: &mut Log, path: &Path, is_test: bool) {
        self.created.insert(path.to_owned());
        if is_test {
            self.own.insert(path.to_owned());
        }
        change_entries(log, path);
    }

    /// Adds the touches that are known only after the test, and returns the files that the test created and
    /// left behind. Files in a directory that it also created are left out.
    pub(super) fn finish(self, log: &mut Log) -> Vec<PathBuf> {
        for (path, before) in &self.opened {
            let touch = match (before, State::of(path)) {
                // A lock file, for example.
                (None, Some(now)) if now.size == 0 => Touch::Prepare,
                (Some(before), Some(now)) if *before == now && now.size == 0 => Touch::Ensure,
                (before, now) if *before == now => Touch::Use,
                _ => Touch::Change,
            };
            add(log, path, touch);
        }
        let is_left = |path: &&PathBuf| path.symlink_metadata().is_ok();
        let is_part = |path: &&PathBuf| path.parent().is_some_and(|dir| self.created.contains(dir));
        let left = self.created.iter().filter(|path| !is_part(path));
        let mut left: Vec<_> = left.filter(is_left).cloned().collect();
        left.sort();
        left
    }
}

/// Records a change of the entries of the parent directory.
fn change_entries(log: &mut Log, path: &Path) {
    if let Some(dir) = path.parent() {
        log.add(Kind::Directory, &text(dir), Touch::Change);
    }
}

fn add(log: &mut Log, path: &Path, touch: Touch) {
    let (kind, name) = named(path);
    log.add(kind, &name, touch);
}

/// The kind and name of the resource behind a path.
fn named(path: &Path) -> (Kind, String) {
    let name = path.strip_prefix("/dev/shm").ok().and_then(Path::to_str);
    match name.filter(|name| !name.is_empty()) {
        Some(name) => match name.strip_prefix("sem.") {
            Some(name) => (Kind::Semaphore, format!("/{name}")),
            None => (Kind::SharedMemory, format!("/{name}")),
        },
        None => (Kind::File, text(path)),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The path without `.` and `..`.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let mut absolute = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                absolute.pop();
            }
            Component::CurDir => {}
            component => absolute.push(component),
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use libc::{O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY};
    use tempfile::TempDir;

    use super::{Files, absolute};
    use crate::findings::{Kind, Touch};
    use crate::observe::record::Log;

    use Touch::{Change, Ensure, List, Look, Prepare, Remove, Use};

    /// The touches of the file `a` by a test that makes these calls, which then have these effects.
    fn touches(
        before: Option<&str>,
        calls: impl FnOnce(&mut Files, &mut Log, &Path),
        effects: impl FnOnce(&Path),
    ) -> Vec<Touch> {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join("a");
        if let Some(text) = before {
            fs::write(&path, text).expect("a file");
        }
        let (mut files, mut log) = (Files::default(), Log::default());
        calls(&mut files, &mut log, &path);
        effects(&path);
        files.finish(&mut log);
        let name = path.to_str().expect("a path");
        let touches = log.touches(Kind::File, name).into_iter().flatten();
        touches.copied().collect()
    }

    #[test]
    fn opening_for_writing_is_a_change_only_if_something_is_written() {
        let open = |flags| {
            move |files: &mut Files, log: &mut Log, path: &Path| files.open(log, path, flags, true)
        };
        let write = |path: &Path| fs::write(path, "new").expect("a file");
        let nothing = |_: &Path| {};
        assert_eq!(touches(Some("x"), open(O_RDONLY), nothing), [Use]);
        assert_eq!(touches(Some("x"), open(O_RDWR | O_CREAT), nothing), [Use]);
        assert_eq!(touches(Some("x"), open(O_RDWR | O_CREAT), write), [Change]);
        assert_eq!(touches(None, open(O_WRONLY | O_CREAT), write), [Change]);
        assert_eq!(touches(None, open(O_RDWR), nothing), [Look]);
    }

    #[test]
    fn an_empty_file_is_a_lock_unless_it_must_be_new() {
        let open = |flags| {
            move |files: &mut Files, log: &mut Log, path: &Path| files.open(log, path, flags, true)
        };
        let create = |path: &Path| fs::write(path, "").expect("a file");
        assert_eq!(touches(None, open(O_RDWR | O_CREAT), create), [Prepare]);
        assert_eq!(touches(Some(""), open(O_RDWR | O_CREAT), |_| {}), [Ensure]);
        assert_eq!(
            touches(None, open(O_RDWR | O_CREAT | O_EXCL), create),
            [Change]
        );
        assert_eq!(
            touches(Some(""), open(O_RDWR | O_CREAT | O_EXCL), |_| {}),
            [Change]
        );
    }

    #[test]
    fn only_what_exists_is_removed() {
        let remove = |_: &mut Files, log: &mut Log, path: &Path| Files::remove(log, path);
        assert_eq!(touches(Some("x"), remove, |_| {}), [Remove]);
        assert_eq!(touches(None, remove, |_| {}), [Look]);
    }

    #[test]
    fn a_directory_that_exists_is_not_created() {
        let make = |files: &mut Files, log: &mut Log, path: &Path| files.make_dir(log, path, true);
        assert_eq!(touches(None, make, |_| {}), [Prepare]);
        assert_eq!(touches(Some("x"), make, |_| {}), [Ensure]);
    }

    #[test]
    fn files_that_still_exist_are_left() {
        let dir = TempDir::new().expect("a directory");
        let (mut files, mut log) = (Files::default(), Log::default());
        let paths = ["kept", "removed"].map(|name| dir.path().join(name));
        for path in &paths {
            files.open(&mut log, path, O_WRONLY | O_CREAT, true);
        }
        fs::write(&paths[0], "x").expect("a file");
        assert_eq!(files.finish(&mut log), [paths[0].clone()]);
        let entries = log.touches(Kind::Directory, dir.path().to_str().expect("a path"));
        assert!(
            entries.is_some_and(|touches| touches.contains(&Change) && !touches.contains(&List))
        );
    }

    #[test]
    fn files_in_a_directory_that_is_left_are_not_repeated() {
        let dir = TempDir::new().expect("a directory");
        let (mut files, mut log) = (Files::default(), Log::default());
        let own = dir.path().join("own");
        for path in [own.clone(), own.join("below")] {
            files.make_dir(&mut log, &path, true);
            fs::create_dir(&path).expect("a directory");
        }
        assert_eq!(files.finish(&mut log), [own]);
    }

    #[test]
    fn only_the_permissions_of_an_own_file_depend_on_the_umask() {
        let dir = TempDir::new().expect("a directory");
        let paths = ["found", "own", "of-a-child"].map(|name| dir.path().join(name));
        fs::write(&paths[0], "").expect("a file");
        let asks = |path: &Path| {
            let (mut files, mut log) = (Files::default(), Log::default());
            files.make_dir(&mut log, &paths[1], true);
            files.make_dir(&mut log, &paths[2], false);
            files.look(&mut log, path, true);
            log.touches(Kind::Umask, "umask").is_some()
        };
        assert_eq!(
            paths.each_ref().map(|path| asks(path)),
            [false, true, false]
        );
    }

    #[test]
    fn shared_memory_has_names() {
        let mut log = Log::default();
        Files::change(&mut log, Path::new("/dev/shm/cache"));
        Files::change(&mut log, Path::new("/dev/shm/sem.gate"));
        assert!(log.touches(Kind::SharedMemory, "/cache").is_some());
        assert!(log.touches(Kind::Semaphore, "/gate").is_some());
    }

    #[test]
    fn paths_are_without_detours() {
        assert_eq!(absolute(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(absolute(Path::new("/../a")), Path::new("/a"));
    }
}
