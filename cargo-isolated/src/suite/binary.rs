//! A test binary.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use super::process::Process;
use crate::cargo::Target;

/// A test binary that Cargo has built.
#[derive(Debug, Clone, Default)]
pub(crate) struct Binary {
    /// Its name in nextest, as in [`TestId`](super::TestId).
    pub(crate) id: String,
    pub(crate) package: String,
    pub(crate) target: Target,
    pub(crate) executable: PathBuf,
    /// The directory of the package, where Cargo starts the binary.
    pub(crate) manifest_dir: PathBuf,
    /// The variables that Cargo sets.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// The names of the tests that are not ignored, sorted.
    pub(crate) tests: Vec<String>,
    /// The names of the ignored tests, sorted.
    pub(crate) ignored: Vec<String>,
}

impl Binary {
    /// The binary with the working directory and the environment that Cargo gives it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .current_dir(&self.manifest_dir)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env_remove("RUST_TEST_NOCAPTURE")
            .env_remove("RUST_TEST_SHUFFLE")
            .stdin(Stdio::null());
        command
    }

    /// The command that runs exactly these tests on a number of threads. Libtest always starts them in
    /// the order of their names.
    pub(crate) fn exact<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        threads: usize,
    ) -> Command {
        let mut command = self.command();
        command
            .args(["--exact", "--format=pretty", "--color=never"])
            .arg(format!("--test-threads={threads}"))
            .arg("--")
            .args(names);
        command
    }

    /// The arguments of `cargo test` that select this binary.
    pub(crate) fn cargo_arguments(&self) -> Vec<&str> {
        let mut words = vec!["-p", &self.package];
        words.extend(self.target.arguments());
        words
    }

    /// Lists the tests of the binary.
    pub(crate) fn list(&mut self) -> Result<()> {
        let all = self.listed(&[])?;
        self.ignored = self.listed(&["--ignored"])?;
        let ignored = &self.ignored;
        self.tests = all
            .into_iter()
            .filter(|name| ignored.binary_search(name).is_err())
            .collect();
        Ok(())
    }

    fn listed(&self, words: &[&str]) -> Result<Vec<String>> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let mut command = self.command();
        command.args(["--list", "--format=terse"]).args(words);
        let ended = Process::start(&mut command)?.wait(PATIENCE, || false)?;
        if !ended.status.is_some_and(|status| status.success()) {
            bail!("`{} --list` fails", self.executable.display());
        }
        let lines = ended.output.lines();
        let mut names: Vec<_> = lines
            .filter_map(|line| Some(line.strip_suffix(": test")?.to_owned()))
            .collect();
        names.sort();
        Ok(names)
    }
}
