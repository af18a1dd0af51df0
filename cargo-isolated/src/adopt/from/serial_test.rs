//! `#[serial(a)]` becomes `#[isolated(serial = "a")]`.

use super::{Converted, Input};
use crate::adopt::attribute::{self, Style, key_list, literal};
use crate::adopt::extend::Existing;
use crate::adopt::needs::Needs;
use crate::source::arguments;
use crate::source::harness;
use crate::source::items::{Attribute, Function, Head, Module};

/// The attributes of `serial_test`.
pub(super) const NAMES: [&str; 4] = ["serial", "parallel", "file_serial", "file_parallel"];

/// The key of an attribute without keys.
const DEFAULT: &str = "default";

/// The meaning of an attribute.
struct Meaning {
    needs: Needs,
    /// Attributes that belong on the function.
    inner: Vec<String>,
}

/// An item with attributes of `serial_test`.
struct Item<'a> {
    head: &'a Head,
    function: Option<&'a Function>,
    is_for_tests: bool,
}

pub(super) fn convert(input: &Input<'_>) -> Converted {
    let mut converted = Converted::default();
    module(input, &mut Vec::new(), input.is_for_tests, &mut converted);
    converted
}

fn module(
    input: &Input<'_>,
    indices: &mut Vec<usize>,
    is_for_tests: bool,
    converted: &mut Converted,
) {
    let module = input.file.module(indices);
    let is_for_tests = is_for_tests || module.head.is_for_tests();
    if !indices.is_empty() {
        let item = Item {
            head: &module.head,
            function: None,
            is_for_tests,
        };
        if item.convert(input, converted) {
            add_tests(module, indices, converted);
        }
    }
    for (index, function) in module.functions.iter().enumerate() {
        let item = Item {
            head: &function.head,
            function: Some(function),
            is_for_tests: is_for_tests || function.head.is_for_tests(),
        };
        if item.convert(input, converted) {
            converted.tests.push((indices.clone(), index));
        }
    }
    for file in &module.files {
        for attribute in theirs(&file.head, input) {
            let text = &input.file.text[attribute.range.clone()];
            let name = &file.name;
            let note = format!(
                "`{text}` stays, because `mod {name};` has its tests in another file; write it there"
            );
            converted
                .notes
                .push((input.file.line(attribute.range.start), note));
        }
    }
    for index in 0..module.modules.len() {
        indices.push(index);
        self::module(input, indices, is_for_tests, converted);
        indices.pop();
    }
}

fn add_tests(module: &Module, indices: &[usize], converted: &mut Converted) {
    for (below, module) in module.all() {
        let functions = module.functions.iter().enumerate();
        let tests = functions.filter(|(_, function)| harness::is_test(function));
        let path = [indices, &below].concat();
        converted
            .tests
            .extend(tests.map(|(index, _)| (path.clone(), index)));
    }
}

/// The attributes of `serial_test` on an item.
fn theirs<'a>(head: &'a Head, input: &Input<'_>) -> Vec<&'a Attribute> {
    let attributes = head.attributes.iter();
    let is_theirs = |attribute: &&Attribute| match attribute.path.as_slice() {
        [name] => NAMES.contains(&name.as_str()),
        [first, name] => first == input.theirs && NAMES.contains(&name.as_str()),
        _ => false,
    };
    attributes.filter(is_theirs).collect()
}

