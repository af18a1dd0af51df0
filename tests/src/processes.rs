//! The processes that tests of one state directory have started, and when they are gone.

#![expect(
    unsafe_code,
    reason = "the standard library has no locks on files yet, and never traces"
)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::mpsc;
use std::thread;

use crate::{PATIENCE, State};

impl State {
    /// Lists the living processes whose environment names this directory, with the names of their
    /// programs: inner tests, the subprocesses of their bodies, and the programs that these have
    /// started.
    ///
    /// Misses a process that is calling exec at this moment, because its environment is empty.
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

    /// Waits until nobody holds a record any more: no process that runs tests, and no process that
    /// ends what such a process has left behind.
    ///
    /// # Panics
    ///
    /// Panics if that takes too long.
    pub fn wait_until_records_are_free(&self) {
        let runs = self.path().join("runs");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
                if entry.path().extension() == Some(OsStr::new("isolated-test")) {
                    // A record that is removed meanwhile had no holder.
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

/// Locks a file until it is closed. Blocks while somebody else has it locked.
pub fn lock(file: &File) {
    // SAFETY: the call takes only numbers, and the first is an open descriptor.
    while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } < 0
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

/// Whether nobody has a file locked exclusively.
#[must_use]
pub fn is_free(file: &File) -> bool {
    let request = |operation| {
        // SAFETY: the call takes only numbers, and the first is an open descriptor.
        unsafe { libc::flock(file.as_raw_fd(), operation) == 0 }
    };
    request(libc::LOCK_SH | libc::LOCK_NB) && request(libc::LOCK_UN)
}

/// Whether a process exists and has not ended.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, tail)| tail.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// The parent of a process.
///
/// # Panics
///
/// Panics if the process is gone.
#[must_use]
pub fn parent(pid: u32) -> u32 {
    field(pid, 1)
}

/// The session of a process.
///
/// # Panics
///
/// Panics if the process is gone.
#[must_use]
pub fn session(pid: u32) -> u32 {
    field(pid, 3)
}

/// A field of the status of a process, counted from the one after its name.
fn field(pid: u32, index: usize) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields = stat.rsplit_once(") ").expect("fields").1;
    let field = fields.split(' ').nth(index).expect("more fields");
    field.parse().expect("a number")
}

/// A process that is paused until this is dropped.
///
/// It is traced, because a process that was stopped by a signal continues when its parent dies.
#[derive(Debug)]
#[must_use = "the process goes on as soon as this is dropped"]
pub struct Paused {
    process: libc::pid_t,
    /// Only the thread that has paused the process can resume it.
    thread: PhantomData<*const ()>,
}

/// Pauses a process that this one or one of its children has started.
///
/// # Panics
///
/// Panics if that is not allowed.
pub fn pause(pid: u32) -> Paused {
    let process = libc::pid_t::try_from(pid).expect("a process");
    let nothing = ptr::null_mut::<libc::c_void>();
    let mut status = 0;
    // SAFETY: the requests use no memory, and `status` can be written.
    unsafe {
        for request in [libc::PTRACE_SEIZE, libc::PTRACE_INTERRUPT] {
            let result = libc::ptrace(request, process, nothing, nothing);
            assert!(result == 0, "{pid}: {}", io::Error::last_os_error());
        }
        libc::waitpid(process, &raw mut status, libc::__WALL);
    }
    assert!(libc::WIFSTOPPED(status), "{pid}: {status}");
    Paused {
        process,
        thread: PhantomData,
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        let nothing = ptr::null_mut::<libc::c_void>();
        // SAFETY: the request uses no memory.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.process, nothing, nothing) };
    }
}
