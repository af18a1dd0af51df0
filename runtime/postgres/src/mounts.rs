//! Overlays that only the server sees, mounted by a process in its mount namespace.
//!
//! An ordinary user may mount an overlay in a user namespace. So the copy of the host that becomes the supervisor
//! of the server forks the *mounter*, which enters new namespaces, and joins it there. The server, which the
//! supervisor starts, loses the rights to mount with `exec`. The mounter, which runs no other program, keeps
//! them, and obeys the host until that ends.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libc::c_int;

/// The longest request: the kernel takes options of at most a page.
const LONGEST: usize = 8192;

/// What the mounter says once the server is in its namespaces.
const READY: u8 = 1;

/// More time than the mounter takes to say so after the server is ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// Mounts overlays for a server.
///
/// # When the process dies
///
/// The mounter ends when the host does, however that happens. The overlays end with the server.
#[derive(Debug)]
pub(crate) struct Mounts(Mutex<UnixStream>);

impl Mounts {
    /// The mounter, once the server runs. `None` if the system has no such namespaces for this user.
    pub(crate) fn of(mut here: UnixStream) -> Option<Self> {
        here.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut word = [0];
        here.read_exact(&mut word).ok()?;
        here.set_read_timeout(None).ok()?;
        (word == [READY]).then(|| Mounts(Mutex::new(here)))
    }

    /// Mounts an overlay on a directory.
    pub(crate) fn mount(&self, on: &Path, options: &OsStr) -> io::Result<()> {
        self.ask(on, options)
    }

    /// Takes an overlay away. A process that still has one of its files open keeps that file.
    pub(crate) fn unmount(&self, from: &Path) -> io::Result<()> {
        self.ask(from, OsStr::new(""))
    }

    fn ask(&self, path: &Path, options: &OsStr) -> io::Result<()> {
        let mut request = Vec::new();
        for text in [path.as_os_str(), options] {
            request.extend_from_slice(text.as_bytes());
            request.push(0);
        }
        if request.len() > LONGEST {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(&request.len().to_ne_bytes())?;
        stream.write_all(&request)?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer)?;
        match c_int::from_ne_bytes(answer) {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}

/// Lets a program run in a mount namespace of its own, whose mounter has this end of the connection. Where
/// that is not allowed, the program runs as always, and the connection is closed.
pub(crate) fn around(command: &mut Command, end: UnixStream) {
    // SAFETY: the function makes system calls only.
    unsafe { command.pre_exec(move || enter(end.as_raw_fd())) };
}

/// Forks the mounter, and joins its namespaces.
///
/// # Safety
///
/// This is a forked copy that has not run another program yet, with one thread.
unsafe fn enter(end: RawFd) -> io::Result<()> {
    // SAFETY: all calls are safe between fork and exec, and get valid pointers to locals.
    unsafe {
        let mut pair = [0; 2];
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
        check(libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()))?;
        let [here, there] = pair;
        let mounter = check(libc::fork())?;
        if mounter == 0 {
            serve(end, there);
        }
        libc::close(there);
        // The mounter ends unless it gets a byte.
        if receive(here, &mut [0]) && join(mounter) {
            send(here, &[READY]);
            libc::close(here);
        } else {
            libc::close(here);
            libc::waitpid(mounter, std::ptr::null_mut(), 0);
        }
    }
    Ok(())
}

/// Joins the namespaces of a process, all or none.
unsafe fn join(process: libc::pid_t) -> bool {
    // SAFETY: the calls take numbers only.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, process, 0);
        let descriptor = c_int::try_from(descriptor).unwrap_or(-1);
        let joined = libc::setns(descriptor, libc::CLONE_NEWUSER | libc::CLONE_NEWNS);
        libc::close(descriptor);
        joined == 0
    }
}

