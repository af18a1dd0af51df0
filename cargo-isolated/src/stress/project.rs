//! The project: lists its tests with each runner, and starts the runners.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::expected::{Binary, Expected, Runner};
use super::libtest;
use super::options::{Options, Runners};
use crate::cargo;
use crate::suite::{Selection, Suite, parts};

/// The arguments that `nextest list` refuses, and whether each takes a value.
const RUN_ONLY: [(&str, bool); 7] = [
    ("-j", true),
    ("--jobs", true),
    ("--test-threads", true),
    ("--retries", true),
    ("--max-fail", true),
    ("--no-fail-fast", false),
    ("--nff", false),
];

/// The arguments that select the tests, and the runners.
#[derive(Debug)]
pub(crate) struct Project {
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    words: Vec<OsString>,
    /// The runners, which take turns.
    pub(crate) runners: Vec<Runner>,
    /// Whether nextest would be used if it were installed.
    pub(crate) misses_nextest: bool,
}

impl Project {
    pub(crate) fn find(options: &Options) -> Result<Self> {
        if options.runner == Runners::Nextest {
            cargo::require_nextest()?;
        }
        let has_nextest = cargo::has_nextest();
        let runners = match (options.runner, has_nextest) {
            (Runners::Auto | Runners::Nextest, true) => vec![Runner::Nextest],
            (Runners::Both, true) => vec![Runner::Libtest, Runner::Nextest],
            (Runners::CargoTest, _) | (_, false) => vec![Runner::Libtest],
        };
        let mut project = Self {
            target: PathBuf::new(),
            words: options.words.clone(),
            misses_nextest: options.runner != Runners::CargoTest && !has_nextest,
            runners,
        };
        project.target = project.selection().metadata()?.target_directory;
        Ok(project)
    }

    /// The packages and targets that the arguments select.
    pub(crate) fn selection(&self) -> Selection {
        Selection::of(self.runners[0], &self.words)
    }

    /// Builds all tests and lists those that a runner runs.
    pub(crate) fn list(&self, runner: Runner, scratch: &Path) -> Result<Expected> {
        let expected = match runner {
            Runner::Libtest => self.list_libtest(scratch)?,
            Runner::Nextest => self.list_nextest()?,
        };
        if expected.of(runner).next().is_none() {
            bail!("no tests to run; select others after `--`");
        }
        Ok(expected)
    }

    fn list_libtest(&self, scratch: &Path) -> Result<Expected> {
        let suite = Suite::build(&self.selection())?;
        let mut ids: BTreeMap<_, _> = suite
            .binaries
            .into_iter()
            .filter_map(|binary| {
                let file = binary.executable.file_name()?;
                Some((file.to_string_lossy().into_owned(), binary.id))
            })
            .collect();
        let mut expected = Expected::default();
        let ignored = self.listed(scratch, &["--ignored"])?;
        let ignored: BTreeSet<_> = ignored.into_iter().collect();
        for (announced, name) in self.listed(scratch, &[])? {
            let is_ignored = ignored.contains(&(announced.clone(), name.clone()));
            let mut known = expected.binaries.iter();
            let index = known.position(|binary| binary.announced == announced);
            if index.is_none() {
                let id = ids.remove(&announced);
                expected.binaries.push(Binary {
                    is_doc: id.is_none(),
                    id: id.unwrap_or_else(|| format!("{announced} (documentation)")),
                    announced,
                    tests: BTreeMap::new(),
                });
            }
            let index = index.unwrap_or(expected.binaries.len() - 1);
            expected.binaries[index].tests.insert(name, is_ignored);
        }
        Ok(expected)
    }

    /// Lists each test: the name of its binary in Cargo's announcement, and its name.
    fn listed(&self, scratch: &Path, arguments: &[&str]) -> Result<Vec<(String, String)>> {
        let path = scratch.join("list");
        let file = File::create(&path)?;
        let status = self
            .libtest()
            .args(["--list"])
            .args(arguments)
            .stdout(file.try_clone()?)
            .stderr(file)
            .status()?;
        let output = fs::read(&path)?;
        fs::remove_file(&path)?;
        let output = String::from_utf8_lossy(&output);
        if !status.success() {
            bail!("failed to list the tests: {}", output.trim());
        }
        let mut tests = Vec::new();
        for (announced, text) in libtest::sections(&output, |_| true) {
            let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
            tests.extend(names.map(|name| (announced.to_owned(), name.to_owned())));
        }
        Ok(tests)
    }

