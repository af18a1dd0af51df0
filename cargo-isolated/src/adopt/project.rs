//! The packages of a workspace and their targets, as Cargo knows them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::manifest::Manifest;

/// A workspace.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "manifest_path")]
    pub(super) manifest: PathBuf,
    pub(super) targets: Vec<Target>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    kind: Vec<String>,
    /// Its root file.
    #[serde(rename = "src_path")]
    pub(super) root: PathBuf,
}

/// A command of Cargo.
pub(super) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

impl Project {
    /// The workspace of the working directory.
    pub(super) fn of_here() -> Result<Project> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version=1"]);
        let output = command.output().context("failed to start Cargo")?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("`cargo metadata` failed: {}", errors.trim());
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .context("failed to read the output of `cargo metadata`")?;
        Ok(Project {
            root: real(&metadata.workspace_root),
            packages: metadata.packages,
        })
    }

    pub(super) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The target with this root file, which is relative to the workspace.
    pub(super) fn target(&self, package: &str, root: &Path) -> Option<&Target> {
        let root = real(&self.root.join(root));
        let mut targets = self.package(package)?.targets.iter();
        targets.find(|target| real(&target.root) == root)
    }

    /// A path as it is shown: relative to the workspace, if it is in there.
    pub(super) fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.display().to_string().replace('\\', "/")
    }

    /// The manifest of the workspace.
    pub(super) fn manifest(&self) -> Option<Manifest> {
        let text = fs::read_to_string(self.root.join("Cargo.toml")).ok()?;
        Manifest::parse(&text).ok()
    }
}

impl Target {
    fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|found| found == kind)
    }

    /// Whether the target is only built with dev-dependencies.
    pub(super) fn is_for_tests(&self) -> bool {
        ["test", "bench", "example"]
            .iter()
            .any(|kind| self.is(kind))
    }

    /// The arguments of Cargo that choose this target.
    pub(super) fn arguments(&self) -> Vec<&str> {
        for (kind, flag) in [
            ("bin", "--bin"),
            ("test", "--test"),
            ("example", "--example"),
            ("bench", "--bench"),
        ] {
            if self.is(kind) {
                return vec![flag, &self.name];
            }
        }
        vec!["--lib"]
    }
}

/// A path without symbolic links.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
