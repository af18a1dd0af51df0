//! The processes that tests of one state directory have started, and when they are gone.

#![expect(unsafe_code, reason = "the standard library has no locks on files yet")]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::mpsc;
use std::thread;

use crate::{PATIENCE, State};

impl State {
    /// Lists the living processes that have this directory among their variables, with the names
    /// of their programs: inner tests, the processes of their bodies, and what these have started.
    #[must_use]
    pub fn processes(&self) -> Vec<(u32, String)> {
        let mark = [b"ISOLATED_DIR=", self.path().as_os_str().as_bytes()].concat();
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut found: Vec<_> = numbers
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let variables = fs::read(entry.path().join("environ")).ok()?;
                let is_ours = variables.split(|byte| *byte == 0).any(|one| one == mark);
                let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
                is_ours.then(|| (pid, name.trim().to_owned()))
            })
            .collect();
        found.sort();
        found
    }

    /// Waits until nobody holds a record any more: neither a process that runs tests, nor somebody
    /// who ends what such a process has left.
    ///
    /// # Panics
    ///
    /// Panics when that takes too long.
    pub fn wait_until_records_are_free(&self) {
        let runs = self.path().join("runs");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
                if entry.path().extension() == Some(OsStr::new("lock")) {
                    // One that is removed meanwhile had nobody.
                    if let Ok(file) = File::open(entry.path()) {
                        lock(&file);
                    }
                }
            }
            let _ = sender.send(());
        });
        assert!(
            receiver.recv_timeout(PATIENCE).is_ok(),
            "somebody is still there: {:?}",
            self.processes()
        );
    }
}

/// Locks a file, until it is closed, as soon as nobody else has it locked.
pub fn lock(file: &File) {
    // SAFETY: the call takes numbers only, of which the first is an open descriptor.
    while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

/// Tells whether a process is there and has not ended.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, tail)| tail.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}
