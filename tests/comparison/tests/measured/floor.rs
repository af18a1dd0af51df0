//! The bare system calls that each promise requires, and nothing else.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::place;

/// An exclusive lock on an existing file: open, flock, unlock, close.
pub(crate) fn serial() {
    locked(FlockOperation::LockExclusive, || ());
}

/// A shared lock on the same file.
pub(crate) fn shared() {
    locked(FlockOperation::LockShared, || ());
}

/// Runs `body` under a lock and waits for the lock in the kernel.
pub(crate) fn locked(how: FlockOperation, body: impl FnOnce()) {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(place::lock(), flags, Mode::empty()).expect("the file is there");
    while rustix::fs::flock(&file, how).is_err() {}
    body();
    rustix::fs::flock(&file, FlockOperation::Unlock).expect("the lock is held");
}

/// A directory: mkdir, rmdir.
pub(crate) fn tmpdir() {
    let path = place::floor().join("directory");
    rustix::fs::mkdir(&path, Mode::RWXU).expect("nobody else makes it");
    rustix::fs::rmdir(&path).expect("it is empty");
}

/// A port that stays reserved: socket, dual stack, bind, both reuse options, getsockname, close.
pub(crate) fn port() {
    drop(held());
}

/// A port and the socket that reserves it.
pub(crate) fn held() -> (OwnedFd, u16) {
    let kind = (
        AddressFamily::INET6,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
    );
    let socket = rustix::net::socket_with(kind.0, kind.1, kind.2, None).expect("IPv6 is there");
    sockopt::set_ipv6_v6only(&socket, false).expect("both families are possible");
    let any = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0);
    rustix::net::bind(&socket, &any).expect("a port is free");
    sockopt::set_socket_reuseaddr(&socket, true).expect("sockets have this option");
    sockopt::set_socket_reuseport(&socket, true).expect("sockets have this option");
    let address = rustix::net::getsockname(&socket).expect("it is bound");
    let address: SocketAddrV6 = address.try_into().expect("it is bound to IPv6");
    (socket, address.port())
}

/// All three, nested as in a test that needs all of them.
pub(crate) fn all() {
    locked(FlockOperation::LockExclusive, || {
        let held = held();
        tmpdir();
        drop(held);
    });
}

/// A subprocess of this binary that runs one empty test: fork, exec, wait.
#[expect(
    unsafe_code,
    reason = "the standard library forks only when it has something to do before exec"
)]
pub(crate) fn process() {
    let mut command = empty_test();
    // SAFETY: the closure does nothing between fork and exec.
    unsafe { command.pre_exec(|| Ok(())) };
    run(&mut command);
}

/// Like [`process`], without copying this process: `posix_spawn`, which can do nothing before exec.
pub(crate) fn spawned_process() {
    run(&mut empty_test());
}

fn empty_test() -> Command {
    let this = std::env::current_exe().expect("the binary is still there");
    let mut command = Command::new(this);
    command
        .args(["processes::empty", "--exact", "--quiet", "--test-threads=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let ended = command.status().expect("the binary can be run");
    assert!(ended.success());
}
