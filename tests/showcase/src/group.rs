//! A process and everything it starts. On Unix this is a process group, and nothing of it is left
//! even if this command is interrupted.

use std::io;
use std::process::{Child, Command};

/// A process and its descendants.
pub(crate) struct Group {
    /// Kills the group when the pipe to the guard closes. The system closes it when this process
    /// ends.
    #[cfg(unix)]
    guard: Child,
    is_killed: bool,
}

#[cfg(unix)]
impl Group {
    /// Starts a process in a new group.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        use std::os::unix::process::CommandExt;
        use std::process::Stdio;

        let mut child = command.process_group(0).spawn()?;
        let guard = Command::new("sh")
            .args(["-c", "read line; kill -s KILL 0"])
            .process_group(rustix::process::Pid::from_child(&child).as_raw_pid())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match guard {
            Ok(guard) => Ok((
                child,
                Self {
                    guard,
                    is_killed: false,
                },
            )),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Whether the process has ended. Does not reap the process, so that no other process or group
    /// can get its id.
    pub(crate) fn has_ended(&self, child: &mut Child) -> io::Result<bool> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

        if self.is_killed {
            return Ok(true);
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
    }

    /// Kills all remaining processes of the group, once.
    pub(crate) fn kill(&mut self, child: &mut Child) {
        use rustix::process::{Pid, Signal, kill_process_group};

        if !std::mem::replace(&mut self.is_killed, true) {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = self.guard.wait();
        }
    }
}

#[cfg(not(unix))]
impl Group {
    /// Starts a process.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        Ok((command.spawn()?, Self { is_killed: false }))
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self, child: &mut Child) -> io::Result<bool> {
        Ok(self.is_killed || child.try_wait()?.is_some())
    }

    /// Kills the process if it is still running.
    pub(crate) fn kill(&mut self, child: &mut Child) {
        if !std::mem::replace(&mut self.is_killed, true) {
            let _ = child.kill();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::Duration;

    use super::Group;

    #[test]
    fn who_was_left_behind_is_killed() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 &"]).stdout(Stdio::piped());
        let (mut child, mut group) = Group::spawn(&mut command).expect("there is a shell");
        while !group.has_ended(&mut child).expect("it is a child") {
            thread::sleep(Duration::from_millis(5));
        }

        group.kill(&mut child);

        let mut output = String::new();
        let mut stdout = child.stdout.take().expect("it is piped");
        stdout.read_to_string(&mut output).expect("nobody writes");
        child.wait().expect("it is a child");
    }
}