/// The mounter: enters new namespaces, lets the server join them, and obeys the host.
unsafe fn serve(end: RawFd, server: RawFd) -> ! {
    // SAFETY: all calls are safe in a forked copy, and get valid pointers to locals.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"isolated-mounts".as_ptr(), 0, 0, 0);
        // The handler is that of the host.
        libc::signal(libc::SIGTERM, libc::SIG_DFL);
        let has_closed = close_all_but(end, server);
        // A process that has changed its user may not write its own files in `/proc`, nor be joined. Other
        // processes of that user must not read what this one has of the host for longer than that.
        let could_be_read = libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
        libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
        let is_ready = has_closed
            && unshare().is_ok()
            && send(server, &[READY])
            && receive(server, &mut [0])
            && libc::prctl(libc::PR_SET_DUMPABLE, c_int::from(could_be_read), 0, 0, 0) == 0;
        libc::close(server);
        if !is_ready || !send(end, &[READY]) {
            libc::_exit(1);
        }
        let mut length = [0; size_of::<usize>()];
        let mut request = [0; LONGEST];
        while receive(end, &mut length) {
            let length = usize::from_ne_bytes(length).min(LONGEST);
            if !receive(end, &mut request[..length]) {
                break;
            }
            let error = obey(&request[..length]);
            send(end, &error.to_ne_bytes());
        }
        libc::_exit(0)
    }
}

/// Carries out a request. Returns the number of the error, or 0.
unsafe fn obey(request: &[u8]) -> c_int {
    let mut texts = request.split_inclusive(|byte| *byte == 0);
    let (Some(path), Some(options)) = (texts.next(), texts.next()) else {
        return libc::EINVAL;
    };
    let kind = c"overlay".as_ptr();
    // SAFETY: both texts end with a null.
    let result = unsafe {
        if options == [0] {
            libc::umount2(path.as_ptr().cast(), libc::MNT_DETACH)
        } else {
            let flags = libc::MS_NOSUID | libc::MS_NODEV;
            let options = options.as_ptr().cast();
            libc::mount(kind, path.as_ptr().cast(), kind, flags, options)
        }
    };
    match check(result) {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
    }
}

/// Enters a new user namespace, in which this user is the only one, and a new mount namespace.
unsafe fn unshare() -> io::Result<()> {
    // SAFETY: the calls take numbers only, or valid pointers.
    unsafe {
        let (uid, gid) = (libc::geteuid(), libc::getegid());
        check(libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS))?;
        write(c"/proc/self/setgroups", format_args!("deny"))?;
        write(c"/proc/self/uid_map", format_args!("{uid} {uid} 1"))?;
        write(c"/proc/self/gid_map", format_args!("{gid} {gid} 1"))
    }
}

unsafe fn write(path: &std::ffi::CStr, content: std::fmt::Arguments<'_>) -> io::Result<()> {
    let mut text = [0; 64];
    let mut rest = &mut text[..];
    rest.write_fmt(content)?;
    let length = 64 - rest.len();
    // SAFETY: the path ends with a null, and there are as many bytes.
    unsafe {
        let file = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
        let written = libc::write(file, text.as_ptr().cast(), length);
        let error = io::Error::last_os_error();
        libc::close(file);
        if usize::try_from(written) == Ok(length) {
            Ok(())
        } else {
            Err(error)
        }
    }
}

/// Closes all descriptors of this process, which are those of the host, except two.
unsafe fn close_all_but(one: RawFd, other: RawFd) -> bool {
    let (low, high) = (one.min(other), one.max(other));
    [(0, low - 1), (low + 1, high - 1), (high + 1, c_int::MAX)]
        .into_iter()
        .filter(|(first, last)| first <= last)
        // SAFETY: nothing in this process uses them any more.
        .all(|(first, last)| unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0)
}

/// Fills the buffer, unless the other end is closed.
unsafe fn receive(from: RawFd, mut buffer: &mut [u8]) -> bool {
    while !buffer.is_empty() {
        // SAFETY: there is as much room.
        let read = unsafe { libc::read(from, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(read) {
            Ok(0) => return false,
            Ok(read) => buffer = &mut buffer[read..],
            Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
    true
}

unsafe fn send(to: RawFd, bytes: &[u8]) -> bool {
    // SAFETY: there are as many bytes.
    let sent = unsafe {
        let flags = libc::MSG_NOSIGNAL;
        libc::send(to, bytes.as_ptr().cast(), bytes.len(), flags)
    };
    usize::try_from(sent) == Ok(bytes.len())
}

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
