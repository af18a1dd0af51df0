//! Observes a whole suite.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::conflicts::{self, Observed, Shared};
use super::fixes::Fixes;
use super::observer::Observer;
use super::places::Words;
use super::record::Record;
use super::rules::Rules;
use super::statics::Statics;
use super::{between_runs, shared_statics, shim};
use crate::cargo::Metadata;
use crate::findings::{Conflict, Findings, Kind, Place, Test, Touched, VERSION};
use crate::progress::Progress;
use crate::settings::Workspace;
use crate::suite::{Binary, Selection, Suite};

/// How to observe.
#[derive(Debug)]
pub(crate) struct Options {
    /// Patterns for the names of resources to ignore.
    pub(crate) ignore: Vec<String>,
    /// The time limit of a test.
    pub(crate) timeout: Duration,
}

/// A test with its program.
struct Run<'a> {
    binary: usize,
    record: Record,
    of: &'a Binary,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            ignore: Vec::new(),
            timeout: Duration::from_secs(60),
        }
    }
}

/// Builds the tests, runs each of them alone, and finds what they share.
pub(crate) fn survey(selection: &Selection, options: &Options) -> Result<Findings> {
    let metadata = selection.metadata()?;
    let suite = Suite::build(selection)?;
    let statics = suite.binaries.iter().map(|binary| {
        Statics::of(
            &binary.executable,
            &metadata.workspace_root,
            &crates(&metadata),
        )
    });
    let statics = statics.collect::<Result<Vec<_>>>()?;
    let runs = run_all(&suite, selection, &statics, &metadata, options)?;
    let programs = suite.binaries.iter().filter_map(|binary| {
        // Cargo builds tests in `target/debug/deps`.
        Some(binary.executable.parent()?.parent()?.to_owned())
    });
    let mut ignored = Workspace::of(&metadata.workspace_root)?.settings.ignore;
    ignored.extend(options.ignore.iter().cloned());
    let rules = Rules::new(metadata.target_directory.clone(), programs, &ignored)?;
    let observed: Vec<_> = runs
        .iter()
        .map(|run| Observed {
            binary: run.binary,
            record: &run.record,
        })
        .collect();
    let mut shared = conflicts::find(&observed, &rules);
    for (index, statics) in statics.iter().enumerate() {
        let tests = runs
            .iter()
            .enumerate()
            .filter(|(_, run)| run.binary == index);
        let tests: Vec<_> = tests.map(|(test, run)| (test, &run.record)).collect();
        shared.extend(shared_statics::find(index, &tests, statics));
    }
    shared.retain_mut(|shared| conflicts::leave_unprotected(shared, &observed));
    shared.sort_by_key(|shared| std::cmp::Reverse(shared.tests().count()));
    let dirs = metadata
        .packages
        .iter()
        .filter_map(|package| package.manifest.parent());
    let words = Words::read(&metadata.workspace_root, dirs);
    let of_cargo = [&*metadata.workspace_root, &*metadata.target_directory];
    let between_runs = between_runs::find(&observed, &shared, &rules, &words, of_cargo);
    let tests = runs
        .iter()
        .map(|run| run.test(&rules, &metadata.workspace_root))
        .collect();
    let found = Found {
        runs: &runs,
        metadata: &metadata,
        statics: &statics,
        words: &words,
    };
    Ok(Findings {
        version: VERSION,
        tests,
        conflicts: found.conflicts(shared),
        between_runs: found.conflicts(between_runs),
    })
}

fn run_all<'a>(
    suite: &'a Suite,
    selection: &Selection,
    statics: &[Statics],
    metadata: &Metadata,
    options: &Options,
) -> Result<Vec<Run<'a>>> {
    let dir = metadata.target_directory.join("isolated");
    fs::create_dir_all(&dir).context("failed to create a directory in the target directory")?;
    let shim = match shim::build(&dir) {
        Ok(shim) => Some(shim),
        Err(error) => {
            eprintln!("isolated: WARNING: variables are not observed: {error:#}");
            None
        }
    };
    let observer = Observer {
        dir: &dir,
        shim: shim.as_deref(),
        timeout: options.timeout,
    };
    let filters: Vec<_> = selection
        .rest
        .iter()
        .filter_map(|word| word.to_str())
        .collect();
    let is_selected =
        |test: &&String| filters.is_empty() || filters.iter().any(|filter| test.contains(filter));
    let mut tests = Vec::new();
    for (index, binary) in suite.binaries.iter().enumerate() {
        tests.extend(
            binary
                .tests
                .iter()
                .filter(is_selected)
                .map(|test| (index, binary, test)),
        );
    }
    let (mut runs, mut has_warned) = (Vec::new(), false);
    let mut progress = Progress::new();
    for (number, (index, binary, test)) in tests.iter().enumerate() {
        progress.show(|| format!("{}/{} {test}", number + 1, tests.len()));
        let (record, refused) = observer.run(binary, &statics[*index], test)?;
        if let Some(error) = refused.filter(|_| !has_warned) {
            has_warned = true;
            progress.say(&format!("isolated: WARNING: statics that tests only read or change back are not observed: {error}; \
                 `sysctl kernel.perf_event_paranoid=2` may allow it"));
        }
        runs.push(Run {
            binary: *index,
            record,
            of: binary,
        });
    }
    Ok(runs)
}

