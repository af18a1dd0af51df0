//! The project: builds its tests with Cargo and lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;
use crate::libtest;
use crate::options::Options;
use crate::suite::{Binary, Runner, Suite};

/// The location of the project, and how to run its tests.
#[derive(Debug)]
pub(crate) struct Project {
    folder: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    filter: Option<String>,
    /// Package names by package id.
    packages: BTreeMap<String, String>,
    pub(crate) has_nextest: bool,
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

impl Project {
    pub(crate) fn find(options: &Options) -> Result<Self> {
        let folder = fs::canonicalize(&options.project).map_err(|error| {
            let folder = options.project.display();
            format!("failed to find the folder `{folder}`: {error}; name one after `--project`")
        })?;
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(&folder)
            .stderr(Stdio::inherit())
            .output()?;
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
            let folder = folder.display();
            format!("failed to read the workspace in `{folder}`; name another after `--project`")
        })?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let has_nextest = cargo().args(["nextest", "--version"]).output();
        Ok(Self {
            target: text(&metadata["target_directory"]).into(),
            filter: options.filter.clone(),
            packages: packages
                .map(|package| (text(&package["id"]), text(&package["name"])))
                .collect(),
            has_nextest: has_nextest.is_ok_and(|output| output.status.success()),
            folder,
        })
    }

    /// Builds all tests and lists those to run.
    pub(crate) fn build(&self, scratch: &Path) -> Result<Suite> {
        let mut ids = self.build_binaries()?;
        let mut suite = Suite::default();
        let ignored = self.list(scratch, &["--ignored"])?;
        let ignored: BTreeSet<_> = ignored.into_iter().collect();
        for (announced, name) in self.list(scratch, &[])? {
            let is_ignored = ignored.contains(&(announced.clone(), name.clone()));
            let mut known = suite.binaries.iter();
            let index = known.position(|binary| binary.announced == announced);
            if index.is_none() {
                let id = ids.remove(&announced);
                suite.binaries.push(Binary {
                    is_doc: id.is_none(),
                    id: id.unwrap_or_else(|| format!("{announced} (documentation)")),
                    announced,
                    tests: BTreeMap::new(),
                });
            }
            let index = index.unwrap_or(suite.binaries.len() - 1);
            suite.binaries[index].tests.insert(name, is_ignored);
        }
        if suite.of(Runner::Libtest).next().is_none() {
            return Err(match &self.filter {
                Some(filter) => format!("no test has `{filter}` in its name; shorten `--filter`"),
                None => "the project has no tests".to_owned(),
            }
            .into());
        }
        Ok(suite)
    }

    /// Returns nextest's name of each test binary, by file name.
    fn build_binaries(&self) -> Result<BTreeMap<String, String>> {
        let mut child = cargo()
            .args(["test", "--workspace", "--no-run"])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut ids = BTreeMap::new();
        let output = child.stdout.take().expect("it is piped");
        for line in BufReader::new(output).lines() {
            let message: Value = serde_json::from_str(&line?)?;
            let file = message["executable"].as_str().map(Path::new);
            let file = file.and_then(Path::file_name);
            if let (Some(file), Some(true)) = (file, message["profile"]["test"].as_bool()) {
                ids.insert(file.to_string_lossy().into_owned(), self.id(&message));
            }
        }
        if !child.wait()?.success() {
            return Err("failed to build the tests; `cargo test --no-run` says why".into());
        }
        Ok(ids)
    }

    fn id(&self, message: &Value) -> String {
        let package = self.packages.get(&text(&message["package_id"]));
        let package = package.map_or("?", |name| name);
        let target = &message["target"];
        let name = text(&target["name"]);
        match target["kind"][0].as_str() {
            Some("test") => format!("{package}::{name}"),
            Some(kind @ ("bin" | "example" | "bench")) => format!("{package}::{kind}/{name}"),
            _ => package.to_owned(),
        }
    }

    /// Lists each test as its binary, as Cargo announces it, and its name.
    fn list(&self, scratch: &Path, arguments: &[&str]) -> Result<Vec<(String, String)>> {
        let path = scratch.join("list");
        let file = File::create(&path)?;
        let status = self
            .test()
            .args(["--list"])
            .args(arguments)
            .stdout(file.try_clone()?)
            .stderr(file)
            .status()?;
        let output = fs::read(&path)?;
        fs::remove_file(&path)?;
        let output = String::from_utf8_lossy(&output);
        if !status.success() {
            return Err(format!("failed to list the tests: {}", output.trim()).into());
        }
        let mut tests = Vec::new();
        for (announced, text) in libtest::sections(&output, |_| true) {
            let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
            tests.extend(names.map(|name| (announced.to_owned(), name.to_owned())));
        }
        Ok(tests)
    }

    pub(crate) fn run(&self, runner: Runner) -> Command {
        match runner {
            Runner::Libtest => self.test(),
            Runner::Nextest => self.nextest(),
        }
    }

    fn test(&self) -> Command {
        let mut command = cargo();
        command
            .args(["test", "--workspace", "--no-fail-fast", "--color=never"])
            .args(["--", "--format=pretty", "--color=never"])
            .args(&self.filter);
        self.surround(&mut command);
        command
    }

    fn nextest(&self) -> Command {
        let mut command = cargo();
        command
            .args(["nextest", "run", "--workspace", "--no-fail-fast"])
            .args(["--color=never", "--user-config-file=none"])
            .args(["--status-level=pass", "--final-status-level=fail"])
            .args(["--failure-output=immediate", "--success-output=never"])
            .args(["--no-input-handler", "--no-tests=pass"])
            .args(&self.filter);
        self.surround(&mut command);
        command
    }

    /// Overrides user settings that would change the output.
    fn surround(&self, command: &mut Command) {
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .env("CARGO_TERM_VERBOSE", "false")
            .env("CARGO_TERM_QUIET", "false")
            .env_remove("RUST_TEST_NOCAPTURE")
            .env_remove("NEXTEST_PROFILE");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
