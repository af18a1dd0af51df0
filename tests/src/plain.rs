//! Operations that the standard library lacks or does differently: sockets without options, limits
//! of a child, a kernel without IPv6.

#![expect(unsafe_code, reason = "the standard library has none of this")]

use std::ffi::CString;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::ptr::null;
use std::time::Instant;

/// Listens on a port of all IPv4 addresses without setting any socket option.
///
/// # Errors
///
/// Fails if any socket is bound to the port.
pub fn listen(port: u16) -> io::Result<OwnedFd> {
    let socket = bind(libc::SOCK_STREAM, port, None)?;
    // SAFETY: `listen` takes numbers only.
    check(unsafe { libc::listen(socket.as_raw_fd(), 1) })?;
    Ok(socket)
}

/// The socket that a supervisor of services has passed to this program, as systemd does.
///
/// # Safety
///
/// Nothing else in this program uses descriptor 3.
#[must_use]
pub unsafe fn inherited_listener() -> TcpListener {
    // SAFETY: the caller guarantees that it has no other owner.
    unsafe { TcpListener::from_raw_fd(3) }
}

/// Listens on a port of all IPv4 addresses with `SO_REUSEPORT` as the only option.
///
/// # Errors
///
/// Fails if a socket without that option is bound to the port.
pub fn listen_reusing_port(port: u16) -> io::Result<OwnedFd> {
    let socket = bind(libc::SOCK_STREAM, port, Some(libc::SO_REUSEPORT))?;
    // SAFETY: `listen` takes numbers only.
    check(unsafe { libc::listen(socket.as_raw_fd(), 1) })?;
    Ok(socket)
}

/// Listens on a port as soon as it is free. The kernel may give a number that nobody holds to any
/// socket for a moment.
///
/// # Panics
///
/// Panics if it does not become free.
#[must_use]
pub fn listen_when_free(port: u16) -> OwnedFd {
    let deadline = Instant::now() + crate::PATIENCE;
    loop {
        match listen(port) {
            Ok(server) => return server,
            Err(error) => assert!(
                Instant::now() < deadline,
                "port {port} is not free: {error}"
            ),
        }
        std::thread::yield_now();
    }
}

/// Binds a UDP port of all IPv4 addresses without any option.
///
/// # Errors
///
/// Fails if any socket is bound to the port.
pub fn bind_udp(port: u16) -> io::Result<OwnedFd> {
    bind(libc::SOCK_DGRAM, port, None)
}

fn bind(kind: libc::c_int, port: u16, option: Option<libc::c_int>) -> io::Result<OwnedFd> {
    // SAFETY: `socket` takes numbers only.
    let raw = check(unsafe { libc::socket(libc::AF_INET, kind | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: `raw` was just opened and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    if let Some(option) = option {
        let on: libc::c_int = 1;
        // SAFETY: `on` has the given size, and is valid for the call.
        check(unsafe {
            libc::setsockopt(raw, libc::SOL_SOCKET, option, (&raw const on).cast(), 4)
        })?;
    }
    let address = libc::sockaddr_in {
        sin_family: libc::sa_family_t::try_from(libc::AF_INET).unwrap_or_default(),
        sin_port: port.to_be(),
        sin_addr: libc::in_addr {
            s_addr: Ipv4Addr::UNSPECIFIED.to_bits(),
        },
        sin_zero: [0; 8],
    };
    let length = libc::socklen_t::try_from(mem::size_of_val(&address)).unwrap_or_default();
    // SAFETY: `address` is an address of the given length, valid for the call.
    check(unsafe { libc::bind(raw, (&raw const address).cast(), length) })?;
    Ok(socket)
}

/// Limits the number of open descriptors of a child.
pub fn limit_descriptors(command: &mut Command, most: u32) {
    // SAFETY: the call reads the limit that it is given.
    limit(command, most, |limit| unsafe {
        libc::setrlimit(libc::RLIMIT_NOFILE, limit)
    });
}

/// Limits the size of the files that a child writes. A write beyond the limit fails without a
/// signal.
pub fn limit_file_size(command: &mut Command, most: u32) {
    // SAFETY: the call reads the limit that it is given.
    limit(command, most, |limit| unsafe {
        libc::setrlimit(libc::RLIMIT_FSIZE, limit)
    });
}

/// Sets a limit in a child. `set` makes the call, because no type of the resource's number exists
/// on all platforms.
fn limit(
    command: &mut Command,
    most: u32,
    set: impl Fn(&libc::rlimit) -> libc::c_int + Send + Sync + 'static,
) {
    let limit = libc::rlimit {
        rlim_cur: most.into(),
        rlim_max: most.into(),
    };
    // SAFETY: between fork and exec only these system calls are made.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            check(set(&limit)).map(drop)
        });
    }
}

