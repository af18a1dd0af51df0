//! The stage for demonstrations: the binaries, and a fresh directory for each run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::bounded::{Bounded, Ended};
use crate::failures::calls::Calls;
use crate::place::Place;
use crate::{Result, binaries, drop_in};

/// Time limit of a test that should not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// Time limit of a test that may hang.
pub(crate) const HANGING: Duration = Duration::from_secs(4);

/// Time a process gets to exit while it is being ended. A process that is still running then stays
/// for good.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// The word of a test that stays until it is killed.
pub(crate) const READY: &str = "ready";

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
        let calls = Calls::listen(&place.path().join("tmp"))?;
        Ok(Open {
            stage: self,
            place,
            calls,
        })
    }
}

/// The directory of one run of a demonstration.
pub(crate) struct Open<'a> {
    stage: &'a Stage,
    pub(crate) place: Place,
    pub(crate) calls: Calls,
}

impl Open<'_> {
    /// A command that runs one test of the `failing` target.
    pub(crate) fn test(&self, name: &str) -> Command {
        self.place.test(&self.stage.failing, name)
    }

    /// Runs a test until it ends or times out.
    pub(crate) fn run(&mut self, name: &str, at_most: Duration) -> Result<Ended> {
        self.wait(Bounded::start(self.test(name))?, at_most)
    }

    /// Starts a test that stays, and waits until it does.
    pub(crate) fn start(&mut self, name: &str) -> Result<Bounded> {
        let running = Bounded::start(self.test(name))?;
        if self.calls.keep_until(READY, &running, PATIENCE)? {
            return Ok(running);
        }
        let ended = running.wait(Duration::ZERO)?;
        Err(format!("a test did not say `{READY}`: {}", ended.stderr.trim()).into())
    }

    /// Starts all tests whose names contain `words`, two at a time.
    pub(crate) fn start_all(&self, words: &str) -> Result<Bounded> {
        let mut command = Command::new(&self.stage.failing);
        command.args([words, "--nocapture", "--test-threads=2"]);
        self.place.contain(&mut command);
        Bounded::start(command)
    }

    /// Waits until tests end or time out, and keeps their calls open.
    pub(crate) fn wait(&mut self, running: Bounded, at_most: Duration) -> Result<Ended> {
        self.calls.keep(&running, at_most)?;
        running.wait(at_most)
    }

    /// Reads a file in the temporary directory of the tests, if it exists.
    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.place.path().join("tmp").join(name)).ok()
    }

    /// Whether the program that a test has started still runs after [`GRACE`]. It ends with this
    /// demonstration.
    pub(crate) fn still_lingers(&self, word: &str) -> Result<bool> {
        self.calls.outlasts(word, GRACE)
    }
}
