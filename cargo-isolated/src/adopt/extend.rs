//! Adds arguments to an existing attribute.

use std::ops::Range;

use super::attribute::{self, Style, key_list, literal};
use super::needs::{self, Needs};
use crate::source::arguments::{self, Argument};
use crate::source::edits::Edits;
use crate::source::items::Attribute;

/// The key of `serial` without a value.
const DEFAULT: &str = "default";

/// Arguments that run the test in a subprocess.
const WITH_PROCESS: [&str; 8] = [
    "process",
    "env",
    "cwd",
    "timeout",
    "network",
    "clock",
    "retries",
    "quarantine",
];

/// The arguments of an existing attribute.
pub(super) struct Existing<'a> {
    attribute: &'a Attribute,
    arguments: Vec<Argument>,
    text: &'a str,
}

impl<'a> Existing<'a> {
    pub(super) fn new(attribute: &'a Attribute, text: &'a str) -> Existing<'a> {
        let content = attribute.content.as_ref();
        Existing {
            attribute,
            arguments: content.map(arguments::read).unwrap_or_default(),
            text,
        }
    }

    fn named(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The keys of `serial` or `shared`, as they are written.
    fn keys(&self, name: &str) -> Vec<String> {
        let Some(argument) = self.named(name) else {
            return Vec::new();
        };
        let Some(value) = &argument.value else {
            return vec![literal(DEFAULT)];
        };
        let keys = value.elements().into_iter();
        // A literal may be written in several ways.
        let written = |key: arguments::Element| match key.string() {
            Some(text) => literal(&text),
            None => self.text[key.range].to_owned(),
        };
        keys.map(written).collect()
    }

    /// The needs that this attribute does not meet. A test that runs `alone` needs no lock.
    pub(super) fn missing(&self, needs: &Needs) -> Needs {
        let (serial, shared) = (self.keys("serial"), self.keys("shared"));
        let is_alone = self.has("alone");
        let lacks = |keys: &[String], held: &[&[String]]| {
            let is_held = |key: &String| held.iter().any(|held| held.contains(&literal(key)));
            let lacking = keys.iter().filter(|key| !is_alone && !is_held(key));
            lacking.cloned().collect()
        };
        let is_there = |wanted: &String| {
            let name = name_of(wanted);
            let same = |argument: &Argument| argument.normal() == normal(wanted);
            self.arguments.iter().any(same)
                || (name == "process" && WITH_PROCESS.iter().any(|name| self.has(name)))
        };
        let arguments = needs.arguments.iter().filter(|wanted| !is_there(wanted));
        Needs {
            serial: lacks(&needs.serial, &[&serial]),
            shared: lacks(&needs.shared, &[&serial, &shared]),
            arguments: arguments.cloned().collect(),
        }
    }

    /// Adds the missing arguments.
    ///
    /// # Errors
    ///
    /// Fails if the attribute cannot be extended, with the reason.
    pub(super) fn extend(
        &self,
        needs: &Needs,
        style: Style<'_>,
        edits: &mut Edits,
    ) -> Result<(), String> {
        if self.has("off") {
            return Err("it has `off`; remove that first".to_owned());
        }
        let missing = self.missing(needs);
        for key in missing.serial.iter().chain(&missing.shared) {
            if self.has_limit(key) {
                return Err(format!(
                    "it has a `limit` on the key {}; replace that",
                    literal(key)
                ));
            }
        }
        let mut new = Vec::new();
        let mut replaced: Vec<(Range<usize>, String)> = Vec::new();
        // A key that becomes `serial` is no longer `shared`.
        let stronger: Vec<_> = missing.serial.iter().map(|key| literal(key)).collect();
        let mut shared = self.keys("shared");
        shared.retain(|key| !stronger.contains(key));
        for (name, mut keys, added) in [
            ("serial", self.keys("serial"), &missing.serial),
            ("shared", shared, &missing.shared),
        ] {
            keys.extend(added.iter().map(|key| literal(key)));
            match self.named(name) {
                None if keys.is_empty() => {}
                None => new.push(key_list(name, &keys)),
                Some(_) if keys == self.keys(name) => {}
                Some(argument) if keys.is_empty() => {
                    let serial = new
                        .iter()
                        .position(|text: &String| text.starts_with("serial"));
                    match serial {
                        // `serial` takes its place.
                        Some(index) => replaced.push((argument.range.clone(), new.remove(index))),
                        None => replaced.push((self.with_comma(argument), String::new())),
                    }
                }
                Some(argument) => replaced.push((argument.range.clone(), key_list(name, &keys))),
            }
        }
        for wanted in &missing.arguments {
            self.add(wanted, &mut new, &mut replaced)?;
        }
        if let Some(content) = self.broken(&new, &replaced, style) {
            edits.replace(content.0, content.1);
            return Ok(());
        }
        for (range, text) in replaced {
            edits.replace(range, text);
        }
        self.append(&new, edits);
        Ok(())
    }

    /// Whether the test holds the key with `limit`, which rules out other locks on it.
    fn has_limit(&self, key: &str) -> bool {
        let limits = self
            .arguments
            .iter()
            .filter(|argument| argument.name == "limit");
        let mut keys =
            limits.filter_map(|limit| limit.value.as_ref()?.elements().first()?.string());
        keys.any(|limited| limited == key)
    }

    /// Adds an argument that is not a key.
    fn add(
        &self,
        wanted: &str,
        new: &mut Vec<String>,
        replaced: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), String> {
        let name = name_of(wanted);
        let Some(argument) = self.named(name) else {
            new.push(wanted.to_owned());
            return Ok(());
        };
        match (name, &argument.value) {
            ("port" | "tmpdir", _) => {
                new.push(format!("{} = {wanted}", other_name(wanted)));
                Ok(())
            }
            ("env", Some(value)) if value.is_list => {
                let inside = wanted
                    .strip_prefix("env(")
                    .and_then(|rest| rest.strip_suffix(')'));
                let elements = value.elements();
                let written = elements
                    .iter()
                    .map(|element| &self.text[element.range.clone()]);
                let set: Vec<_> = written.map(variable_of).collect();
                let end = elements
                    .last()
                    .map_or(value.range.start, |last| last.range.end);
                let mut added = String::new();
                for assignment in needs::split(inside.unwrap_or_default()) {
                    let variable = variable_of(&assignment);
                    if set.contains(&variable) {
                        return Err(format!("it sets `{variable}` already; check its value"));
                    }
                    let comma = if set.is_empty() && added.is_empty() {
                        ""
                    } else {
                        ", "
                    };
                    added.push_str(comma);
                    added.push_str(&assignment);
                }
                replaced.push((end..end, added));
                Ok(())
            }
            _ => {
                let found = &self.text[argument.range.clone()];
                Err(format!("it has `{found}`; write `{wanted}` instead"))
            }
        }
    }

    /// The range of an argument and the comma that separates it from another one.
    fn with_comma(&self, argument: &Argument) -> Range<usize> {
        let mut others = self.arguments.iter();
        let next = others
            .clone()
            .find(|other| other.range.start > argument.range.start);
        if let Some(next) = next {
            return argument.range.start..next.range.start;
        }
        let before = others.rfind(|other| other.range.start < argument.range.start);
        let begin = before.map_or(argument.range.start, |before| before.range.end);
        begin..argument.range.end
    }

    /// All arguments, if they were on one line and rustfmt would now put each on its own.
    fn broken(
        &self,
        new: &[String],
        replaced: &[(Range<usize>, String)],
        style: Style<'_>,
    ) -> Option<(Range<usize>, String)> {
        let content = self.attribute.content.as_ref()?;
        if self.text[content.range.clone()].contains('\n')
            || (new.is_empty() && replaced.is_empty())
        {
            return None;
        }
        let old = self.arguments.iter().filter_map(|argument| {
            let range = &argument.range;
            let mut edits = Edits::default();
            for (at, text) in replaced {
                if at.start <= range.start && range.end <= at.end && text.is_empty() {
                    return None; // It is removed, with its comma.
                }
                if range.start <= at.start && at.end <= range.end {
                    edits.replace(at.start - range.start..at.end - range.start, text.clone());
                }
            }
            Some(edits.apply(&self.text[range.clone()]))
        });
        let all: Vec<_> = old.chain(new.iter().cloned()).collect();
        Some((content.range.clone(), attribute::broken(&all, style)?))
    }

    fn append(&self, new: &[String], edits: &mut Edits) {
        if new.is_empty() {
            return;
        }
        let added = new.join(", ");
        let Some(content) = &self.attribute.content else {
            edits.insert(self.attribute.path_end, format!("({added})"));
            return;
        };
        let Some(last) = self.arguments.last() else {
            edits.insert(content.range.start, added);
            return;
        };
        // If the last argument has its own line, each new one gets one too.
        let begin = self.text[..last.range.start]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let before = &self.text[begin..last.range.start];
        let separator = if before.trim().is_empty() && begin > content.range.start {
            let end = if self.text[..begin].ends_with("\r\n") {
                "\r\n"
            } else {
                "\n"
            };
            format!(",{end}{before}")
        } else {
            ", ".to_owned()
        };
        let text: String = new.iter().flat_map(|text| [&*separator, text]).collect();
        edits.insert(last.range.end, text);
    }
}

