//! A run with a time limit.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::group::Group;

/// The longest time between two calls of `must_stop`.
const STEP: Duration = Duration::from_millis(50);

/// The end of a run, and its output.
pub(super) struct Ended {
    /// `None` if the time was up.
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ended {
    /// The error of Cargo or of the runner.
    pub(super) fn error(&self) -> &str {
        let begin = self.stderr.find("error").unwrap_or_default();
        self.stderr[begin..].trim()
    }
}

/// Runs a command and ends it when its time is up. Ends it earlier if it `must_stop`, and returns
/// `None` in that case.
pub(super) fn run(
    command: &mut Command,
    timeout: Duration,
    must_stop: impl Fn() -> bool,
) -> io::Result<Option<Ended>> {
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(std::process::Stdio::null());
    command
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?);
    let begun = Instant::now();
    let mut group = Group::spawn(command)?;
    let status = loop {
        let left = timeout.saturating_sub(begun.elapsed());
        if let Some(status) = group.wait(left.min(STEP))? {
            break Some(status);
        }
        if must_stop() {
            group.end()?;
            return Ok(None);
        }
        if left.is_zero() {
            group.end()?;
            break None;
        }
    };
    Ok(Some(Ended {
        status,
        stdout: text(stdout)?,
        stderr: text(stderr)?,
    }))
}

fn text(mut file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::run;
    use crate::adopt::temporary::is_gone;

    #[test]
    fn nothing_runs_on_when_the_time_is_up() {
        let cut_off = |exponent| {
            let mut command = Command::new("sh");
            command.args(["-c", "echo $$; exec sleep 1000"]);
            let timeout = Duration::from_millis(100_u64 << exponent);
            let ended = run(&mut command, timeout, || false).expect("there is a shell");
            ended.expect("it need not stop")
        };
        // A busy machine may need longer until the shell prints its ID.
        let mut ends = (0..10).map(cut_off);
        let ended = ends.find(|ended| !ended.stdout.is_empty());
        let ended = ended.expect("an ID");
        assert_eq!(ended.status, None);
        assert!(is_gone(ended.stdout.trim().parse().expect("a number")));
    }
}
