//! Becomes the process of a test: what happens between `fork` and `exec`.
//!
//! Only what is safe after a fork in a process with threads may be called here: no allocation, no
//! lock, no panic.

#![expect(
    unsafe_code,
    reason = "nothing of the standard library may be used between fork and exec"
)]

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

#[cfg(target_os = "linux")]
use libc::c_int;
use libc::pid_t;

use super::supervisor::check;

/// What a supervisor needs to know and to start; made before the fork.
pub(crate) struct Plan {
    /// The supervisor's end of the leash.
    pub(crate) leash: RawFd,
    /// What it keeps open besides.
    pub(crate) keep: Vec<RawFd>,
    /// What the test's process inherits.
    pub(crate) inherit: Vec<RawFd>,
    pub(crate) program: Program,
    #[cfg(target_os = "linux")]
    pub(crate) network: Option<super::network::Way>,
    /// Where it says which step to a network was refused.
    #[cfg(target_os = "linux")]
    pub(crate) steps: RawFd,
}

/// What must be as it was before in the process of the test.
pub(super) struct Before {
    pub(super) supervisor: pid_t,
    pub(super) mask: libc::sigset_t,
    pub(super) child_handler: libc::sigaction,
}

/// More than [`become_test`] and what it calls can need.
#[cfg(target_os = "linux")]
const STACK: usize = 64 * 1024;

/// What the process of the test needs to begin, and why it did not.
#[cfg(target_os = "linux")]
struct Start<'a> {
    plan: &'a Plan,
    before: &'a Before,
    failure: Option<io::Error>,
}

#[cfg(target_os = "linux")]
extern "C" fn enter(start: *mut libc::c_void) -> c_int {
    // SAFETY: it points to a local of `start`, which nobody else uses until this process has another
    // program or has ended.
    let start = unsafe { &mut *start.cast::<Start<'_>>() };
    start.failure = Some(become_test(start.plan, start.before));
    // SAFETY: nothing of this process needs an end.
    unsafe { libc::_exit(1) }
}

/// Starts the process of the test in the memory of this one, which stands still until it runs its
/// program: that is faster than a copy.
#[cfg(target_os = "linux")]
pub(super) fn start(plan: &Plan, before: &Before) -> io::Result<pid_t> {
    let mut start = Start {
        plan,
        before,
        failure: None,
    };
    // SAFETY: the stack is mapped for as long as it is used, and grows down from its end, as on all
    // platforms that Linux runs on and Rust supports. The other process uses this memory only while
    // this one stands still.
    let child = unsafe {
        let stack = libc::mmap(
            ptr::null_mut(),
            STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
            -1,
            0,
        );
        if stack == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        check(libc::clone(
            enter,
            stack.byte_add(STACK),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            (&raw mut start).cast(),
        ))?
    };
    match start.failure {
        None => Ok(child),
        Some(error) => Err(error),
    }
}

/// Starts the process of the test as a copy of this one.
#[cfg(not(target_os = "linux"))]
pub(super) fn start(plan: &Plan, before: &Before) -> io::Result<pid_t> {
    // SAFETY: the copy calls only what is safe after a fork, and goes on to run a program.
    match check(unsafe { libc::fork() })? {
        // The standard library passes the error on from there.
        0 => Err(become_test(plan, before)),
        child => Ok(child),
    }
}

/// Becomes the test: returns only when that is not possible.
fn become_test(plan: &Plan, before: &Before) -> io::Error {
    match try_become_test(plan, before) {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

fn try_become_test(plan: &Plan, before: &Before) -> io::Result<Infallible> {
    // SAFETY: all calls are safe between fork and exec, and get valid pointers: those of the program
    // end with null and live as long as the plan.
    unsafe {
        check(libc::setpgid(0, 0))?;
        check(libc::sigaction(
            libc::SIGCHLD,
            &raw const before.child_handler,
            ptr::null_mut(),
        ))?;
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            &raw const before.mask,
            ptr::null_mut(),
        ))?;
        for fd in &plan.inherit {
            check(libc::fcntl(*fd, libc::F_SETFD, 0))?;
        }
        #[cfg(target_os = "linux")]
        if let Some(way) = &plan.network {
            way.enter().map_err(|(step, error)| {
                super::network::say_step(plan.steps, step);
                error
            })?;
        }
        // Behind the network, because a change of rights may take it back.
        #[cfg(target_os = "linux")]
        {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0))?;
        }
        if libc::getppid() != before.supervisor {
            libc::_exit(1);
        }
        let Program {
            path,
            arguments,
            variables,
        } = &plan.program;
        libc::execve(
            path.as_ptr(),
            arguments.pointers.as_ptr(),
            variables.pointers.as_ptr(),
        );
    }
    Err(io::Error::last_os_error())
}

/// A program as the kernel wants it.
pub(crate) struct Program {
    path: CString,
    arguments: Strings,
    variables: Strings,
}

impl Program {
    /// Writes down this program with arguments and variables.
    ///
    /// On Linux it is the very file that runs here, also when it has been replaced since.
    pub(super) fn new(
        path: &Path,
        arguments: &[String],
        variables: &[(OsString, OsString)],
    ) -> io::Result<Self> {
        let path = path.as_os_str().as_bytes();
        let itself = "/proc/self/exe";
        let exact = if cfg!(target_os = "linux") && Path::new(itself).exists() {
            itself.as_bytes()
        } else {
            path
        };
        let mut argument_texts = vec![CString::new(path)?];
        for argument in arguments {
            argument_texts.push(CString::new(argument.as_bytes())?);
        }
        let mut variable_texts = Vec::with_capacity(variables.len());
        for (name, value) in variables {
            variable_texts.push(CString::new(
                [name.as_bytes(), b"=", value.as_bytes()].concat(),
            )?);
        }
        Ok(Program {
            path: CString::new(exact)?,
            arguments: Strings::new(argument_texts),
            variables: Strings::new(variable_texts),
        })
    }
}

/// Texts, and pointers to them that end with null.
struct Strings {
    pointers: Vec<*const libc::c_char>,
    _texts: Vec<CString>,
}

impl Strings {
    fn new(texts: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        pointers.push(ptr::null());
        Strings {
            pointers,
            _texts: texts,
        }
    }
}

// SAFETY: the pointers point to the texts beside them, which nobody changes.
unsafe impl Send for Strings {}
// SAFETY: as above.
unsafe impl Sync for Strings {}
