//! Where demonstrations are given: the binaries, and a fresh place for each.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::bounded::{Bounded, Ended, comes_true};
use crate::place::Place;
use crate::{Result, binaries};

/// How long a test may take that does not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// How long one is waited for that may hang.
pub(crate) const HANGING: Duration = Duration::from_secs(4);

/// How long a process gets to end that is being ended. One that lingers is there for good.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// The binaries of the demonstrations.
pub(crate) struct Stage {
    pub(crate) failing: PathBuf,
    pub(crate) measured: PathBuf,
}

impl Stage {
    pub(crate) fn build() -> Result<Self> {
        let [failing, measured] = binaries::build(["failing", "measured"])?;
        Ok(Stage { failing, measured })
    }

    /// Opens a place for one demonstration.
    pub(crate) fn open(&self) -> Result<Open<'_>> {
        let place = Place::create()?;
        Ok(Open { stage: self, place })
    }
}

/// A place of one demonstration.
pub(crate) struct Open<'a> {
    stage: &'a Stage,
    pub(crate) place: Place,
}

impl Open<'_> {
    /// A test of the binary of failures.
    pub(crate) fn test(&self, name: &str) -> Command {
        self.place.test(&self.stage.failing, name)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, name: &str, at_most: Duration) -> Result<Ended> {
        Bounded::start(self.test(name))?.wait(at_most)
    }

    /// Starts one that holds something, and waits until it does.
    pub(crate) fn start(&self, name: &str) -> Result<Bounded> {
        let mut running = Bounded::start(self.test(name))?;
        running.wait_for("ready", PATIENCE)?;
        Ok(running)
    }

    /// Runs all tests whose names have these words in them, two at a time.
    pub(crate) fn run_all(&self, words: &str) -> Result<Ended> {
        let mut command = Command::new(&self.stage.failing);
        command.args([words, "--nocapture", "--test-threads=2"]);
        self.place.contain(&mut command);
        Bounded::start(command)?.wait(PATIENCE)
    }

    /// A file in the directory of the tests, if there is one.
    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.place.path().join("tmp").join(name)).ok()
    }

    /// Whether the program that a test has started still runs after [`GRACE`]; then it is ended.
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
