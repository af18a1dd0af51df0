//! Plans edits from findings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::annotate::{Place, annotate};
use super::attribute;
use super::manifest::Source;
use super::needs::{Choice, Needs, chosen, of_findings};
use super::plan::{Affected, Change, Manifests, Plan};
use super::project::Project;
use crate::cargo::{Package, Target};
use crate::findings::{Conflict, Findings, Outcome, Test, VERSION};
use crate::source::locate::{Lost, Root, Sources};

/// A file with tests to annotate.
#[derive(Default)]
struct Wanted {
    needs: BTreeMap<Place, Needs>,
    packages: BTreeSet<String>,
    is_not_for_tests: bool,
}

/// Tests that share one place in the sources and cannot be annotated there.
#[derive(Default)]
struct Unreachable(Vec<(Lost, Needs, String, Vec<String>)>);

/// Plans the edits.
pub(super) fn plan(
    findings: &Findings,
    choice: Choice,
    project: &Project,
    source: Source,
) -> Result<Plan> {
    check(findings)?;
    let mut plan = Plan::default();
    let mut manifests = Manifests::new(project, source);
    let mut sources = Sources::default();
    let mut files: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
    let mut unreachable = Unreachable::default();
    for (test, needs) in findings.tests.iter().zip(of_findings(findings, choice)) {
        if needs.is_empty() {
            continue;
        }
        let (package, target) = target_of(test, project)?;
        let file = project.root.join(&test.root);
        let root = Root {
            file: &file,
            is_for_tests: target.is_for_tests(),
        };
        match sources.locate(&root, &test.name) {
            Ok(sites) => {
                for site in sites {
                    let wanted = files.entry(site.file.clone()).or_default();
                    wanted.packages.insert(test.package.clone());
                    wanted.is_not_for_tests |= !site.is_in_tests;
                    let place = (site.modules, site.function);
                    wanted.needs.entry(place).or_default().add(&needs);
                    plan.tests.push(Affected {
                        package: test.package.clone(),
                        target: target.clone(),
                        name: test.name.clone(),
                        has_cases: false,
                        file: site.file,
                        failed: test.outcome == Outcome::Failed,
                    });
                }
            }
            Err(lost) => {
                let name = manifests.name_of_ours(package)?;
                unreachable.add(lost, needs, name, test.name.clone());
            }
        }
    }
    for (path, wanted) in files {
        let file = sources
            .read(&path)
            .ok()
            .context("expected a file that was read")?;
        let package = wanted
            .packages
            .first()
            .and_then(|name| project.package(name));
        let name = manifests.name_of_ours(package.context("expected a package")?)?;
        let (edits, refused) = annotate(&file, &wanted.needs, &name, !wanted.is_not_for_tests);
        let shown = project.shown(&path);
        for refused in refused {
            let arguments = attribute::arguments(&refused.needs).join(", ");
            let (line, reason) = (refused.line, refused.reason);
            let note = format!(
                "{shown}:{line}: add `{arguments}` to the attribute manually, because {reason}"
            );
            plan.notes.push(note);
        }
        if !edits.is_empty() {
            plan.changes.push(Change {
                path,
                shown,
                before: file.text.clone(),
                after: edits.apply(&file.text),
                packages: wanted.packages,
                is_manifest: false,
            });
        }
    }
    let is_changed = |test: &Affected| plan.changes.iter().any(|change| change.path == test.file);
    plan.tests.retain(is_changed);
    plan.notes.extend(unreachable.notes(project));
    for (conflict, choice) in chosen(findings, choice) {
        for note in suggestions(conflict, choice) {
            if !plan.notes.contains(&note) {
                plan.notes.push(note);
            }
        }
    }
    let manifests = manifests.changes(&plan.changes)?;
    plan.changes.splice(0..0, manifests);
    Ok(plan)
}

/// Refuses findings of another version, and inconsistent ones.
fn check(findings: &Findings) -> Result<()> {
    let version = findings.version;
    if version != VERSION {
        bail!(
            "the findings have version {version}, and this program reads version {VERSION}; observe the tests again"
        );
    }
    for conflict in findings.all_conflicts() {
        let tests = [&conflict.writers, &conflict.readers, &conflict.fixed_at];
        if let Some(test) = tests
            .into_iter()
            .flatten()
            .find(|test| **test >= findings.tests.len())
        {
            let key = &conflict.key;
            bail!(
                "the findings contain no test {test}, which the conflict `{key}` names; observe the tests again"
            );
        }
    }
    Ok(())
}

fn target_of<'a>(test: &Test, project: &'a Project) -> Result<(&'a Package, &'a Target)> {
    let Test { package, root, .. } = test;
    let found = project.package(package);
    let found = found.with_context(|| {
        format!("this workspace has no package `{package}`; use findings of this workspace")
    })?;
    let target = project.target(package, root).with_context(|| {
        let root = root.display();
        format!("`{package}` has no target with the root file `{root}`; observe the tests again")
    })?;
    Ok((found, target))
}

/// A note for each place of a conflict with a better solution.
fn suggestions(conflict: &Conflict, choice: Choice) -> Vec<String> {
    let Some(suggestion) = &conflict.suggestion else {
        return Vec::new();
    };
    let written = match (choice, &conflict.argument) {
        (Choice::Best, Some(argument)) => argument.clone(),
        _ => attribute::key_list("serial", &[attribute::literal(&conflict.key)]),
    };
    let places = conflict.places.iter();
    let mut lines: Vec<_> = places
        .map(|place| {
            let file = place.file.display().to_string().replace('\\', "/");
            format!(
                "{file}:{}: better than `{written}`: {suggestion}",
                place.line
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(format!("better than `{written}`: {suggestion}"));
    }
    lines
}

impl Unreachable {
    fn add(&mut self, lost: Lost, needs: Needs, name: String, test: String) {
        let mut groups = self.0.iter_mut();
        let same = groups.find(|(other, wanted, ..)| *other == lost && *wanted == needs);
        match same {
            Some((.., tests)) => tests.push(test),
            None => self.0.push((lost, needs, name, vec![test])),
        }
    }

    fn notes(self, project: &Project) -> Vec<String> {
        let note = |(lost, needs, name, tests): (Lost, Needs, String, Vec<String>)| {
            let file = project.shown(&super::project::real(&lost.file));
            let line = lost.line.map_or(String::new(), |line| format!(":{line}"));
            let tests: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
            let arguments = attribute::arguments(&needs).join(", ");
            format!(
                "{file}{line}: write `#[{name}::isolated({arguments})]` above the `#[test]` of {}, because {}",
                tests.join(", "),
                lost.reason
            )
        };
        self.0.into_iter().map(note).collect()
    }
}