/// The name of an argument: `port` of `port(number = 7835)`.
pub(super) fn name_of(argument: &str) -> &str {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let end = argument.find(|letter| !is_part(letter));
    &argument[..end.unwrap_or(argument.len())]
}

/// The variable of `A = "b"` or `unset(A)`.
fn variable_of(assignment: &str) -> &str {
    let name = assignment
        .split_once('=')
        .map_or(assignment, |(name, _)| name)
        .trim();
    let unset = name
        .strip_prefix("unset(")
        .and_then(|name| name.strip_suffix(')'));
    unset.unwrap_or(name).trim_matches('"')
}

/// Another name for a resource: `port_7835` for `port(number = 7835)`.
pub(super) fn other_name(argument: &str) -> String {
    let words = argument.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<_> = words
        .filter(|word| !word.is_empty() && *word != "number")
        .collect();
    words.join("_").to_lowercase()
}

/// An argument with normalized whitespace.
fn normal(argument: &str) -> String {
    let tokens = argument.parse::<proc_macro2::TokenStream>();
    tokens.map_or_else(|_| argument.to_owned(), |tokens| tokens.to_string())
}

/// Writes the arguments of a new attribute for a function with these parameters.
pub(super) fn for_parameters(needs: &Needs, parameters: &[String]) -> Vec<String> {
    let is_parameter = |name: &str| {
        let mut names = parameters
            .iter()
            .map(|parameter| parameter.trim_start_matches('_'));
        names.any(|parameter| parameter == name)
    };
    let rename = |argument: String| match name_of(&argument) {
        // A parameter of that name would become the resource.
        name @ ("port" | "tmpdir" | "namespace" | "seed") if is_parameter(name) => {
            format!("{}_of_test = {argument}", other_name(&argument))
        }
        _ => argument,
    };
    attribute::arguments(needs)
        .into_iter()
        .map(rename)
        .collect()
}