/// Mounts a file system for a child at a directory. It is full when the child starts, but has room
/// for a few empty files.
///
/// The child does not start where mounting is not permitted.
///
/// # Panics
///
/// Panics if the path contains a zero byte.
pub fn with_full_disk(command: &mut Command, dir: &Path) {
    let text = |bytes: &[u8]| CString::new(bytes).expect("a path without zero bytes");
    let (root, kind, options) = (
        text(b"/"),
        text(b"tmpfs"),
        text(b"size=64k,nr_inodes=100,mode=700"),
    );
    let (at, ballast) = (
        text(dir.as_os_str().as_bytes()),
        text(dir.join("ballast").as_os_str().as_bytes()),
    );
    // SAFETY: between fork and exec only these system calls are made, on memory that stays valid.
    unsafe {
        command.pre_exec(move || {
            check(libc::unshare(libc::CLONE_NEWNS))?;
            check(libc::mount(
                null(),
                root.as_ptr(),
                null(),
                libc::MS_REC | libc::MS_PRIVATE,
                null(),
            ))?;
            check(libc::mount(
                kind.as_ptr(),
                at.as_ptr(),
                kind.as_ptr(),
                0,
                options.as_ptr().cast(),
            ))?;
            let file = check(libc::open(
                ballast.as_ptr(),
                libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC,
                0o600,
            ))?;
            while libc::write(file, [0_u8; 4096].as_ptr().cast(), 4096) > 0 {}
            check(libc::close(file)).map(drop)
        });
    }
}

/// Forks a child that keeps copies of all descriptors but the standard ones, runs no other program,
/// and dies after a minute if nobody kills it. Returns its process identifier.
///
/// # Errors
///
/// Fails if the kernel cannot fork.
pub fn fork_and_stay() -> io::Result<libc::pid_t> {
    // SAFETY: the child only makes system calls, and never returns.
    unsafe {
        let child = check(libc::fork())?;
        if child == 0 {
            // A reader of our output must not have to wait for the child.
            for number in 0..3 {
                libc::close(number);
            }
            libc::alarm(60);
            loop {
                libc::pause();
            }
        }
        Ok(child)
    }
}

/// Forks a child that ends at once, like a program that returns from `main`, and waits for it.
///
/// # Errors
///
/// Fails if the kernel cannot fork.
pub fn fork_and_exit() -> io::Result<()> {
    // SAFETY: the child only runs the exit handlers, and never returns.
    unsafe {
        let child = check(libc::fork())?;
        if child == 0 {
            libc::exit(0);
        }
        check(libc::waitpid(child, std::ptr::null_mut(), 0)).map(drop)
    }
}

/// Forks a child that calls `act`, and returns the result.
///
/// # Errors
///
/// Fails if the kernel cannot fork.
pub fn fork_and(act: impl FnOnce() -> bool) -> io::Result<bool> {
    // SAFETY: the child continues on its copy of the memory, and never returns. No other thread of
    // the inner test that calls this does anything meanwhile.
    unsafe {
        let child = check(libc::fork())?;
        if child == 0 {
            let well = act();
            libc::_exit(i32::from(!well));
        }
        let mut status = 0;
        check(libc::waitpid(child, &raw mut status, 0))?;
        Ok(status == 0)
    }
}

/// Sets the umask of a child.
pub fn with_umask(command: &mut Command, mask: libc::mode_t) {
    // SAFETY: between fork and exec only this system call is made.
    unsafe {
        command.pre_exec(move || {
            libc::umask(mask);
            Ok(())
        });
    }
}

/// Kills a process that [`fork_and_stay`] has left behind. Returns whether it existed.
#[must_use]
pub fn kill(process: libc::pid_t) -> bool {
    // SAFETY: `kill` takes numbers only.
    unsafe { libc::kill(process, libc::SIGKILL) == 0 }
}

/// Makes a child write its errors to a pipe that has no reader any longer.
pub fn with_broken_errors(command: &mut Command) {
    // SAFETY: between fork and exec only these system calls are made, on memory of the child.
    unsafe {
        command.pre_exec(|| {
            let mut ends = [0; 2];
            check(libc::pipe(ends.as_mut_ptr()))?;
            check(libc::dup2(ends[1], 2))?;
            check(libc::close(ends[0]))?;
            check(libc::close(ends[1])).map(drop)
        });
    }
}

/// Makes a child find a kernel without IPv6.
pub fn without_ipv6(command: &mut Command) {
    fn family(name: libc::c_int) -> u32 {
        name.unsigned_abs()
    }
    /// Offsets in `struct seccomp_data` of the number of the call and of the first half of its
    /// first argument.
    const CALL: u32 = 0;
    const FIRST: u32 = 16;

    let op = |code: u32, jt, jf, k| libc::sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt,
        jf,
        k,
    };
    let (load, equal, give) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        libc::BPF_RET,
    );
    let refused = libc::SECCOMP_RET_ERRNO | libc::EAFNOSUPPORT.unsigned_abs();
    let filter = [
        op(load, 0, 0, CALL),
        op(
            equal,
            0,
            3,
            u32::try_from(libc::SYS_socket).unwrap_or_default(),
        ),
        op(load, 0, 0, FIRST),
        op(equal, 0, 1, family(libc::AF_INET6)),
        op(give, 0, 0, refused),
        op(give, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    // SAFETY: between fork and exec only these system calls are made, on memory that stays valid.
    unsafe {
        command.pre_exec(move || {
            let mut filter = filter;
            let program = libc::sock_fprog {
                len: 6,
                filter: filter.as_mut_ptr(),
            };
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
            check(libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            ))
            .map(drop)
        });
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
