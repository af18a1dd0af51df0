//! Finds and kills processes by a variable in their environment.

/// Kills no process, because only Linux shows the variables of processes.
#[cfg(not(target_os = "linux"))]
pub(crate) fn kill(_name: &str, _value: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

/// Assumes that a process has inherited a variable.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is(_process: u32, _name: &str, _value: &std::path::Path) -> bool {
    true
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{is, kill};

#[cfg(target_os = "linux")]
mod linux {
    #![expect(
        unsafe_code,
        reason = "the standard library has no handles of processes"
    )]

    use std::fs;
    use std::io;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::ptr;
    use std::thread;
    use std::time::{Duration, Instant};

    use crate::os::supervisor::check;

    /// How long a killed process may take to end, in milliseconds.
    const PATIENCE: i32 = 10_000;

    /// How long a process may take to execute a program, which is usually a fraction of a millisecond.
    const EXECUTES: Duration = Duration::from_secs(1);

    /// Kills all processes that have inherited a variable with this value, and waits for their end.
    /// This process does not count.
    pub(crate) fn kill(name: &str, value: &Path) -> io::Result<()> {
        let wanted = wanted(name, value);
        // A process may start another one while the list is read.
        while kill_found(&wanted)? {}
        Ok(())
    }

    /// Whether a process has inherited a variable with this value. The ID of a process means nothing
    /// in a container that shares its files only.
    pub(crate) fn is(process: u32, name: &str, value: &Path) -> bool {
        has(
            &Path::new("/proc").join(process.to_string()),
            &wanted(name, value),
        )
    }

    fn wanted(name: &str, value: &Path) -> Vec<u8> {
        [name.as_bytes(), b"=", value.as_os_str().as_bytes()].concat()
    }

    /// Kills the processes of one list. Returns whether there was one.
    fn kill_found(wanted: &[u8]) -> io::Result<bool> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let pid = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let Some(pid) = pid.filter(|pid| *pid != std::process::id()) else {
                continue;
            };
            if has(&entry.path(), wanted) {
                // The process may have ended, and another one may have its ID.
                found.extend(open(pid).filter(|_| has(&entry.path(), wanted)));
            }
        }
        for process in &found {
            end(process)?;
        }
        Ok(!found.is_empty())
    }

    /// Whether a process has a variable.
    fn has(process: &Path, wanted: &[u8]) -> bool {
        let variables = environment(process);
        variables.split(|byte| *byte == 0).any(|one| one == wanted)
    }

    /// The environment of a process. It is empty if the process is ending.
    fn environment(process: &Path) -> Vec<u8> {
        let deadline = Instant::now() + EXECUTES;
        let mut was_executing = true;
        loop {
            let is_executing = is_executing(process);
            let variables = match fs::read(process.join("environ")) {
                Ok(variables) if variables.is_empty() => variables,
                result => return result.unwrap_or_default(),
            };
            // It may have begun to execute a program after the first look, but not twice.
            let is_settled = !was_executing && !is_executing;
            if is_settled || Instant::now() > deadline {
                return variables;
            }
            was_executing = is_executing;
            thread::yield_now();
        }
    }

    /// Whether a process has left its old program and has not begun the new one. It has no environment
    /// then, and nothing tells the end of that moment.
    fn is_executing(process: &Path) -> bool {
        /// Where the address at which the environment ends is among the fields after the name.
        const END_OF_ENVIRONMENT: usize = 48;

        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
        let end = fields.and_then(|fields| fields.split(' ').nth(END_OF_ENVIRONMENT));
        // Neither a thread of the kernel nor a process that has ended has a program.
        end == Some("0") && fs::read_link(process.join("exe")).is_ok()
    }

    fn open(pid: u32) -> Option<OwnedFd> {
        // SAFETY: the call takes numbers only.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the descriptor was just opened, and nothing else owns it.
        Some(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    fn end(process: &OwnedFd) -> io::Result<()> {
        let fd = process.as_raw_fd();
        let none = ptr::null::<libc::siginfo_t>();
        let mut wait = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: the descriptor is open, and the structure is a local.
        unsafe {
            libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0);
            check(libc::poll(&raw mut wait, 1, PATIENCE))?;
        }
        if wait.revents == 0 {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use std::os::unix::process::ExitStatusExt;
        use std::path::Path;
        use std::process::Command;

        use super::{is, kill};

        #[test]
        fn a_process_is_found_that_is_about_to_run_its_program() {
            let name = "ISOLATED_MARKED_TEST";
            for _ in 0..50 {
                let mut command = Command::new("sleep");
                command.arg("1000").env(name, "/about/to/run");
                let mut process = command.spawn().unwrap();
                let is_found = is(process.id(), name, Path::new("/about/to/run"));
                process.kill().unwrap();
                process.wait().unwrap();
                assert!(is_found);
            }
        }

        #[test]
        fn only_processes_with_the_variable_are_killed() {
            let start = |value: &str| {
                let mut command = Command::new("sleep");
                command.arg("1000").env("ISOLATED_MARKED_TEST", value);
                command.spawn().unwrap()
            };
            let (mut marked, mut other) = (start("/a/b"), start("/a/bc"));
            let name = "ISOLATED_MARKED_TEST";
            assert!(is(marked.id(), name, Path::new("/a/b")));
            assert!(!is(other.id(), name, Path::new("/a/b")));
            kill(name, Path::new("/a/b")).unwrap();
            assert_eq!(marked.wait().unwrap().signal(), Some(libc::SIGKILL));
            assert_eq!(other.try_wait().unwrap(), None);
            other.kill().unwrap();
            other.wait().unwrap();
        }
    }
}
