//! A source file, with the properties of its lines that an edit depends on.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

use super::items::Module;
use super::read;

/// A parsed source file.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Absolute, with symbolic links resolved.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) root: Module,
}

impl SourceFile {
    /// Parses a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not Rust.
    pub(crate) fn parse(path: PathBuf, text: String) -> Result<SourceFile> {
        let begin = begin_of_rust(&text);
        let parsed = syn::parse_file(&text[begin..]).map_err(|error| {
            let line = error.span().start().line + text[..begin].matches('\n').count();
            anyhow!("cannot parse line {line}: {error}")
        })?;
        let root = read::module_of_file(&text, begin, &parsed);
        Ok(SourceFile { path, text, root })
    }

    /// The inline module that the indices lead to.
    pub(crate) fn module<'a>(&'a self, indices: &[usize]) -> &'a Module {
        let below = |module: &'a Module, index: &usize| &module.modules[*index];
        indices.iter().fold(&self.root, below)
    }

    /// The number of the line, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        line(&self.text, at)
    }

    /// The whitespace before a position, if there is nothing else on its line.
    pub(crate) fn indentation(&self, at: usize) -> Option<&str> {
        let begin = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = self.text[begin..at].trim_start_matches('\u{feff}');
        before
            .chars()
            .all(|letter| letter == ' ' || letter == '\t')
            .then_some(before)
    }

    /// The line ending that the file uses.
    pub(crate) fn line_ending(&self) -> &'static str {
        line_ending(&self.text)
    }

    /// The whole lines of a range, with their ending, if nothing else is on them.
    pub(crate) fn whole_lines(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let indentation = self.indentation(range.start)?;
        let rest = &self.text[range.end..];
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let is_empty = rest[..end].trim().is_empty();
        is_empty.then(|| range.start - indentation.len()..range.end + end)
    }
}

/// The number of the line, from 1.
pub(super) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The line ending of a text: that of its first line.
pub(crate) fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(end) if text[..end].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the Rust begins: after a byte order mark and a line that names an interpreter.
fn begin_of_rust(text: &str) -> usize {
    let begin = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let rest = &text[begin..];
    let is_attribute = || rest[2..].trim_start().starts_with('[');
    if rest.starts_with("#!") && !is_attribute() {
        return begin + rest.find('\n').unwrap_or(rest.len());
    }
    begin
}
