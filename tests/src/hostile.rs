//! Neighbours and parents of a test whose behaviour breaks a careless runtime.

#![expect(unsafe_code, reason = "the standard library does none of this")]

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Makes this process ignore `SIGCHLD`, so that the kernel reaps its children.
pub fn ignore_children() {
    // SAFETY: nothing else in this process handles the signal.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
}

/// Makes a child start with `SIGCHLD` ignored.
pub fn with_ignored_children(command: &mut Command) {
    // SAFETY: between fork and exec only this system call is made.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGCHLD, libc::SIG_IGN);
            Ok(())
        });
    }
}

/// Reaps every child of this process until told to stop.
pub fn collect_all_children(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        // SAFETY: nothing is written.
        if unsafe { libc::waitpid(-1, null_mut(), 0) } < 0 {
            thread::yield_now();
        }
    }
}

/// Makes a child, and everything that it starts, find an empty `/dev`.
///
/// The child does not start where this is not permitted.
pub fn without_devices(command: &mut Command) {
    // SAFETY: between fork and exec only these system calls are made, on memory that stays valid.
    unsafe {
        command.pre_exec(|| {
            check(libc::unshare(libc::CLONE_NEWNS))?;
            let (root, devices) = (c"/".as_ptr(), c"/dev".as_ptr());
            let private = libc::MS_REC | libc::MS_PRIVATE;
            check(libc::mount(null(), root, null(), private, null()))?;
            let kind = c"tmpfs".as_ptr();
            check(libc::mount(kind, devices, kind, 0, null())).map(drop)
        });
    }
}

/// Whether a supervisor can share the memory of its parent, on this kernel and processor.
///
/// # Panics
///
/// Panics if the kernel has no version.
#[must_use]
pub fn memory_can_be_shared() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a version");
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next()?.parse().ok();
    let is_recent = (next(), next()) >= (Some(5), Some(16));
    let processors = ["x86_64", "aarch64", "riscv64"];
    is_recent && processors.contains(&std::env::consts::ARCH)
}

/// Whether two processes share one memory.
///
/// # Errors
///
/// Fails if the system does not tell.
pub fn share_memory(one: u32, other: u32) -> io::Result<bool> {
    /// `KCMP_VM`: compares memory.
    const MEMORY: libc::c_int = 1;

    // SAFETY: the call takes numbers only.
    match unsafe { libc::syscall(libc::SYS_kcmp, one, other, MEMORY, 0, 0) } {
        0 => Ok(true),
        1.. => Ok(false),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Counts the read ends of pipes, other than standard input, that programs started by this process
/// inherit.
///
/// # Panics
///
/// Panics if the system does not tell.
#[must_use]
pub fn inherited_pipes() -> usize {
    const KIND: libc::c_int = libc::O_ACCMODE | libc::O_CLOEXEC;

    let is_one = |number: &str| {
        let target = fs::read_link(Path::new("/proc/self/fd").join(number)).ok()?;
        let info = fs::read_to_string(Path::new("/proc/self/fdinfo").join(number)).ok()?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let flags = libc::c_int::from_str_radix(flags.trim(), 8).ok()?;
        let is_pipe = target.to_string_lossy().starts_with("pipe:");
        Some(number != "0" && is_pipe && flags & KIND == libc::O_RDONLY)
    };
    let all = fs::read_dir("/proc/self/fd").expect("descriptors");
    let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| is_one(name) == Some(true)).count()
}

/// Starts a program through another one, such as the loader or valgrind, which gets these arguments
/// first.
pub fn run_by(command: &mut Command, launcher: &Path, arguments: &[&str]) {
    let mut started = Command::new(launcher);
    started
        .args(arguments)
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    *command = started;
}

/// Starts one child after the other until told to stop. Each is a fork of this process until it
/// calls exec.
///
/// # Panics
///
/// Panics if a child does not start.
pub fn start_children(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let mut command = Command::new("true");
        // SAFETY: nothing is called between fork and exec; a closure that could be called makes the
        // standard library fork.
        unsafe { command.pre_exec(|| Ok(())) };
        command.status().expect("a child starts");
    }
}
