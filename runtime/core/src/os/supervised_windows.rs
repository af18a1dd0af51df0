//! Programs that a test starts, each in a job that ends it and all of its descendants.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::job::Job;

/// A program with its descendants. They end when this process does, however that happens.
pub(crate) struct Supervised {
    program: u32,
    job: Arc<Job>,
}

/// Waits for the end of a [`Supervised`].
pub(crate) struct Watch {
    program: Child,
    job: Arc<Job>,
}

/// The outputs of a program. There are two, so lines of one may come before earlier lines of the other.
pub(crate) type Outputs = [Box<dyn Read + Send>; 2];

/// The reason why the end of a program is unknown.
pub(crate) const LOST: &str = "the system did not report it; run the test again";

/// Starts a program. A process that it starts before the job contains it may outlive it.
pub(crate) fn start(mut command: Command) -> io::Result<(Supervised, Watch, Outputs)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let job = Arc::new(Job::new()?);
    let mut program = command.spawn()?;
    job.admit(&mut program)?;
    let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
    let outputs: Outputs = [
        Box::new(program.stdout.take().ok_or_else(missing)?),
        Box::new(program.stderr.take().ok_or_else(missing)?),
    ];
    let supervised = Supervised {
        program: program.id(),
        job: job.clone(),
    };
    Ok((supervised, Watch { program, job }, outputs))
}

impl Supervised {
    /// The process ID of the program.
    pub(crate) fn id(&self) -> u32 {
        self.program
    }

    /// The ancestor of all processes that the program has started.
    pub(crate) fn root(&self) -> u32 {
        self.program
    }

    /// Ends the program and its descendants at once, because Windows has no request to end that
    /// every program understands.
    pub(crate) fn end(&self, _grace: Duration) {
        self.kill();
    }

    /// Ends the program and its descendants.
    pub(crate) fn kill(&self) {
        self.job.end();
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Watch {
    /// Waits until the program has ended, ends its descendants, and calls `ended` with the exit
    /// status of the program.
    pub(crate) fn wait(mut self, mut ended: impl FnMut(ExitStatus)) {
        if let Ok(status) = self.program.wait() {
            self.job.end();
            ended(status);
        }
    }
}
