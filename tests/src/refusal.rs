//! A kernel that refuses namespaces: simulated, or the real one.

#![expect(
    unsafe_code,
    reason = "the standard library knows no filters of system calls"
)]

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::is_root;

/// Makes the kernel refuse namespaces to a child and everything that it starts, as containers do.
pub fn without_namespaces(command: &mut Command) {
    /// Offset in `struct seccomp_data` of the number of the call.
    const CALL: u32 = 0;

    let op = |code: u32, jt, jf, k| libc::sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt,
        jf,
        k,
    };
    let call = u32::try_from(libc::SYS_unshare).unwrap_or_default();
    let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs();
    let filter = [
        op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, CALL),
        op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, call),
        op(libc::BPF_RET, 0, 0, refused),
        op(libc::BPF_RET, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    // SAFETY: between fork and exec only these system calls are made, on memory that stays valid.
    unsafe {
        command.pre_exec(move || {
            let mut filter = filter;
            let program = libc::sock_fprog {
                len: 4,
                filter: filter.as_mut_ptr(),
            };
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                || libc::prctl(
                    libc::PR_SET_SECCOMP,
                    libc::SECCOMP_MODE_FILTER,
                    &raw const program,
                ) < 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
}

/// Whether this kernel refuses networks to an ordinary user or to this one. If so, prints that the
/// test is skipped, because a test that needs a network has nothing to check.
#[must_use]
pub fn networks_are_refused() -> bool {
    const NOBODY: u32 = 65534;

    let is_allowed = |change: &dyn Fn(&mut Command)| {
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--user", "--net", "true"])
            .stderr(Stdio::null());
        change(&mut unshare);
        unshare.status().is_ok_and(|status| status.success())
    };
    let as_nobody = |command: &mut Command| {
        if is_root() {
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
    };
    let is_refused = !is_allowed(&|_| {}) || !is_allowed(&as_nobody);
    if is_refused {
        let line = b"skipped: this system refuses networks of a process's own\n";
        let _ = io::stderr().lock().write_all(line);
    }
    is_refused
}
