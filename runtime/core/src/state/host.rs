//! The directories of hosts: processes that keep a resource for all tests that need it.
//!
//! ```text
//! hosts/api-9f86d081884c7d65/
//!     users       locked shared by each test that uses the host, and exclusively to end it
//!     life        locked by the supervisor of the host, which ends last (elsewhere than on Linux also by the host)
//!     starting    locked until the host has published its handle or has failed; its process ID
//!     handle      the handle, locked by the host while it lives; or why it could not start
//!     log         the output of the host
//!     failed      exists if a test has failed that used the host, and people may want the log
//! ```
//!
//! All locks are advisory locks of the kernel, which ends them with their holders. A directory in
//! which `users` and `life` are free belongs to nobody, and the next sweep removes it.

use std::fs::{self, File};
use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

mod others;

pub(crate) use self::others::{Doing, all};
pub(super) use self::others::{end_idle, sweep, sweep_one};
use super::StateDir;
use super::proof::HOST;
use crate::config::HOST_DIR;
use crate::os::flock::{self, Strength};
use crate::os::{self, marked, unless};

/// The files of a host, in the order in which they are removed.
const FILES: [&str; 7] = [NEW_HANDLE, HANDLE, FAILED, LOG, STARTING, LIFE, USERS];
const USERS: &str = "users";
const LIFE: &str = "life";
const STARTING: &str = "starting";
const HANDLE: &str = "handle";
const NEW_HANDLE: &str = "handle.new";
const LOG: &str = "log";
const FAILED: &str = "failed";

/// The directory of one host. The host itself may have ended.
pub(crate) struct HostDir {
    path: PathBuf,
    state_dir: &'static StateDir,
}

/// The findings about a host.
pub(crate) enum Seen {
    /// It serves.
    Serving(Serving),
    /// It could not start.
    Failed {
        why: String,
        /// How long ago that was.
        age: Duration,
    },
    /// There is none, or it has not started yet.
    Absent,
}

/// A host that serves.
#[derive(Debug)]
pub(crate) struct Serving {
    /// Locked exclusively by the host while it lives.
    file: File,
    pub(crate) process: u32,
    pub(crate) handle: String,
}

impl HostDir {
    pub(crate) fn at(state_dir: &'static StateDir, name: &str) -> Self {
        HostDir {
            path: state_dir.hosts().join(name),
            state_dir,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        log_path(&self.path)
    }

    /// Opens the file that users lock, and creates the directory if it does not exist.
    pub(crate) fn users(&self) -> io::Result<File> {
        loop {
            // A sweep may remove the directory in between.
            if let Some(file) = unless(NotFound, self.open(USERS))? {
                return Ok(file);
            }
            self.state_dir.ensure_host_dir(&self.path)?;
        }
    }

    /// Whether a file that users have locked is still the one of this host.
    pub(crate) fn is_current(&self, users: &File) -> io::Result<bool> {
        is_current(&self.path, users)
    }

    pub(crate) fn life(&self) -> io::Result<File> {
        self.open(LIFE)
    }

    pub(crate) fn starting(&self) -> io::Result<File> {
        self.open(STARTING)
    }

    /// Forgets the host that started last. The caller has the file locked.
    pub(crate) fn begin(starting: &File) -> io::Result<()> {
        starting.set_len(0)
    }

    /// Notes that this process is the host that is starting.
    pub(crate) fn note_start(&self) -> io::Result<()> {
        self.starting()?
            .write_all(std::process::id().to_string().as_bytes())
    }

    /// Creates an empty log.
    pub(crate) fn new_log(&self) -> io::Result<File> {
        let log = self.open(LOG)?;
        log.set_len(0)?;
        Ok(log)
    }

    /// The end of the log: at most this many bytes.
    pub(crate) fn log(&self, most: u64) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(self.log_path())?;
            let before = file.metadata()?.len().saturating_sub(most);
            file.seek(SeekFrom::Start(before))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        loop {
            if let Some(file) = unless(NotFound, os::open_file(&path))? {
                return Ok(file);
            }
            let created = self.state_dir.create_in_place(&path);
            if let Some(file) = unless(AlreadyExists, created)? {
                return Ok(file);
            }
        }
    }

    /// Looks whether the host serves.
    pub(crate) fn look(&self) -> io::Result<Seen> {
        look(&self.path)
    }

    /// Publishes the handle of this process, which is the host. The host serves until the file is
    /// unlocked.
    pub(crate) fn publish(&self, handle: &str) -> io::Result<File> {
        let state = format!("serving {}", std::process::id());
        self.write_handle(&state, handle, true)
    }

    /// Publishes why this process could not become the host.
    pub(crate) fn publish_failure(&self, why: &str) -> io::Result<()> {
        self.write_handle("failed", why, false).map(drop)
    }

    fn write_handle(&self, state: &str, text: &str, is_locked: bool) -> io::Result<File> {
        let new = self.path.join(NEW_HANDLE);
        unless(NotFound, fs::remove_file(&new))?;
        let mut file = self.state_dir.create_in_place(&new)?;
        if is_locked {
            flock::lock(&file, Strength::Exclusive)?;
        }
        file.write_all(format!("{HOST}{state}\n{text}").as_bytes())?;
        fs::rename(new, self.path.join(HANDLE))?;
        Ok(file)
    }

