//! Refuses to edit files that git could not restore.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::plan::Change;
use super::project::{Project, real};

/// The checks that the user has waived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    pub(super) dirty: bool,
    pub(super) no_vcs: bool,
}

/// Checks that the checkout is clean and that git tracks each file to be written.
pub(super) fn check(project: &Project, changes: &[Change], allowed: Allowed) -> Result<()> {
    if allowed.dirty {
        return Ok(());
    }
    let Some(top) = git(&project.root, &["rev-parse", "--show-toplevel"]) else {
        if allowed.no_vcs {
            return Ok(());
        }
        bail!(
            "this workspace is not in a git repository, so nothing could bring a file back; create one, or pass `--allow-no-vcs`"
        );
    };
    let top = PathBuf::from(top.trim_end_matches(['\r', '\n']));
    let fails = || format!("`git` failed in `{}`", top.display());
    let status = ["status", "--porcelain", "-z", "--untracked-files=no"];
    let status = git(&top, &status).with_context(fails)?;
    let dirty: Vec<_> = status
        .split('\0')
        .filter(|entry| !entry.is_empty())
        .collect();
    if let Some(first) = dirty.first() {
        let more = match dirty.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let first = first.get(3..).unwrap_or(first);
        bail!(
            "the checkout has uncommitted changes in `{first}`{more}; commit or stash them, or pass `--allow-dirty`"
        );
    }
    let known = git(&top, &["ls-files", "-z"]).with_context(fails)?;
    let top = real(&top);
    let path = |entry: &str| top.join(entry.split('/').collect::<PathBuf>());
    let known: BTreeSet<_> = known.split('\0').map(path).collect();
    if let Some(change) = changes.iter().find(|change| !known.contains(&change.path)) {
        let shown = &change.shown;
        bail!("git does not track `{shown}`; commit it, or pass `--allow-dirty`");
    }
    Ok(())
}

/// The output of git, if it succeeds.
fn git(dir: &Path, words: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let output = command.arg("-C").arg(dir).args(words).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}
