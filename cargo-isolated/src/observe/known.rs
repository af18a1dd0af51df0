//! The list of known conflicts, so that a new one can be an error.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::findings::{Conflict, Findings};

/// The conflicts that are not in a list.
pub(super) fn new<'a>(findings: &'a Findings, list: &Path) -> Result<Vec<&'a Conflict>> {
    let text = fs::read_to_string(list).with_context(|| {
        let list = list.display();
        format!("failed to read `{list}`; create it with `cargo isolated observe --accept {list}`")
    })?;
    let known: BTreeSet<_> = text.lines().map(str::trim).collect();
    let conflicts = findings.all_conflicts();
    Ok(conflicts
        .filter(|conflict| !known.contains(&*line(conflict)))
        .collect())
}

/// Writes the list of all conflicts.
pub(super) fn accept(findings: &Findings, list: &Path) -> Result<()> {
    let lines: BTreeSet<_> = findings.all_conflicts().map(line).collect();
    let mut text = "# What tests share, for `cargo isolated observe --deny-new`.\n".to_owned();
    text.extend(lines.iter().flat_map(|line| [line, "\n"]));
    fs::write(list, text).with_context(|| format!("failed to write `{}`", list.display()))
}

/// A line about a conflict that is the same on other machines.
pub(super) fn line(conflict: &Conflict) -> String {
    let title = conflict.resource.to_string();
    let dirs = [
        (env::current_dir().ok(), "."),
        (Some(env::temp_dir()), "$TMPDIR"),
        (env::home_dir(), "~"),
    ];
    let mut text = title;
    for (dir, name) in dirs {
        if let Some(dir) = dir
            .as_deref()
            .and_then(Path::to_str)
            .filter(|dir| dir.len() > 1)
        {
            text = text.replace(&format!(" {dir}/"), &format!(" {name}/"));
        }
    }
    text
}
