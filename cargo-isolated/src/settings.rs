//! `[workspace.metadata.isolated]` in the `Cargo.toml` of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::part::Part;

/// The settings of a workspace.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The parts that all tests share.
    keep: Vec<Part>,
    /// Further parts that some tests share.
    overrides: Vec<Override>,
    /// Patterns for the names of resources that `observe` ignores.
    pub(crate) ignore: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    /// The text that the names of these tests contain.
    tests: String,
    keep: Vec<Part>,
}

/// A workspace and its settings.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) settings: Settings,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    workspace: Option<Table>,
    package: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Table {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    isolated: Settings,
}

impl Workspace {
    /// Finds the workspace of a directory: the nearest directory above whose `Cargo.toml` has a
    /// `[workspace]` table, or else the package.
    pub(crate) fn of(dir: &Path) -> Result<Workspace> {
        let mut package = None;
        for dir in dir.ancestors() {
            let path = dir.join("Cargo.toml");
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let manifest: Manifest = toml::from_str(&text)
                .with_context(|| format!("failed to read `{}`", path.display()))?;
            let root = dir.to_owned();
            if let Some(table) = manifest.workspace {
                let settings = table.metadata.isolated;
                return Ok(Workspace { root, settings });
            }
            if manifest.package.is_some() && package.is_none() {
                let settings = Settings::default();
                package = Some(Workspace { root, settings });
            }
        }
        package.with_context(|| {
            let dir = dir.display();
            format!("found no `Cargo.toml` in `{dir}` or above; run this in a workspace")
        })
    }
}

impl Settings {
    /// The parts that the named tests share; without names, those that all tests share.
    pub(crate) fn keep(&self, tests: &[&str]) -> Vec<Part> {
        let applies = |entry: &&Override| tests.iter().any(|test| test.contains(&entry.tests));
        let overrides = self.overrides.iter().filter(applies);
        let further = overrides.flat_map(|entry| &entry.keep);
        self.keep.iter().chain(further).copied().collect()
    }

    pub(crate) fn has_overrides(&self) -> bool {
        !self.overrides.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Part, Workspace};

    #[test]
    fn the_workspace_above_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let member = dir.path().join("crates/member");
        fs::create_dir_all(&member).expect("a directory");
        let settings = "keep = ['network']\noverrides = [{ tests = 'db::', keep = ['home'] }]";
        let root = format!("[workspace]\n[workspace.metadata.isolated]\n{settings}\n");
        fs::write(dir.path().join("Cargo.toml"), root).expect("a file");
        fs::write(member.join("Cargo.toml"), "[package]\nname = 'member'\n").expect("a file");
        let workspace = Workspace::of(&member).expect("a workspace");
        assert_eq!(workspace.root, dir.path());
        let keep = |tests: &[&str]| workspace.settings.keep(tests);
        assert_eq!(keep(&[]), [Part::Network]);
        assert_eq!(keep(&["files::reads"]), [Part::Network]);
        assert_eq!(keep(&["store::db::reads"]), [Part::Network, Part::Home]);
    }

    #[test]
    fn a_package_alone_is_its_workspace() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("Cargo.toml"), "[package]\nname = 'alone'\n").expect("a file");
        fs::create_dir(dir.path().join("src")).expect("a directory");
        let workspace = Workspace::of(&dir.path().join("src")).expect("a workspace");
        assert_eq!(workspace.root, dir.path());
        assert_eq!(workspace.settings.keep(&[]), []);
    }

    #[test]
    fn a_part_that_does_not_exist_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = "[workspace.metadata.isolated]\nkeep = ['netwrk']\n";
        fs::write(dir.path().join("Cargo.toml"), text).expect("a file");
        let error = format!("{:#}", Workspace::of(dir.path()).expect_err("no such part"));
        assert!(
            error.contains("netwrk") && error.contains("`network`"),
            "{error}"
        );
    }
}
