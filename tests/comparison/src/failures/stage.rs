//! The stage for demonstrations: the binaries, and a fresh directory for each run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::bounded::{Bounded, Ended, comes_true};
use crate::place::Place;
use crate::{Result, binaries, drop_in};

/// Time limit of a test that should not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// Time limit of a test that may hang.
pub(crate) const HANGING: Duration = Duration::from_secs(4);

/// Time a process gets to exit while it is being ended. A process that is still running then stays
/// for good.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

pub(crate) struct Stage {
    /// The manifest with which the tests are built.
    pub(crate) manifest: PathBuf,
    pub(crate) failing: PathBuf,
    pub(crate) measured: PathBuf,
}

impl Stage {
    pub(crate) fn build() -> Result<Self> {
        Self::build_at(binaries::MANIFEST.into())
    }

    /// Builds the same tests with the drop-in package in place of `serial_test`.
    pub(crate) fn build_drop_in() -> Result<Self> {
        Self::build_at(drop_in::manifest()?)
    }

    fn build_at(manifest: PathBuf) -> Result<Self> {
        let [failing, measured] = binaries::build_at(&manifest, ["failing", "measured"])?;
        Ok(Stage {
            manifest,
            failing,
            measured,
        })
    }

    /// Creates the directory for one run.
    pub(crate) fn open(&self) -> Result<Open<'_>> {
        let place = Place::create()?;
        Ok(Open { stage: self, place })
    }
}

/// The directory of one run of a demonstration.
pub(crate) struct Open<'a> {
    stage: &'a Stage,
    pub(crate) place: Place,
}

impl Open<'_> {
    /// A command that runs one test of the `failing` target.
    pub(crate) fn test(&self, name: &str) -> Command {
        self.place.test(&self.stage.failing, name)
    }

    /// Runs a test until it ends or times out.
    pub(crate) fn run(&self, name: &str, at_most: Duration) -> Result<Ended> {
        Bounded::start(self.test(name))?.wait(at_most)
    }

    /// Starts a test that holds something, and waits until it does.
    pub(crate) fn start(&self, name: &str) -> Result<Bounded> {
        let mut running = Bounded::start(self.test(name))?;
        running.wait_for("ready", PATIENCE)?;
        Ok(running)
    }

    /// Runs all tests whose names contain `words`, two at a time.
    pub(crate) fn run_all(&self, words: &str) -> Result<Ended> {
        let mut command = Command::new(&self.stage.failing);
        command.args([words, "--nocapture", "--test-threads=2"]);
        self.place.contain(&mut command);
        Bounded::start(command)?.wait(PATIENCE)
    }

    /// Reads a file in the temporary directory of the tests, if it exists.
    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.place.path().join("tmp").join(name)).ok()
    }

    /// Whether the program a test has started is still running after [`GRACE`]. If so, it is
    /// killed.
    pub(crate) fn still_lingers(&self) -> Result<bool> {
        let number = self
            .read("lingering")
            .ok_or("a test did not start its program")?;
        let is_gone = || {
            let state = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
            let is_ours = state.contains("(failing");
            let is_dead = state
                .rsplit(") ")
                .next()
                .is_none_or(|rest| rest.starts_with('Z'));
            !is_ours || is_dead
        };
        if comes_true(Instant::now() + GRACE, is_gone) {
            return Ok(false);
        }
        if let Some(process) = number.parse().ok().and_then(Pid::from_raw) {
            rustix::process::kill_process(process, Signal::KILL)?;
        }
        Ok(true)
    }
}
