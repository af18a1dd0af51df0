//! The dependencies of a package, in its `Cargo.toml`.

use std::ops::Range;

use anyhow::{Context, Result};
use toml_edit::{Document, Item, TableLike};

use crate::source::edits::Edits;
use crate::source::file::line_ending;

/// The package of the attribute.
const OURS: &str = "isolated-test";

const DEV: &str = "dev-dependencies";

/// A manifest, as it is written.
pub(super) struct Manifest {
    document: Document<String>,
}

/// A dependency of a manifest.
struct Dependency<'a> {
    /// The name left of `=`.
    name: &'a str,
    range: Range<usize>,
    is_for_all: bool,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Result<Manifest> {
        let document = Document::parse(text.to_owned()).context("it is not TOML")?;
        Ok(Manifest { document })
    }

    fn text(&self) -> &str {
        self.document.raw()
    }

    /// The tables of dependencies that all tests of the package have.
    fn tables(&self) -> impl Iterator<Item = (&'static str, &dyn TableLike)> {
        let names = [DEV, "dependencies"];
        names.into_iter().filter_map(|name| {
            let table = self.document.get(name)?.as_table_like()?;
            Some((name, table))
        })
    }

    /// The dependency on a package, under any name.
    fn find(&self, package: &str, workspace: Option<&Manifest>) -> Option<Dependency<'_>> {
        self.tables().find_map(|(kind, table)| {
            let mut all = table.iter();
            let (name, _) = all.find(|(name, item)| {
                let inherited = || {
                    let is_inherited = item.get("workspace").and_then(Item::as_bool) == Some(true);
                    let shared = workspace.filter(|_| is_inherited)?.shared()?;
                    shared.get(name)
                };
                package_of(name, inherited().unwrap_or(item)) == package
            })?;
            let (key, item) = table.get_key_value(name)?;
            let begin = key.span()?.start;
            let end = item.span().map_or(begin, |span| span.end);
            let is_optional = item.get("optional").and_then(Item::as_bool) == Some(true);
            Some(Dependency {
                name,
                range: begin..end,
                is_for_all: !(is_optional && kind == "dependencies"),
            })
        })
    }

    fn shared(&self) -> Option<&dyn TableLike> {
        self.document
            .get("workspace")?
            .get("dependencies")?
            .as_table_like()
    }

    /// The name of isolated-test in the sources of the package, if it is a dependency.
    pub(super) fn name_of_ours(&self, workspace: Option<&Manifest>) -> Option<String> {
        let ours = self.find(OURS, workspace).filter(|found| found.is_for_all);
        ours.map(|found| found.name.replace('-', "_"))
    }

    /// The name that isolated-test has in `[workspace.dependencies]`.
    fn name_in_workspace(&self) -> Option<&str> {
        let mut all = self.shared()?.iter();
        let found = all.find(|(name, item)| package_of(name, item) == OURS);
        found.map(|(name, _)| name)
    }

    /// Adds isolated-test to the dev-dependencies; returns its name in the sources.
    pub(super) fn add_ours(
        &self,
        workspace: Option<&Manifest>,
        source: &Source,
        edits: &mut Edits,
    ) -> String {
        let inherited = workspace.and_then(Manifest::name_in_workspace);
        let (name, line) = match (source, inherited) {
            (Source::Registry, Some(name)) if self.has_dotted_inheritance() => {
                (name, format!("{name}.workspace = true"))
            }
            (Source::Registry, Some(name)) => (name, format!("{name} = {{ workspace = true }}")),
            (Source::Registry, None) => (OURS, format!("{OURS} = \"0.1\"")),
            (Source::Path(path), _) => {
                let path = toml_edit::Value::from(path.as_str());
                (OURS, format!("{OURS} = {{ path = {path} }}"))
            }
        };
        self.add_line(name, &line, edits);
        name.replace('-', "_")
    }

    /// Whether dependencies are written as `name.workspace = true`.
    fn has_dotted_inheritance(&self) -> bool {
        self.tables().any(|(_, table)| {
            let mut all = table.iter();
            all.any(|(_, item)| item.as_table_like().is_some_and(TableLike::is_dotted))
        })
    }

    /// Adds a line to the dev-dependencies: in order, if they are in order.
    fn add_line(&self, name: &str, line: &str, edits: &mut Edits) {
        let (text, end) = (self.text(), line_ending(self.text()));
        let table = self.document.get(DEV).and_then(Item::as_table);
        let Some(table) = table.filter(|table| !table.is_implicit() && !table.is_dotted()) else {
            let before = if text.ends_with('\n') { "" } else { end };
            return edits.insert(text.len(), format!("{before}{end}[{DEV}]{end}{line}{end}"));
        };
        // Entries with their own header, `[dev-dependencies.name]`, come after the others.
        let is_on_line = |item: &Item| item.as_table().is_none_or(toml_edit::Table::is_dotted);
        let entries = table.iter().filter(|(_, item)| is_on_line(item));
        let mut entries: Vec<(&str, Range<usize>)> = entries
            .filter_map(|(name, item)| {
                let begin = table.key(name)?.span()?.start;
                Some((name, begin..end_of(item).unwrap_or(begin)))
            })
            .collect();
        entries.sort_by_key(|(_, range)| range.start);
        let names: Vec<_> = entries.iter().map(|(name, _)| *name).collect();
        let after = entries
            .iter()
            .find(|(other, _)| names.is_sorted() && *other > name);
        if let Some((_, range)) = after {
            let begin = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
            return edits.insert(begin, format!("{line}{end}"));
        }
        let last = entries.last().map(|(_, range)| range.end);
        let last = last
            .or_else(|| table.span().map(|span| span.start))
            .unwrap_or(text.len());
        match text[last..].find('\n') {
            Some(length) => edits.insert(last + length + 1, format!("{line}{end}")),
            None => edits.insert(text.len(), format!("{end}{line}{end}")),
        }
    }

    /// The name of a package in the sources, if it is a dependency.
    pub(super) fn name_of(&self, package: &str, workspace: Option<&Manifest>) -> Option<String> {
        let found = self.find(package, workspace)?;
        Some(found.name.replace('-', "_"))
    }

    /// Removes the line of a dependency; `false` if it shares its line.
    pub(super) fn remove(
        &self,
        package: &str,
        workspace: Option<&Manifest>,
        edits: &mut Edits,
    ) -> bool {
        let Some(found) = self.find(package, workspace) else {
            return false;
        };
        let text = self.text();
        let begin = text[..found.range.start]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let rest = &text[found.range.end..];
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let is_alone = text[begin..found.range.start].trim().is_empty()
            && (rest[..end].trim().is_empty() || rest[..end].trim().starts_with('#'));
        if is_alone && text[found.range.start..found.range.end].contains('=') {
            edits.replace(begin..found.range.end + end, "");
            return true;
        }
        false
    }
}

/// Where a new dependency comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Registry,
    Path(String),
}

/// The end of a value, or of the last value of a dotted table.
fn end_of(item: &Item) -> Option<usize> {
    let inside = item.as_table().filter(|table| table.is_dotted());
    match inside {
        Some(table) => table.iter().filter_map(|(_, item)| end_of(item)).max(),
        None => item.span().map(|span| span.end),
    }
}

/// The package of a dependency.
fn package_of<'a>(name: &'a str, item: &'a Item) -> &'a str {
    let package = item.get("package").and_then(Item::as_str);
    package.unwrap_or(name)
}
