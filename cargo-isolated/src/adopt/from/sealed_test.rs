//! `#[sealed_test(env = [...])]` becomes `#[isolated(cwd, env(...))]` above `#[test]`.

use super::{Converted, Input};
use crate::adopt::attribute::{self, Style, literal};
use crate::source::arguments;
use crate::source::items::Attribute;

pub(super) fn convert(input: &Input<'_>) -> Converted {
    let mut converted = Converted::default();
    for (indices, module) in input.file.root.all() {
        for (index, function) in module.functions.iter().enumerate() {
            let is_theirs = |attribute: &&Attribute| match attribute.path.as_slice() {
                [name] => name == "sealed_test",
                [first, .., name] => first == input.theirs && name == "sealed_test",
                [] => false,
            };
            let Some(attribute) = function.head.attributes.iter().find(is_theirs) else {
                continue;
            };
            match arguments_of(attribute, input) {
                Ok(arguments) => {
                    let style = Style {
                        indentation: input.file.indentation(attribute.range.start),
                        line_ending: input.file.line_ending(),
                    };
                    let path = format!("{}::isolated", input.ours);
                    let is_for_tests = input.is_for_tests
                        || function.head.is_for_tests()
                        || is_in_tests(input, &indices);
                    let text = if is_for_tests {
                        attribute::new(&path, &arguments, style)
                    } else {
                        let inner = format!("{path}({})", arguments.join(", "));
                        attribute::new("cfg_attr", &["test".to_owned(), inner], style)
                    };
                    let text = format!("{text}#[test]");
                    converted.edits.replace(attribute.range.clone(), text);
                    converted.tests.push((indices.clone(), index));
                }
                Err(reason) => {
                    let line = input.file.line(attribute.range.start);
                    let note = format!("`#[sealed_test]` stays, because {reason}");
                    converted.notes.push((line, note));
                }
            }
        }
    }
    converted
}

fn is_in_tests(input: &Input<'_>, indices: &[usize]) -> bool {
    (1..=indices.len()).any(|end| input.file.module(&indices[..end]).head.is_for_tests())
}

/// The equivalent arguments.
fn arguments_of(attribute: &Attribute, input: &Input<'_>) -> Result<Vec<String>, String> {
    let (mut cwd, mut env) = ("cwd".to_owned(), None);
    for argument in attribute.content.iter().flat_map(arguments::read) {
        let elements = argument.value.as_ref().map(arguments::Value::elements);
        let elements = elements.unwrap_or_default();
        match argument.name.as_str() {
            "files" => cwd = files(&elements, input)?,
            "env" => env = Some(variables(&elements, input)?),
            "before" | "after" => {
                let name = &argument.name;
                return Err(format!(
                    "`{name}` needs a resource; write one with `provision` and `release`"
                ));
            }
            other => return Err(format!("`{other}` is not known; convert it manually")),
        }
    }
    Ok([Some(cwd), env].into_iter().flatten().collect())
}

fn files(elements: &[arguments::Element], input: &Input<'_>) -> Result<String, String> {
    let mut files = Vec::new();
    for element in elements {
        let file = element
            .string()
            .ok_or("a file is no literal; write it as one")?;
        if !input.directory.join(&file).is_file() {
            return Err(format!(
                "`{file}` is not a file, and `cwd(from = ...)` copies what is in a directory"
            ));
        }
        files.push(literal(&file));
    }
    match files.as_slice() {
        [] => Ok("cwd".to_owned()),
        [file] => Ok(format!("cwd(from = {file})")),
        files => Ok(format!("cwd(from = [{}])", files.join(", "))),
    }
}

fn variables(elements: &[arguments::Element], input: &Input<'_>) -> Result<String, String> {
    let mut variables = Vec::new();
    for element in elements {
        let pair = element
            .pair()
            .ok_or("a variable is no pair; write `(\"NAME\", value)`")?;
        let name = pair
            .0
            .string()
            .ok_or("the name of a variable is no literal; write it as one")?;
        let value = &input.file.text[pair.1.range];
        // A word that the attribute understands, such as `clear`, is quoted.
        let is_word =
            syn::parse_str::<syn::Ident>(&name).is_ok() && name != "clear" && name != "unset";
        let name = if is_word { name } else { literal(&name) };
        variables.push(format!("{name} = {value}"));
    }
    Ok(format!("env({})", variables.join(", ")))
}
