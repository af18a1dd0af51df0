//! Compiles the tests of the edited packages.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::project::{Project, real};
use crate::cargo;

/// The errors of a build.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<Error>,
    /// The output of Cargo, if it contains no compiler error.
    otherwise: Option<String>,
}

/// A compiler error.
#[derive(Debug)]
struct Error {
    text: String,
    /// The files that it names.
    files: BTreeSet<PathBuf>,
    /// The root file of the target.
    root: PathBuf,
}

#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "message")]
    text: String,
    #[serde(default)]
    level: String,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Message>,
}

#[derive(Deserialize)]
struct Span {
    file_name: PathBuf,
    expansion: Option<Expansion>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Box<Span>,
}

/// Compiles the tests of these packages; `None` if they compile.
pub(super) fn compile(
    project: &Project,
    packages: &BTreeSet<String>,
    words: &[OsString],
) -> Result<Option<Errors>> {
    let mut command = cargo::command();
    command.args([
        "test",
        "--no-run",
        "--no-fail-fast",
        "--message-format=json",
    ]);
    for package in packages {
        command.args(["--package", package]);
    }
    let output = command.args(words).output();
    let output = output.context("failed to start Cargo")?;
    if output.status.success() {
        return Ok(None);
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let list: Vec<_> = printed
        .lines()
        .filter_map(|line| error(line, project))
        .collect();
    let otherwise = list.is_empty().then(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        cargo::errors_in(&errors).to_owned()
    });
    Ok(Some(Errors { list, otherwise }))
}

fn error(line: &str, project: &Project) -> Option<Error> {
    let line: Line = serde_json::from_str(line).ok()?;
    let message = line.message.filter(|message| message.level == "error")?;
    let mut files = BTreeSet::new();
    add_files(&message, project, &mut files);
    Some(Error {
        text: message.text,
        files,
        root: real(&line.target?.src_path),
    })
}

/// Adds the files of all spans, and of the calls of the macros that they are in.
fn add_files(message: &Message, project: &Project, files: &mut BTreeSet<PathBuf>) {
    for span in &message.spans {
        let mut next = Some(span);
        while let Some(span) = next {
            files.insert(real(&project.root.join(&span.file_name)));
            next = span.expansion.as_ref().map(|expansion| &*expansion.span);
        }
    }
    for child in &message.children {
        add_files(child, project, files);
    }
}

impl Errors {
    /// The first error that names this file.
    pub(super) fn in_file(&self, file: &PathBuf) -> Option<&str> {
        let error = self.list.iter().find(|error| error.files.contains(file));
        error.map(|error| error.text.as_str())
    }

    /// The first error of a target with one of these root files.
    pub(super) fn in_targets(&self, roots: &BTreeSet<PathBuf>) -> Option<&str> {
        let error = self.list.iter().find(|error| roots.contains(&error.root));
        error.map(|error| error.text.as_str())
    }

    /// Any error.
    pub(super) fn first(&self) -> &str {
        let first = self.list.first().map(|error| error.text.as_str());
        let first = first.or(self.otherwise.as_deref());
        first
            .filter(|text| !text.is_empty())
            .unwrap_or("Cargo failed")
    }
}
