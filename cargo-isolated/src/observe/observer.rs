//! Runs a test alone, and records what it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::breakpoints::Breakpoint;
use super::record::{Record, StaticTouch};
use super::statics::Statics;
use super::watch;
use crate::findings::{Outcome, Resource};
use crate::hosts;
use crate::suite::{Binary, Process};
use crate::trace;
use crate::trace::event::{Event, Line};

/// The maximum number of further runs if there are more statics than breakpoints in a processor.
const MORE_RUNS: usize = 7;

/// Runs tests and watches them.
#[derive(Debug)]
pub(super) struct Observer<'a> {
    /// The directory for temporary files.
    pub(super) dir: &'a Path,
    /// The library that reports variables.
    pub(super) shim: Option<&'a Path>,
    pub(super) timeout: Duration,
}

impl Observer<'_> {
    /// Runs a test alone. If it fails, prints its output and runs it again unobserved. Also returns the
    /// error if the system refuses breakpoints.
    pub(super) fn run(
        &self,
        binary: &Binary,
        statics: &Statics,
        test: &str,
    ) -> Result<(Record, Option<io::Error>)> {
        let trace = tempfile::tempdir_in(self.dir);
        let trace = trace.context("failed to create a directory for a trace")?;
        let watch = |breakpoints: &[Breakpoint]| {
            let mut command = binary.exact([test], 1);
            command.env("ISOLATED_TRACE", trace.path());
            hosts::keep_apart(&mut command);
            if let Some(shim) = self.shim {
                command.env("LD_PRELOAD", shim);
            }
            watch::run(command, test, statics, breakpoints, self.timeout)
        };
        let uses = statics.uses();
        let (first, more) = uses
            .split_first()
            .map_or((&[][..], &[][..]), |(first, more)| (&**first, more));
        let watched = watch(first)?;
        let outcome = match watched.status {
            Some(status) if status.success() => Outcome::Passed,
            Some(_) if self.passes_unobserved(binary, test)? => Outcome::FailedOnlyObserved,
            _ => Outcome::Failed,
        };
        if outcome != Outcome::Passed {
            io::stderr().write_all(&watched.output)?;
        }
        let seen = watched.seen;
        let mut hits = seen.hits;
        // The processor has few breakpoints, so many statics need several runs.
        for breakpoints in more.iter().take(MORE_RUNS) {
            hits.extend(watch(breakpoints)?.seen.hits);
        }
        let mut touched = BTreeMap::new();
        for of in hits.into_iter().filter(|of| !seen.statics.contains_key(of)) {
            let is_changed = !watch(&statics.changes(of))?.seen.hits.is_empty();
            let touch = if is_changed {
                StaticTouch::ChangedBack
            } else {
                StaticTouch::Used
            };
            touched.insert(of, touch);
        }
        for (of, value) in seen.statics {
            touched.insert(of, StaticTouch::Changed(value));
        }
        let processes = watched.processes_left.iter();
        let processes = processes.map(|line| format!("process {line}"));
        let files = seen.files_left.iter();
        let files = files.map(|path| format!("file {}", path.display()));
        let ports = seen.ports_left.iter();
        let ports = ports.map(Resource::to_string);
        let record = Record {
            name: test.to_owned(),
            outcome,
            log: seen.log,
            statics: touched,
            guarded: seen.guarded,
            constants: seen.constants,
            relative: seen.relative,
            left_behind: processes.chain(ports).chain(files).collect(),
            locks: locks(trace.path()),
        };
        Ok((record, seen.refused))
    }

    fn passes_unobserved(&self, binary: &Binary, test: &str) -> Result<bool> {
        let ended = Process::start(&mut binary.exact([test], 1))?.wait(self.timeout, || false)?;
        Ok(ended.status.is_some_and(|status| status.success()))
    }
}

/// The locks that a test held, according to its trace. Those of its host are not its own.
fn locks(dir: &Path) -> Vec<String> {
    // A test without `#[isolated]` leaves no trace.
    let Ok(files) = trace::read::read(dir) else {
        return Vec::new();
    };
    let is_host = |line: &Line| matches!(line.event, Event::Host { .. });
    let lines = files
        .processes
        .into_iter()
        .filter(|process| !process.lines.iter().any(is_host))
        .flat_map(|process| process.lines);
    let held = lines.filter_map(|line| match line.event {
        Event::Held { want, .. } => Some(want),
        _ => None,
    });
    let held: BTreeSet<_> = held.collect();
    held.into_iter().collect()
}