    fn list_nextest(&self) -> Result<Expected> {
        let mut command = cargo::command();
        command
            .args(["nextest", "list", "--message-format=json"])
            .arg("--user-config-file=none")
            .args(self.words_to_list());
        undisturbed(&mut command);
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("failed to list the tests; `cargo nextest list` shows why");
        }
        let list = serde_json::from_slice(&output.stdout).context("nextest lists no JSON")?;
        Ok(nextest_list(&list))
    }

    /// The arguments without those that `nextest list` refuses.
    fn words_to_list(&self) -> Vec<&OsString> {
        let mut kept = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                kept.push(word);
                break;
            }
            let text = word.to_string_lossy();
            let (name, has_value) = parts(&text);
            match RUN_ONLY.iter().find(|(known, _)| *known == name) {
                Some((_, true)) if !has_value => drop(words.next()),
                Some(_) => {}
                None => kept.push(word),
            }
        }
        kept.extend(words);
        kept
    }

    pub(crate) fn run(&self, runner: Runner) -> Command {
        match runner {
            Runner::Libtest => self.libtest(),
            Runner::Nextest => self.nextest(),
        }
    }

    fn libtest(&self) -> Command {
        let mut command = cargo::command();
        let end = self.words.iter().position(|word| word == "--");
        let (words, rest) = self.words.split_at(end.unwrap_or(self.words.len()));
        command
            .args(["test", "--no-fail-fast", "--color=never"])
            .args(words)
            .args(["--", "--format=pretty", "--color=never"])
            .args(rest.iter().skip(1));
        undisturbed(&mut command);
        command
    }

    fn nextest(&self) -> Command {
        let mut command = cargo::command();
        command
            .args(["nextest", "run", "--no-fail-fast"])
            .args(["--color=never", "--user-config-file=none"])
            .args(["--status-level=pass", "--final-status-level=fail"])
            .args(["--failure-output=immediate", "--success-output=never"])
            .args(["--no-input-handler", "--no-tests=pass"]);
        let has_retries = |word: &OsString| word.to_string_lossy().starts_with("--retries");
        if !self.words.iter().any(has_retries) {
            // A retry would hide a failure.
            command.arg("--retries=0");
        }
        command.args(self.words.iter().filter(|word| *word != "--no-fail-fast"));
        undisturbed(&mut command);
        command
    }
}

/// Overrides user settings that would change the output.
fn undisturbed(command: &mut Command) {
    command
        .stdin(Stdio::null())
        .env("CARGO_TERM_VERBOSE", "false")
        .env("CARGO_TERM_QUIET", "false")
        .env_remove("RUST_TEST_NOCAPTURE")
        .env_remove("NEXTEST_PROFILE");
}

/// The tests that nextest would run.
fn nextest_list(list: &Value) -> Expected {
    let suites = list["rust-suites"].as_object().into_iter().flatten();
    let binaries = suites.map(|(id, suite)| {
        let tests = suite["testcases"].as_object().into_iter().flatten();
        let matching = tests.filter(|(_, test)| test["filter-match"]["status"] == "matches");
        Binary {
            id: id.clone(),
            announced: String::new(),
            is_doc: false,
            tests: matching.map(|(name, _)| (name.clone(), false)).collect(),
        }
    });
    Expected {
        binaries: binaries.collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::{Project, Runner, nextest_list};

    fn project(words: &str) -> Project {
        Project {
            target: PathBuf::new(),
            words: words.split_whitespace().map(Into::into).collect(),
            runners: vec![Runner::Nextest],
            misses_nextest: false,
        }
    }

    fn arguments(command: &std::process::Command) -> String {
        let words = command.get_args().map(|word| word.to_string_lossy());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_tests_that_match_are_expected() {
        let list = json!({"rust-suites": {
            "shop": {"testcases": {
                "adds": {"ignored": false, "filter-match": {"status": "matches"}},
                "slow": {"ignored": true, "filter-match": {"status": "mismatch"}},
            }},
            "shop::api": {"testcases": {}},
        }});
        let expected = nextest_list(&list);
        let names: Vec<_> = expected.of(Runner::Nextest).collect();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].to_string(), "shop adds");
    }

    #[test]
    fn arguments_for_runs_are_not_used_to_list() {
        let project = project("-p shop -j 2 -j2 --retries=1 --no-fail-fast orders -- --skip -j");
        assert_eq!(
            project.words_to_list(),
            ["-p", "shop", "orders", "--", "--skip", "-j"]
        );
    }

    #[test]
    fn arguments_of_the_tests_come_last() {
        let project = project("-p shop orders -- --skip slow");
        let test = arguments(&project.run(Runner::Libtest));
        let end = " -p shop orders -- --format=pretty --color=never --skip slow";
        assert!(test.ends_with(end), "{test}");
        let nextest = arguments(&project.run(Runner::Nextest));
        let end = " --retries=0 -p shop orders -- --skip slow";
        assert!(nextest.ends_with(end), "{nextest}");
    }
}