impl Run<'_> {
    fn test(&self, rules: &Rules, workspace: &Path) -> Test {
        let root = self
            .of
            .target
            .root
            .strip_prefix(workspace)
            .unwrap_or(&self.of.target.root);
        let log = self.record.log.iter();
        let touched = log.filter(|(kind, name, _)| !rules.is_ignored(*kind, name));
        let touched = touched.map(|(kind, name, touches)| Touched {
            kind,
            name: name.to_owned(),
            how: touches.iter().copied().collect(),
        });
        let is_ignored = |what: &&String| {
            let path = what.strip_prefix("file ");
            path.is_some_and(|path| rules.is_ignored(Kind::File, path))
        };
        let left = self
            .record
            .left_behind
            .iter()
            .filter(|what| !is_ignored(what));
        Test {
            package: self.of.package.clone(),
            target: self.of.target.name.clone(),
            root: root.to_owned(),
            name: self.record.name.clone(),
            outcome: self.record.outcome,
            locks: self.record.locks.clone(),
            left_behind: left.cloned().collect(),
            touched: touched.collect(),
        }
    }
}

/// Everything needed to report conflicts.
struct Found<'a> {
    runs: &'a [Run<'a>],
    metadata: &'a Metadata,
    /// By binary.
    statics: &'a [Statics],
    words: &'a Words,
}

impl Found<'_> {
    fn conflicts(&self, shared: Vec<Shared>) -> Vec<Conflict> {
        let records: Vec<_> = self.runs.iter().map(|run| &run.record).collect();
        let metadata = self.metadata;
        let fixes = Fixes::new(
            &records,
            [&metadata.workspace_root, &metadata.target_directory],
        );
        let mut keys = BTreeMap::new();
        let conflicts = shared.into_iter().map(|shared| {
            let places = self.places(&shared);
            let fix = fixes.of(&shared, self.words.contain(&shared.resource.name));
            let tests = (shared.writers.clone(), shared.readers.clone());
            // Resources that the same tests share get one key.
            let key = keys.entry(tests).or_insert_with(|| key(&shared)).clone();
            Conflict {
                resource: shared.resource,
                writers: shared.writers.into_iter().collect(),
                readers: shared.readers.into_iter().collect(),
                places,
                key,
                argument: fix.argument,
                fixed_at: fix.tests,
                suggestion: fix.suggestion,
            }
        });
        conflicts.collect()
    }

    fn places(&self, shared: &Shared) -> Vec<Place> {
        if shared.resource.kind == Kind::Static {
            let statics = shared.binary.map(|binary| &self.statics[binary]);
            let place = statics.and_then(|statics| statics.place(&shared.resource.name));
            return place.cloned().into_iter().collect();
        }
        let dirs: Vec<_> = shared
            .tests()
            .map(|test| &*self.runs[test].of.manifest_dir)
            .collect();
        let is_near = |file: &Path| {
            let file = self.metadata.workspace_root.join(file);
            dirs.iter().any(|dir| file.starts_with(dir))
        };
        self.words.places(&shared.resource, is_near)
    }
}

/// A name for a lock around a resource: `port-8080`.
fn key(shared: &Shared) -> String {
    let name = &shared.resource.name;
    match shared.resource.kind {
        Kind::TcpPort | Kind::UdpPort => format!("port-{name}"),
        Kind::Variable => format!("env-{name}"),
        Kind::WorkingDirectory => "working-directory".to_owned(),
        Kind::Static => {
            let last = name.rsplit("::").next().unwrap_or(name);
            format!("static-{last}")
        }
        _ => name.rsplit('/').next().unwrap_or(name).to_owned(),
    }
}

/// The names of the crates in the workspace.
fn crates(metadata: &Metadata) -> Vec<String> {
    let targets = metadata
        .packages
        .iter()
        .flat_map(|package| &package.targets);
    targets
        .map(|target| target.name.replace('-', "_"))
        .collect()
}
