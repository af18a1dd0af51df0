//! The planned edits and the remaining manual steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::manifest::{Manifest, Source};
use super::project::Project;
use crate::cargo::{Package, Target};
use crate::source::edits::Edits;

/// The edits of a workspace.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    /// Manual steps.
    pub(super) notes: Vec<String>,
    pub(super) tests: Vec<Affected>,
}

/// A file and its new text.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Without symbolic links.
    pub(super) path: PathBuf,
    /// The path for display.
    pub(super) shown: String,
    pub(super) before: String,
    pub(super) after: String,
    /// The packages that the file belongs to.
    pub(super) packages: BTreeSet<String>,
    pub(super) is_manifest: bool,
}

/// A test that an edit affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Affected {
    pub(super) package: String,
    pub(super) target: Target,
    pub(super) name: String,
    /// Whether this includes all tests below this name: `adds::case_1`.
    pub(super) has_cases: bool,
    /// The file that was edited for it.
    pub(super) file: PathBuf,
    /// Whether it failed before.
    pub(super) failed: bool,
}

/// The manifests of the packages that are edited.
pub(super) struct Manifests<'a> {
    project: &'a Project,
    workspace: Option<Manifest>,
    source: Source,
    open: BTreeMap<PathBuf, Open>,
}

struct Open {
    text: String,
    manifest: Manifest,
    package: String,
    /// The name of isolated-test in the sources.
    name: String,
    edits: Edits,
}

impl<'a> Manifests<'a> {
    pub(super) fn new(project: &'a Project, source: Source) -> Manifests<'a> {
        Manifests {
            project,
            workspace: project.manifest(),
            source,
            open: BTreeMap::new(),
        }
    }

    fn open(&mut self, package: &Package) -> Result<&mut Open> {
        let path = super::project::real(&package.manifest);
        if !self.open.contains_key(&path) {
            let open = self.read(&path, package);
            let open = open.with_context(|| format!("failed to read `{}`", path.display()))?;
            self.open.insert(path.clone(), open);
        }
        self.open.get_mut(&path).context("expected the manifest")
    }

    fn read(&self, path: &Path, package: &Package) -> Result<Open> {
        let text = fs::read_to_string(path)?;
        let manifest = Manifest::parse(&text)?;
        let mut edits = Edits::default();
        let workspace = self.workspace.as_ref();
        let name = match manifest.name_of_ours(workspace) {
            Some(name) => name,
            None => manifest.add_ours(workspace, &self.source, &mut edits),
        };
        Ok(Open {
            text,
            manifest,
            package: package.name.clone(),
            name,
            edits,
        })
    }

    /// The name of isolated-test in the sources of a package.
    pub(super) fn name_of_ours(&mut self, package: &Package) -> Result<String> {
        Ok(self.open(package)?.name.clone())
    }

    /// The name of another crate in the sources of a package, if it is a dependency.
    pub(super) fn name_of(
        &mut self,
        package: &Package,
        crate_name: &str,
    ) -> Result<Option<String>> {
        self.open(package)?;
        let workspace = self.workspace.as_ref();
        let open = self.open.get(&super::project::real(&package.manifest));
        Ok(open.and_then(|open| open.manifest.name_of(crate_name, workspace)))
    }

    /// Removes a dependency. Returns `false` if the user has to do that.
    pub(super) fn remove(&mut self, package: &Package, crate_name: &str) -> bool {
        let workspace = self.workspace.as_ref();
        let open = self.open.get_mut(&super::project::real(&package.manifest));
        open.is_some_and(|open| open.manifest.remove(crate_name, workspace, &mut open.edits))
    }

    /// The changed manifests of packages with changed sources.
    pub(super) fn changes(self, sources: &[Change]) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (path, open) in self.open {
            let mut packages = sources.iter().flat_map(|change| &change.packages);
            if open.edits.is_empty() || !packages.any(|package| *package == open.package) {
                continue;
            }
            let shown = self.project.shown(&path);
            let after = open.edits.apply(&open.text);
            Manifest::parse(&after).with_context(|| {
                format!("failed to add isolated-test to `{shown}`; add it to the dev-dependencies and run this again")
            })?;
            changes.push(Change {
                path,
                shown,
                before: open.text,
                after,
                packages: BTreeSet::from([open.package]),
                is_manifest: true,
            });
        }
        Ok(changes)
    }
}