impl Item<'_> {
    /// Converts the attributes of an item; `false` if it has none or they stay.
    fn convert(&self, input: &Input<'_>, converted: &mut Converted) -> bool {
        let theirs = theirs(self.head, input);
        let line = |attribute: &Attribute| input.file.line(attribute.range.start);
        let conditional = self.head.attributes.iter().find(|attribute| {
            let mut paths = attribute
                .conditional
                .iter()
                .filter_map(|(path, _)| path.last());
            paths.any(|name| NAMES.contains(&name.as_str()))
        });
        if let Some(attribute) = conditional {
            let note = "the attribute in `cfg_attr` stays; convert it manually".to_owned();
            converted.notes.push((line(attribute), note));
            return false;
        }
        let Some(first) = theirs.first() else {
            return false;
        };
        match self.rewrite(&theirs, input, converted) {
            Ok(()) => true,
            Err(reason) => {
                let text = &input.file.text[first.range.clone()];
                converted
                    .notes
                    .push((line(first), format!("`{text}` stays, because {reason}")));
                false
            }
        }
    }

    fn rewrite(
        &self,
        theirs: &[&Attribute],
        input: &Input<'_>,
        converted: &mut Converted,
    ) -> Result<(), String> {
        let mut all = Needs::default();
        let mut inner = Vec::new();
        for attribute in theirs {
            let meaning = meaning(attribute, &input.file.text)?;
            all.add(&meaning.needs);
            inner.push(meaning.inner);
        }
        let is_test = self.is_test(&inner);
        let style = Style {
            indentation: input.file.indentation(self.head.begin),
            line_ending: input.file.line_ending(),
        };
        let ours = |attribute: &&Attribute| attribute.is("isolated");
        let mut is_placed = false;
        if let Some(ours) = self.head.attributes.iter().find(ours) {
            let existing = Existing::new(ours, &input.file.text);
            existing.extend(&all, style, &mut converted.edits)?;
            is_placed = true;
        }
        let text = match (is_test, self.has_other_attributes(theirs)) {
            (true, _) => self.text(&all, &[], input, style),
            (false, true) => self.text(&all, &["test_attribute"], input, style),
            (false, false) => return Err("the function is no test; lock a `Key` in it".to_owned()),
        };
        if !is_placed && theirs[0].range.start != self.head.begin {
            converted.edits.insert(self.head.begin, text.clone());
            is_placed = true;
        }
        for (attribute, inner) in theirs.iter().zip(inner) {
            let mut lines: Vec<_> = inner.iter().map(|inner| format!("#[{inner}]")).collect();
            if !is_placed {
                lines.insert(0, text.trim_end().to_owned());
                is_placed = true;
            }
            let separator = style.indentation.map_or(" ".to_owned(), |indentation| {
                format!("{}{indentation}", style.line_ending)
            });
            let range = &attribute.range;
            match input.file.whole_lines(range) {
                Some(whole) if lines.is_empty() => converted.edits.replace(whole, ""),
                None if lines.is_empty() => {
                    let space = usize::from(input.file.text[range.end..].starts_with(' '));
                    converted.edits.replace(range.start..range.end + space, "");
                }
                _ => converted
                    .edits
                    .replace(range.clone(), lines.join(&separator)),
            }
        }
        Ok(())
    }

    fn is_test(&self, inner: &[Vec<String>]) -> bool {
        let makes_a_test = |inner: &String| {
            let path = inner.split('(').next().unwrap_or_default();
            path.trim_end().ends_with("test")
        };
        self.function.is_none_or(harness::is_test) || inner.iter().flatten().any(makes_a_test)
    }

    /// Whether an attribute that is not known may make the function a test.
    fn has_other_attributes(&self, theirs: &[&Attribute]) -> bool {
        let mut others = self.head.attributes.iter();
        others.any(|attribute| {
            let is_theirs = theirs.iter().any(|theirs| theirs.range == attribute.range);
            !is_theirs && !harness::is_of_compiler(attribute)
        })
    }

    fn text(&self, needs: &Needs, more: &[&str], input: &Input<'_>, style: Style<'_>) -> String {
        let mut arguments = Vec::new();
        for (name, keys) in [("serial", &needs.serial), ("shared", &needs.shared)] {
            match keys.as_slice() {
                [] => {}
                [key] if key == DEFAULT => arguments.push(name.to_owned()),
                keys => {
                    let keys: Vec<_> = keys.iter().map(|key| literal(key)).collect();
                    arguments.push(key_list(name, &keys));
                }
            }
        }
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let path = format!("{}::isolated", input.ours);
        if self.is_for_tests {
            return attribute::new(&path, &arguments, style);
        }
        let inner = format!("{path}({})", arguments.join(", "));
        attribute::new("cfg_attr", &["test".to_owned(), inner], style)
    }
}

fn meaning(attribute: &Attribute, text: &str) -> Result<Meaning, String> {
    let (mut keys, mut inner) = (Vec::new(), Vec::new());
    for argument in attribute.content.iter().flat_map(arguments::read) {
        match (argument.name.as_str(), &argument.value) {
            ("path", Some(_)) => {
                return Err("`path` has no equal; set `ISOLATED_DIR` for all locks".to_owned());
            }
            ("crate", Some(_)) => {}
            ("inner_attrs", Some(value)) => {
                let elements = value.elements().into_iter();
                inner.extend(elements.map(|element| text[element.range].to_owned()));
            }
            _ => {
                let found = &text[argument.range.clone()];
                let key = argument.word_or_string();
                keys.push(key.ok_or_else(|| format!("`{found}` is no key; write a string"))?);
            }
        }
    }
    if keys.is_empty() {
        keys.push(DEFAULT.to_owned());
    }
    let is_shared = attribute.is("parallel") || attribute.is("file_parallel");
    let (serial, shared) = if is_shared {
        (Vec::new(), keys)
    } else {
        (keys, Vec::new())
    };
    Ok(Meaning {
        needs: Needs {
            serial,
            shared,
            arguments: Vec::new(),
        },
        inner,
    })
}
