//! Programs that a test starts, each in a job that ends it and all of its descendants.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::job::Job;

/// A program with its descendants. They end when this process does, however that happens.
pub(crate) struct Supervised {
    program: u32,
    job: Job,
}

/// Waits for the end of a [`Supervised`].
pub(crate) struct Watch(Child);

/// The outputs of a program. Here they are two, so lines lose their order.
pub(crate) type Outputs = [Box<dyn Read + Send>; 2];

/// Starts a program. What it starts before it is in the job may outlive it.
pub(crate) fn start(mut command: Command) -> io::Result<(Supervised, Watch, Outputs)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let job = Job::new()?;
    let mut process = command.spawn()?;
    if let Err(error) = job.admit(&process) {
        // A process that has ended already is not admitted; that is no error.
        if process.try_wait()?.is_none() {
            process.kill()?;
            process.wait()?;
            return Err(error);
        }
    }
    let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
    let outputs: Outputs = [
        Box::new(process.stdout.take().ok_or_else(missing)?),
        Box::new(process.stderr.take().ok_or_else(missing)?),
    ];
    let program = process.id();
    Ok((Supervised { program, job }, Watch(process), outputs))
}

impl Supervised {
    /// The process ID of the program.
    pub(crate) fn id(&self) -> u32 {
        self.program
    }

    /// The ancestor of the program and all that it has started.
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

impl Watch {
    /// Waits until the program has ended, and calls `ended` with its exit status.
    pub(crate) fn wait(mut self, mut ended: impl FnMut(ExitStatus)) {
        if let Ok(status) = self.0.wait() {
            ended(status);
        }
    }
}
