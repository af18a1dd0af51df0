//! The packages of a workspace and their targets, according to Cargo.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::manifest::Manifest;
use crate::cargo::{Package, Target};
use crate::suite::{Runner, Selection};

/// A workspace.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) packages: Vec<Package>,
}

impl Project {
    /// The workspace that these arguments of Cargo select.
    pub(super) fn selected_by(words: &[OsString]) -> Result<Project> {
        let metadata = Selection::of(Runner::Libtest, words).metadata()?;
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

    /// A path for display: relative to the workspace, if it is inside.
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

/// A path without symbolic links.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
