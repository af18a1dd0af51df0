//! Converts all packages of a workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};

use super::imports::{mentions, without_unused};
use super::{Input, Peer, convert};
use crate::adopt::annotate::Place;
use crate::adopt::manifest::Source;
use crate::adopt::plan::{Affected, Change, Manifests, Plan};
use crate::adopt::project::Project;
use crate::cargo::{Package, Target};
use crate::source::file::SourceFile;
use crate::source::harness;
use crate::source::locate::{Root, Sources};

/// A file of a package, and the modules that consist of it.
struct Member<'a> {
    file: Rc<SourceFile>,
    is_for_tests: bool,
    modules: Vec<(&'a Target, Vec<String>)>,
}

/// Plans the conversion of a workspace.
pub(in crate::adopt) fn plan(peer: Peer, project: &Project, source: Source) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut manifests = Manifests::new(project, source);
    let mut sources = Sources::default();
    for package in &project.packages {
        let mut names = Vec::new();
        for crate_name in peer.packages() {
            let name = manifests.name_of(package, crate_name)?;
            names.extend(name.map(|name| (*crate_name, name)));
        }
        // A package rarely has both the crate and its drop-in.
        for (crate_name, theirs) in names {
            let members = members(package, &mut sources)?;
            let texts = add_package(
                peer,
                project,
                package,
                &theirs,
                &members,
                &mut manifests,
                &mut plan,
            )?;
            let is_used = texts.iter().any(|text| mentions(text, &theirs));
            let is_changed = plan
                .changes
                .iter()
                .any(|change| change.packages.contains(&package.name));
            if is_changed && !is_used && !manifests.remove(package, crate_name) {
                let shown = project.shown(&package.manifest);
                let note =
                    format!("{shown}: remove the dependency `{crate_name}`, which nothing uses");
                plan.notes.push(note);
            }
        }
    }
    let manifests = manifests.changes(&plan.changes)?;
    plan.changes.splice(0..0, manifests);
    Ok(plan)
}

/// The files of all targets of a package.
fn members<'a>(
    package: &'a Package,
    sources: &mut Sources,
) -> Result<BTreeMap<PathBuf, Member<'a>>> {
    let mut members: BTreeMap<_, Member<'_>> = BTreeMap::new();
    for target in &package.targets {
        let root = Root {
            file: &target.root,
            is_for_tests: target.is_for_tests(),
        };
        let files = sources.files_of_target(&root);
        let files = files.map_err(|error| anyhow!("`{}` {error}", target.root.display()))?;
        for found in files {
            let member = members.entry(found.file.path.clone()).or_insert(Member {
                file: found.file,
                is_for_tests: true,
                modules: Vec::new(),
            });
            member.is_for_tests &= found.is_for_tests;
            member.modules.push((target, found.module));
        }
    }
    Ok(members)
}

/// Adds the changes of a package to the plan; returns the new texts of all its files.
fn add_package(
    peer: Peer,
    project: &Project,
    package: &Package,
    theirs: &str,
    members: &BTreeMap<PathBuf, Member<'_>>,
    manifests: &mut Manifests<'_>,
    plan: &mut Plan,
) -> Result<Vec<String>> {
    let ours = manifests.name_of_ours(package)?;
    let mut texts = Vec::new();
    for (path, member) in members {
        let file = &*member.file;
        let input = Input {
            file,
            ours: &ours,
            theirs,
            is_for_tests: member.is_for_tests,
            directory: package.manifest.parent().unwrap_or(Path::new("")),
        };
        let converted = convert(peer, &input);
        let shown = project.shown(path);
        for (line, note) in converted.notes {
            plan.notes.push(format!("{shown}:{line}: {note}"));
        }
        if converted.edits.is_empty() {
            texts.push(file.text.clone());
            continue;
        }
        let edited = SourceFile::parse(path.clone(), converted.edits.apply(&file.text));
        let edited = edited.with_context(|| format!("failed to convert `{shown}`"))?;
        let after = without_unused(&edited, theirs, peer.items());
        for place in &converted.tests {
            plan.tests.extend(affected(package, member, place));
        }
        texts.push(after.clone());
        plan.changes.push(Change {
            path: path.clone(),
            shown,
            before: file.text.clone(),
            after,
            packages: BTreeSet::from([package.name.clone()]),
            is_manifest: false,
        });
    }
    Ok(texts)
}

/// The tests of a function, in each target that contains it.
fn affected(package: &Package, member: &Member<'_>, place: &Place) -> Vec<Affected> {
    let (indices, function) = place;
    let inner = (1..=indices.len()).map(|end| member.file.module(&indices[..end]).name.clone());
    let inner: Vec<_> = inner.collect();
    let function = &member.file.module(indices).functions[*function];
    let modules = member.modules.iter();
    let affected = modules.map(|(target, outer)| Affected {
        package: package.name.clone(),
        target: (*target).clone(),
        name: [&outer[..], &inner, std::slice::from_ref(&function.name)]
            .concat()
            .join("::"),
        has_cases: harness::has_cases(function),
        file: member.file.path.clone(),
        failed: false,
    });
    affected.collect()
}
