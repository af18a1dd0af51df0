//! Writes the files, and reverts those that do not compile or whose tests fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

use super::check;
use super::plan::{Affected, Change, Plan};
use super::project::{Project, real};
use super::temporary::remove_abandoned;
use super::trial::{self, Runs};
use super::write::{Failure, replace};

/// The state of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Written,
    Reverted(String),
    /// The file could not be written, or could not be reverted.
    Left(String),
}

/// The changes of a plan, each with its state.
pub(super) struct Application<'a> {
    project: &'a Project,
    plan: &'a Plan,
    pub(super) states: Vec<State>,
    lockfile: PathBuf,
    /// The original `Cargo.lock`, if there was one.
    locked: Option<String>,
}

/// Writes all files of a plan, each in one step.
pub(super) fn write<'a>(
    project: &'a Project,
    plan: &'a Plan,
    mut say: impl FnMut(&str),
) -> Application<'a> {
    let lockfile = project.root.join("Cargo.lock");
    let locked = fs::read_to_string(&lockfile).ok();
    let dirs = plan
        .changes
        .iter()
        .filter_map(|change| change.path.parent());
    dirs.collect::<BTreeSet<_>>()
        .into_iter()
        .for_each(remove_abandoned);
    let mut states = Vec::new();
    for change in &plan.changes {
        let shown = &change.shown;
        let state = match replace(&change.path, &change.before, &change.after) {
            Ok(()) => {
                say(&format!("wrote {shown}"));
                State::Written
            }
            Err(failure) => State::Left(reason(&failure)),
        };
        states.push(state);
    }
    Application {
        project,
        plan,
        states,
        lockfile,
        locked,
    }
}

fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Changed => "it changed while this command ran; run it again".to_owned(),
        Failure::Io(error) => format!("it cannot be replaced: {error}"),
    }
}

impl<'a> Application<'a> {
    pub(super) fn changes(&self) -> impl Iterator<Item = (&'a Change, &State)> {
        self.plan.changes.iter().zip(&self.states)
    }

    pub(super) fn has_written_sources(&self) -> bool {
        !self.written_sources().is_empty()
    }

    fn written_sources(&self) -> Vec<usize> {
        let changes = self.changes().enumerate();
        let written =
            changes.filter(|(_, (change, state))| !change.is_manifest && **state == State::Written);
        written.map(|(index, _)| index).collect()
    }

    /// Compiles the tests, and reverts files until the rest compiles.
    pub(super) fn compile(&mut self, words: &[std::ffi::OsString]) -> Result<()> {
        loop {
            self.revert_unused()?;
            let written = self.written_sources();
            let packages = written
                .iter()
                .flat_map(|index| &self.plan.changes[*index].packages);
            let packages: BTreeSet<_> = packages.cloned().collect();
            if packages.is_empty() {
                return Ok(());
            }
            let Some(errors) = check::compile(self.project, &packages, words)? else {
                return Ok(());
            };
            let in_file = |index: &usize| {
                let error = errors.in_file(&self.plan.changes[*index].path)?;
                Some((*index, error.to_owned()))
            };
            let in_target = |index: &usize| {
                let change = &self.plan.changes[*index];
                let error = errors.in_targets(&self.roots(change))?;
                Some((*index, error.to_owned()))
            };
            let mut guilty: Vec<_> = written.iter().filter_map(in_file).collect();
            if guilty.is_empty() {
                guilty = written.iter().filter_map(in_target).collect();
            }
            if guilty.is_empty() {
                let all = |index: &usize| (*index, errors.first().to_owned());
                guilty = written.iter().map(all).collect();
            }
            for (index, error) in guilty {
                self.revert(index, &format!("it does not compile: {error}"));
            }
        }
    }

    /// The root files of the targets with tests in a file.
    fn roots(&self, change: &Change) -> BTreeSet<PathBuf> {
        let tests = self.plan.tests.iter();
        let tests = tests.filter(|test| test.file == change.path);
        tests.map(|test| real(&test.target.root)).collect()
    }

    /// Runs the tests of the written files, and reverts files until the rest passes.
    pub(super) fn try_out(&mut self, runs: Runs<'_>) -> Result<()> {
        loop {
            let written = self.written_sources();
            let is_written = |test: &&Affected| {
                let mut written = written.iter();
                written.any(|index| self.plan.changes[*index].path == test.file)
            };
            let tests: Vec<_> = self.plan.tests.iter().filter(is_written).collect();
            if tests.is_empty() {
                return self.revert_unused();
            }
            let failures = trial::run(&tests, runs)?;
            if failures.is_empty() {
                return Ok(());
            }
            for index in written {
                let Some(tests) = failures.get(&self.plan.changes[index].path) else {
                    continue;
                };
                let tests = tests
                    .iter()
                    .map(|(name, failure)| failure.describe(name, runs));
                self.revert(index, &tests.collect::<Vec<_>>().join(", "));
            }
            self.compile(runs.words)?;
        }
    }

    fn revert(&mut self, index: usize, why: &str) {
        let change = &self.plan.changes[index];
        self.states[index] = match replace(&change.path, &change.after, &change.before) {
            Ok(()) => State::Reverted(why.to_owned()),
            Err(failure) => {
                let reason = reason(&failure);
                State::Left(format!("{why}, but {reason}"))
            }
        };
    }

    /// Reverts the manifests of packages that no longer use isolated-test.
    fn revert_unused(&mut self) -> Result<()> {
        let needed: BTreeSet<_> = self
            .written_sources()
            .iter()
            .flat_map(|index| &self.plan.changes[*index].packages)
            .collect();
        let unused: Vec<_> = (0..self.states.len())
            .filter(|index| {
                let change = &self.plan.changes[*index];
                let is_written = change.is_manifest && self.states[*index] == State::Written;
                is_written
                    && change
                        .packages
                        .iter()
                        .all(|package| !needed.contains(package))
            })
            .collect();
        for index in unused {
            self.revert(index, "nothing in the package needs it");
        }
        let is_anything_left = self.states.contains(&State::Written);
        let lockfile = &self.lockfile;
        let found = fs::read_to_string(lockfile).ok();
        if !is_anything_left && found != self.locked {
            match (&self.locked, &found) {
                (Some(locked), Some(found)) => replace(lockfile, found, locked),
                (Some(locked), None) => fs::write(lockfile, locked).map_err(Failure::Io),
                (None, _) => fs::remove_file(lockfile).map_err(Failure::Io),
            }
            .map_err(|failure| anyhow!("failed to revert `Cargo.lock`: {}", reason(&failure)))?;
        }
        Ok(())
    }
}
