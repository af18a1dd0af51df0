//! The system calls that are reported, and what they do.

use libc::c_long;

use crate::findings::Kind;

/// The first argument of the `prctl` calls in which the shim reports a variable.
pub(super) const SHIM: u32 = 0x1501_a7ed;

/// When a call is reported.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    Always,
    /// If an argument has one of these values.
    Is(usize, &'static [u32]),
    /// If an argument is not null.
    IsSome(usize),
    /// Unless these flags have `AT_EMPTY_PATH` and the first argument is a descriptor, as with `fstat`:
    /// the call is then about the descriptor and not about a path. With a path, the flag has no
    /// effect, and the call is missed.
    UnlessDescriptor(usize),
}

/// The effect of a call, with the positions of its arguments.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    Path(At, PathCall),
    Rename(At, At),
    /// Reads the entries of a directory, by its descriptor.
    List,
    ChangeDir,
    AskDir,
    Umask,
    Bind,
    Connect,
    /// `sendto` with a destination.
    Send,
    AskPort,
    /// System V IPC, by its key.
    Ipc {
        kind: Kind,
        flags: usize,
    },
    OpenQueue,
    RemoveQueue,
    SetHandler,
    Signal {
        process: usize,
        number: usize,
    },
    /// `prctl`: sets the name of a thread, or carries the name of a variable from the shim.
    Name,
    EndThread,
    EndProcess,
    /// Enters other namespaces.
    Enter,
}

/// The effect of a call on one path.
#[derive(Debug, Clone, Copy)]
pub(super) enum PathCall {
    Open(Flags),
    Look,
    Run,
    Change,
    Remove,
    MakeDir,
    /// Creates a link, or a file of another kind.
    Make,
}

/// A path, relative to a directory or to the working directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) dir: Option<usize>,
    pub(super) path: usize,
}

/// The flags of `open`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Flags {
    At(usize),
    /// In the structure that an argument points to.
    Behind(usize),
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "only `creat` has fixed flags")
    )]
    Of(i32),
}

const fn plain(path: usize) -> At {
    At { dir: None, path }
}

/// A path whose directory is the argument before it.
const fn at(path: usize) -> At {
    let dir = Some(path - 1);
    At { dir, path }
}

const CALLS: &[(c_long, Call)] = &[
    (
        libc::SYS_openat,
        Call::Path(at(1), PathCall::Open(Flags::At(2))),
    ),
    (
        libc::SYS_openat2,
        Call::Path(at(1), PathCall::Open(Flags::Behind(2))),
    ),
    (libc::SYS_newfstatat, Call::Path(at(1), PathCall::Look)),
    (libc::SYS_statx, Call::Path(at(1), PathCall::Look)),
    (libc::SYS_faccessat, Call::Path(at(1), PathCall::Look)),
    (libc::SYS_faccessat2, Call::Path(at(1), PathCall::Look)),
    (libc::SYS_readlinkat, Call::Path(at(1), PathCall::Look)),
    (libc::SYS_execve, Call::Path(plain(0), PathCall::Run)),
    (libc::SYS_execveat, Call::Path(at(1), PathCall::Run)),
    (libc::SYS_unlinkat, Call::Path(at(1), PathCall::Remove)),
    (libc::SYS_mkdirat, Call::Path(at(1), PathCall::MakeDir)),
    (libc::SYS_mknodat, Call::Path(at(1), PathCall::Make)),
    (libc::SYS_symlinkat, Call::Path(at(2), PathCall::Make)),
    (libc::SYS_linkat, Call::Path(at(3), PathCall::Make)),
    (libc::SYS_renameat2, Call::Rename(at(1), at(3))),
    (libc::SYS_renameat, Call::Rename(at(1), at(3))),
    (libc::SYS_truncate, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_fchmodat, Call::Path(at(1), PathCall::Change)),
    (libc::SYS_fchownat, Call::Path(at(1), PathCall::Change)),
    (libc::SYS_utimensat, Call::Path(at(1), PathCall::Change)),
    (libc::SYS_setxattr, Call::Path(plain(0), PathCall::Change)),
    (
        libc::SYS_removexattr,
        Call::Path(plain(0), PathCall::Change),
    ),
    (libc::SYS_getdents64, Call::List),
    (libc::SYS_chdir, Call::ChangeDir),
    (libc::SYS_fchdir, Call::ChangeDir),
    (libc::SYS_getcwd, Call::AskDir),
    (libc::SYS_umask, Call::Umask),
    (libc::SYS_bind, Call::Bind),
    (libc::SYS_connect, Call::Connect),
    (libc::SYS_sendto, Call::Send),
    (libc::SYS_getsockname, Call::AskPort),
    (
        libc::SYS_shmget,
        Call::Ipc {
            kind: Kind::SharedMemory,
            flags: 2,
        },
    ),
    (
        libc::SYS_semget,
        Call::Ipc {
            kind: Kind::Semaphore,
            flags: 2,
        },
    ),
    (
        libc::SYS_msgget,
        Call::Ipc {
            kind: Kind::MessageQueue,
            flags: 1,
        },
    ),
    (libc::SYS_mq_open, Call::OpenQueue),
    (libc::SYS_mq_unlink, Call::RemoveQueue),
    (libc::SYS_rt_sigaction, Call::SetHandler),
    (
        libc::SYS_kill,
        Call::Signal {
            process: 0,
            number: 1,
        },
    ),
    (
        libc::SYS_tgkill,
        Call::Signal {
            process: 0,
            number: 2,
        },
    ),
    (libc::SYS_prctl, Call::Name),
    (libc::SYS_exit, Call::EndThread),
    (libc::SYS_exit_group, Call::EndProcess),
    (libc::SYS_unshare, Call::Enter),
    (libc::SYS_setns, Call::Enter),
];