    /// The value of the variable that marks the processes of the host, however the path is written.
    pub(crate) fn mark(&self) -> PathBuf {
        mark(&self.path)
    }

    /// Kills the processes that an earlier host has left. It and its supervisor have ended.
    pub(crate) fn kill_left(&self) -> io::Result<()> {
        marked::kill(HOST_DIR, &self.mark())
    }

    /// Notes that a test has failed that used the host.
    pub(crate) fn note_failure(&self) -> io::Result<()> {
        self.open(FAILED).map(drop)
    }

    /// Whether a test has failed that used the host.
    pub(crate) fn has_failure(&self) -> bool {
        self.path.join(FAILED).exists()
    }

    /// Forgets the failures of tests that used an earlier host, whose log is gone.
    pub(crate) fn forget_failure(&self) -> io::Result<()> {
        unless(NotFound, fs::remove_file(self.path.join(FAILED))).map(drop)
    }

    /// Removes everything, unless people may want the log. The host calls this last, with the lock of
    /// all users.
    pub(crate) fn finish(&self) -> io::Result<()> {
        if self.has_failure() {
            return Ok(());
        }
        // Otherwise the supervisor would still be ending them when the next host starts.
        self.kill_left()?;
        remove(&self.path)
    }

    /// Withdraws the handle of an earlier host, or why that could not start.
    pub(crate) fn withdraw(&self) -> io::Result<()> {
        unless(NotFound, fs::remove_file(self.path.join(HANDLE))).map(drop)
    }
}

/// Whether the file that users have locked is still the one of the host with this directory.
fn is_current(dir: &Path, users: &File) -> io::Result<bool> {
    let is_there = unless(NotFound, os::is_at(users, &dir.join(USERS)))?;
    Ok(is_there.unwrap_or(false))
}

fn mark(dir: &Path) -> PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}

/// Looks whether the host with this directory serves.
fn look(dir: &Path) -> io::Result<Seen> {
    let Some(mut file) = unless(NotFound, os::open_file(&dir.join(HANDLE)))? else {
        return Ok(Seen::Absent);
    };
    // The host locks the file before it gives it this name. A copy of the host that was forked
    // without `exec` may have the lock for longer.
    let is_alive = !flock::try_lock(&file, Strength::Shared)? && !is_free(&dir.join(LIFE))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let content = text.strip_prefix(HOST);
    let Some((state, rest)) = content.and_then(|content| content.split_once('\n')) else {
        return Ok(Seen::Absent);
    };
    let process = state.strip_prefix("serving ");
    Ok(match process.and_then(|process| process.parse().ok()) {
        Some(process) if is_alive => Seen::Serving(Serving {
            process,
            handle: rest.to_owned(),
            file,
        }),
        None if state == "failed" => Seen::Failed {
            why: rest.to_owned(),
            age: age(&file.metadata()?),
        },
        _ => Seen::Absent,
    })
}

/// Whether the lock on a file is free. That on a file that was removed is not.
fn is_free(path: &Path) -> io::Result<bool> {
    match unless(NotFound, os::open_file(path))? {
        Some(file) => flock::try_lock(&file, Strength::Shared),
        None => Ok(false),
    }
}

impl Serving {
    /// Whether the host is still alive.
    fn is_alive(&self) -> io::Result<bool> {
        flock::try_lock(&self.file, Strength::Shared).map(|is_free| !is_free)
    }

    /// Whether the host ends now or within a while.
    pub(crate) fn ends_within(&self, limit: Duration) -> io::Result<bool> {
        let file = self.file.try_clone()?;
        Ok(flock::lock_within(file, Strength::Shared, limit)?.is_some())
    }
}

/// The file to which the host with this directory prints.
pub(crate) fn log_path(dir: &Path) -> PathBuf {
    dir.join(LOG)
}

/// Notes that a test begins to use a host, for the host's choice of its end.
pub(crate) fn touch(users: &File) -> io::Result<()> {
    users.set_modified(os::real_time())
}

/// The last time at which a test has begun to use a host.
pub(crate) fn touched(users: &File) -> io::Result<SystemTime> {
    users.metadata()?.modified()
}

fn age(metadata: &fs::Metadata) -> Duration {
    let modified = metadata.modified().ok();
    let age = modified.and_then(|modified| modified.elapsed().ok());
    age.unwrap_or(Duration::ZERO)
}

fn remove(dir: &Path) -> io::Result<()> {
    for name in FILES {
        unless(NotFound, fs::remove_file(dir.join(name)))?;
    }
    fs::remove_dir(dir)
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::{Serving, flock};
    use crate::os::flock::Strength;

    #[test]
    fn a_host_may_end_during_a_wait() {
        let host = tempfile::NamedTempFile::new().unwrap();
        flock::lock(host.as_file(), Strength::Exclusive).unwrap();
        let serving = Serving {
            file: host.reopen().unwrap(),
            process: 1,
            handle: String::new(),
        };
        assert!(!serving.ends_within(Duration::from_millis(1)).unwrap());
        let end = thread::spawn(move || flock::unlock(host.as_file()));
        assert!(serving.ends_within(Duration::MAX).unwrap());
        end.join().unwrap();
    }
}
