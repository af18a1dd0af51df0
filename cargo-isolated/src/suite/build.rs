//! Builds the test binaries and describes them.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::Suite;
use super::binary::Binary;
use super::record::{self, Start};
use super::selection::Selection;
use crate::cargo::{self, Target};
use crate::program;

/// A line of `cargo test --message-format=json`.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    profile: Option<Profile>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl Suite {
    /// Builds the selected binaries and lists their tests. A binary that fails to list its tests
    /// counts as empty, with a warning.
    pub(crate) fn build(selection: &Selection) -> Result<Suite> {
        let mut binaries = built(selection)?;
        let starts = starts(selection)?;
        for binary in &mut binaries {
            let start = starts
                .iter()
                .find(|start| start.program == binary.executable)
                .with_context(|| {
                    format!("Cargo does not start `{}`", binary.executable.display())
                })?;
            binary.describe(start);
            if let Err(error) = binary.list() {
                eprintln!("isolated: WARNING: no tests of {}: {error:#}", binary.id);
            }
        }
        binaries.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Suite { binaries })
    }
}

fn command(selection: &Selection) -> Command {
    let mut command = cargo::command();
    command.arg("test").args(selection.build_arguments());
    command
}

fn built(selection: &Selection) -> Result<Vec<Binary>> {
    let mut child = command(selection)
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .context("failed to start Cargo")?;
    let mut binaries = Vec::new();
    let output = child.stdout.take().context("the output is piped")?;
    for line in BufReader::new(output).lines() {
        // Build scripts and compilers may print other lines.
        let Ok(message) = serde_json::from_str::<Message>(&line?) else {
            continue;
        };
        let is_test = message.profile.is_some_and(|profile| profile.test);
        if let (Some(executable), Some(target), true) =
            (message.executable, message.target, is_test)
        {
            binaries.push(Binary {
                target,
                executable,
                ..Binary::default()
            });
        }
    }
    if !child.wait()?.success() {
        bail!("failed to build the tests; `cargo test --no-run` shows why");
    }
    if binaries.is_empty() {
        bail!("the selected packages have no tests; select others after `--`");
    }
    Ok(binaries)
}

/// Makes Cargo start all binaries with a target runner that only records how it was started.
fn starts(selection: &Selection) -> Result<Vec<Start>> {
    let dir = tempfile::tempdir().context("failed to create a temporary directory")?;
    let mut command = command(selection);
    let words = [
        program::path()?.to_str(),
        Some("record"),
        dir.path().to_str(),
    ];
    let words: Option<Vec<_>> = words.into_iter().collect();
    let words = words.context("the path of this program is not UTF-8; install it elsewhere")?;
    // A JSON array of strings is a TOML array too.
    let words = serde_json::to_string(&words)?;
    let target = selection.value("--target").map_or_else(cargo::host, Ok)?;
    command.args(["--config", &format!("target.{target}.runner = {words}")]);
    let output = command.arg("--quiet").output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("Cargo fails to start the tests: {}", errors.trim());
    }
    record::read(dir.path())
}

impl Binary {
    fn describe(&mut self, start: &Start) {
        self.manifest_dir = PathBuf::from(&start.dir);
        self.variables.clone_from(&start.variables);
        let variable = |name: &str| {
            let mut variables = start.variables.iter();
            let (_, value) = variables.find(|(known, _)| known == name)?;
            Some(value.to_string_lossy().into_owned())
        };
        // Under Cargo, this process has the variables of its own package.
        let package = variable("CARGO_PKG_NAME").or_else(|| env::var("CARGO_PKG_NAME").ok());
        self.package = package.unwrap_or_default();
        let (package, target) = (&self.package, &self.target.name);
        let kind = self.target.kind.first().map_or("lib", |kind| kind);
        self.id = match kind {
            "test" => format!("{package}::{target}"),
            kind @ ("bin" | "example" | "bench") => format!("{package}::{kind}/{target}"),
            _ => package.clone(),
        };
    }
}