/// Calls that newer architectures lack.
#[cfg(target_arch = "x86_64")]
const OLD_CALLS: &[(c_long, Call)] = &[
    (
        libc::SYS_open,
        Call::Path(plain(0), PathCall::Open(Flags::At(1))),
    ),
    (
        libc::SYS_creat,
        Call::Path(
            plain(0),
            PathCall::Open(Flags::Of(libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC)),
        ),
    ),
    (libc::SYS_stat, Call::Path(plain(0), PathCall::Look)),
    (libc::SYS_lstat, Call::Path(plain(0), PathCall::Look)),
    (libc::SYS_access, Call::Path(plain(0), PathCall::Look)),
    (libc::SYS_readlink, Call::Path(plain(0), PathCall::Look)),
    (libc::SYS_unlink, Call::Path(plain(0), PathCall::Remove)),
    (libc::SYS_rmdir, Call::Path(plain(0), PathCall::Remove)),
    (libc::SYS_mkdir, Call::Path(plain(0), PathCall::MakeDir)),
    (libc::SYS_mknod, Call::Path(plain(0), PathCall::Make)),
    (libc::SYS_symlink, Call::Path(plain(1), PathCall::Make)),
    (libc::SYS_link, Call::Path(plain(1), PathCall::Make)),
    (libc::SYS_rename, Call::Rename(plain(0), plain(1))),
    (libc::SYS_chmod, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_chown, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_lchown, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_utime, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_utimes, Call::Path(plain(0), PathCall::Change)),
    (libc::SYS_getdents, Call::List),
];
#[cfg(not(target_arch = "x86_64"))]
const OLD_CALLS: &[(c_long, Call)] = &[];

/// All calls, with the condition under which they are reported.
pub(super) fn all() -> impl Iterator<Item = (c_long, When)> {
    let calls = CALLS.iter().chain(OLD_CALLS);
    calls.map(|(number, call)| (*number, when(*number, *call)))
}

/// The call with this number.
pub(super) fn of(number: c_long) -> Option<Call> {
    let mut calls = CALLS.iter().chain(OLD_CALLS);
    let (_, call) = calls.find(|(other, _)| *other == number)?;
    Some(*call)
}

fn when(number: c_long, call: Call) -> When {
    match (number, call) {
        (libc::SYS_newfstatat, _) => When::UnlessDescriptor(3),
        (libc::SYS_statx, _) => When::UnlessDescriptor(2),
        (_, Call::Name) => When::Is(0, &[15, SHIM]),
        (_, Call::SetHandler) => When::IsSome(1),
        (_, Call::Send) => When::IsSome(4),
        _ => When::Always,
    }
}
