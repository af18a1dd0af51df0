//! Adds attributes to tests, or to a module if all its tests need the same.

use std::collections::BTreeMap;

use super::attribute::{self, Style};
use super::extend::{Existing, for_parameters};
use super::needs::Needs;
use crate::source::edits::Edits;
use crate::source::file::SourceFile;
use crate::source::harness;
use crate::source::items::{Attribute, Function, Head};

/// A function of a file: the indices of its module, and its own.
pub(super) type Place = (Vec<usize>, usize);

/// A need that the user has to write manually.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) line: usize,
    pub(super) needs: Needs,
    pub(super) reason: String,
}

/// Annotates the functions of one file.
pub(super) struct Annotator<'a> {
    file: &'a SourceFile,
    needs: &'a BTreeMap<Place, Needs>,
    /// The name of isolated-test in this package.
    name: &'a str,
    edits: Edits,
    refused: Vec<Refused>,
}

/// Annotates the functions of a file, which may be compiled for tests only. `name` is the name of
/// isolated-test in its package.
pub(super) fn annotate(
    file: &SourceFile,
    needs: &BTreeMap<Place, Needs>,
    name: &str,
    is_for_tests: bool,
) -> (Edits, Vec<Refused>) {
    let mut annotator = Annotator {
        file,
        needs,
        name,
        edits: Edits::default(),
        refused: Vec::new(),
    };
    let inherited = file.root.file_attribute.iter().collect();
    annotator.module(&mut Vec::new(), inherited, is_for_tests);
    (annotator.edits, annotator.refused)
}

impl<'a> Annotator<'a> {
    fn module(
        &mut self,
        indices: &mut Vec<usize>,
        mut inherited: Vec<&'a Attribute>,
        mut is_for_tests: bool,
    ) {
        let module = self.file.module(indices);
        is_for_tests |= module.head.is_for_tests();
        if let Some(attribute) = self.existing(&module.head) {
            if Existing::new(attribute, &self.file.text).has("off") {
                inherited.clear();
            } else {
                inherited.push(attribute);
            }
        }
        if !indices.is_empty() && is_for_tests {
            if let Some(needs) = self.common(indices) {
                let needs = self.missing(&needs, &inherited);
                return self.write(&module.head, None, &needs, true);
            }
        }
        for (index, function) in module.functions.iter().enumerate() {
            if let Some(needs) = self.needs.get(&(indices.clone(), index)) {
                let needs = self.missing(needs, &inherited);
                let is_for_tests = is_for_tests || function.head.is_for_tests();
                self.write(&function.head, Some(function), &needs, is_for_tests);
            }
        }
        for index in 0..module.modules.len() {
            indices.push(index);
            self.module(indices, inherited.clone(), is_for_tests);
            indices.pop();
        }
    }

    /// The needs that all tests of a module share. `None` unless there are at least two tests, they
    /// need the same, and they inherit the attribute of the module.
    fn common(&self, indices: &[usize]) -> Option<Needs> {
        let mut common: Option<&Needs> = None;
        let mut tests = 0;
        for (below, module) in self.file.module(indices).all() {
            let is_annotated = !below.is_empty() && self.existing(&module.head).is_some();
            if is_annotated
                || !module.files.is_empty()
                || module.macros.iter().any(|call| call.may_make_tests)
            {
                return None;
            }
            let path = [indices, &below].concat();
            for (index, function) in module.functions.iter().enumerate() {
                let needs = self.needs.get(&(path.clone(), index));
                if needs.is_none() && !harness::is_test(function) {
                    continue;
                }
                let needs = needs?;
                let is_inheriting = harness::is_test(function)
                    && self.existing(&function.head).is_none()
                    && needs.arguments.is_empty() | function.parameters.is_empty();
                if !is_inheriting || common.is_some_and(|common| common != needs) {
                    return None;
                }
                common = Some(needs);
                tests += 1;
            }
        }
        common.filter(|_| tests > 1).cloned()
    }

    fn missing(&self, needs: &Needs, inherited: &[&Attribute]) -> Needs {
        let mut needs = needs.clone();
        for attribute in inherited {
            needs = Existing::new(attribute, &self.file.text).missing(&needs);
        }
        needs
    }

    /// The attribute of isolated-test among those of an item.
    fn existing<'b>(&self, head: &'b Head) -> Option<&'b Attribute> {
        let is_ours = |attribute: &&Attribute| {
            let first = attribute.path.first();
            let is_of_crate =
                first.is_some_and(|first| first == self.name || first == "isolated_test");
            attribute.is("isolated") || (is_of_crate && attribute.is("test"))
        };
        head.attributes.iter().find(is_ours)
    }

    /// Writes the needs of a function or a module.
    fn write(
        &mut self,
        head: &Head,
        function: Option<&Function>,
        needs: &Needs,
        is_for_tests: bool,
    ) {
        if needs.is_empty() {
            return;
        }
        let is_conditional = |attribute: &Attribute| {
            let mut paths = attribute.conditional.iter().map(|(path, _)| path);
            paths.any(|path| path.last().is_some_and(|last| last == "isolated"))
        };
        if let Some(attribute) = self.existing(head) {
            let existing = Existing::new(attribute, &self.file.text);
            if let Err(reason) =
                existing.extend(needs, self.style(attribute.range.start), &mut self.edits)
            {
                self.refuse(attribute.range.start, needs, reason);
            }
            return;
        }
        if head.attributes.iter().any(is_conditional) {
            let reason = "its `isolated` stands in a `cfg_attr`; extend that".to_owned();
            return self.refuse(head.begin, needs, reason);
        }
        let parameters = function.map_or(&[][..], |function| &function.parameters);
        let mut arguments = for_parameters(needs, parameters);
        if function.is_some_and(|function| !harness::is_test(function)) {
            arguments.push("test_attribute".to_owned());
        }
        let style = self.style(head.begin);
        let path = format!("{}::isolated", self.name);
        let text = if is_for_tests {
            attribute::new(&path, &arguments, style)
        } else {
            // Dev-dependencies are missing in other builds.
            let inner = format!("{path}({})", arguments.join(", "));
            attribute::new("cfg_attr", &["test".to_owned(), inner], style)
        };
        self.edits.insert(head.begin, text);
    }

    fn style(&self, at: usize) -> Style<'a> {
        Style {
            indentation: self.file.indentation(at),
            line_ending: self.file.line_ending(),
        }
    }

    fn refuse(&mut self, at: usize, needs: &Needs, reason: String) {
        self.refused.push(Refused {
            line: self.file.line(at),
            needs: needs.clone(),
            reason,
        });
    }
}
