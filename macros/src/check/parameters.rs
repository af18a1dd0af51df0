//! The rules for binding parameters to resources.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::ext::IdentExt;

use crate::args::ARGUMENTS;
use crate::attribute::Attribute;
use crate::errors::{Errors, alike, list};
use crate::harness;
use crate::model::Model;
use crate::test_fn::{Parameter, TestFn};

pub(super) fn parameters_have_resources(model: &Model, function: &TestFn, errors: &mut Errors) {
    let is_filled_elsewhere =
        harness::brings_parameters(&function.attributes) || model.wanted.test_attribute.is_some();
    if is_filled_elsewhere || model.wanted.is_partial {
        return;
    }
    let unbound = function
        .parameters
        .iter()
        .zip(&model.bindings)
        .filter(|(_, binding)| binding.is_none());
    for (parameter, _) in unbound.filter(|(parameter, _)| {
        !parameter.is_self && parameter.attributes.iter().all(Attribute::is_neutral)
    }) {
        if let Some(message) = without_resource(model, parameter) {
            errors.at(&parameter.pattern, message);
        }
    }
}

/// Another attribute may fill a parameter of any type, but only this crate lends its own types.
/// Other crates may also have a `Port` or a `Namespace`, so these two are recognised by their path
/// only.
pub(super) fn our_types_have_resources(model: &Model, function: &TestFn, errors: &mut Errors) {
    const OURS: [(&str, &str); 3] = [
        ("Port", "port"),
        ("TmpDir", "tmpdir"),
        ("Namespace", "namespace"),
    ];
    if !harness::brings_parameters(&function.attributes)
        || model.wanted.test_attribute.is_some()
        || model.wanted.is_partial
    {
        return;
    }
    for (parameter, binding) in function.parameters.iter().zip(&model.bindings) {
        let is_free = binding.is_none() && parameter.attributes.iter().all(Attribute::is_neutral);
        let (true, true, Some(name)) = (is_free, parameter.is_reference(), &parameter.name) else {
            continue;
        };
        let mut words = parameter.ty.clone().into_iter();
        let is_ours = |token: TokenTree| matches!(token, TokenTree::Ident(word) if word == "isolated_test" || word == "TmpDir");
        let last = words.clone().last().filter(|_| words.any(is_ours));
        let word = OURS
            .iter()
            .find(|(ty, _)| matches!(&last, Some(TokenTree::Ident(last)) if last == ty));
        let name = name.unraw().to_string();
        let plain = name.trim_start_matches('_');
        if let (Some((_, word)), false) = (word, is_reported(model, plain)) {
            let way_out = if plain == *word {
                format!("write `#[isolated({word})]`")
            } else {
                format!("write `{plain} = {word}` as an argument")
            };
            let message = format!("parameter `{name}` has no resource; {way_out}");
            errors.at(&parameter.pattern, message);
        }
    }
}

fn without_resource(model: &Model, parameter: &Parameter) -> Option<String> {
    let Some(name) = &parameter.name else {
        return Some(
            "a parameter is bound by its name; write `name: Type` and take it apart in the body"
                .to_owned(),
        );
    };
    let plain = name.unraw().to_string();
    let plain = plain.trim_start_matches('_');
    if is_reported(model, plain) {
        return None; // The argument that should be its resource has been reported.
    }
    let known: Vec<String> = model
        .wanted
        .resources
        .iter()
        .map(|resource| resource.name.unraw().to_string())
        .collect();
    let similar: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|known| alike(plain, known))
        .collect();
    let words = ["port", "tmpdir", "namespace", "seed"];
    let way_out = if !similar.is_empty() {
        format!("a similar resource exists: {}", list(similar))
    } else if words.contains(&plain) {
        format!("write `#[isolated({plain})]`")
    } else if plain == "cwd" {
        "call `std::env::current_dir` for the working directory".to_owned()
    } else if ARGUMENTS
        .iter()
        .any(|row| !row.needs_name() && row.name == plain)
    {
        format!("give it another name, because `{plain}` is an argument and no resource")
    } else {
        format!(
            "write `{plain} = port`, `{plain} = tmpdir` or `{plain} = ...` as an argument, \
                 or `test_attribute` if another attribute fills it"
        )
    };
    Some(format!(
        "parameter `{}` has no resource; {way_out}",
        name.unraw()
    ))
}

/// Whether a mistake was reported in the argument that seems meant for this parameter.
fn is_reported(model: &Model, plain: &str) -> bool {
    let mut failed = model.wanted.failed.iter();
    failed.any(|failed| failed.trim_start_matches('_') == plain || alike(failed, plain))
}

pub(super) fn resources_are_bound_once(model: &Model, function: &TestFn, errors: &mut Errors) {
    let mut seen: Vec<(usize, &Parameter)> = Vec::new();
    for (parameter, binding) in function.parameters.iter().zip(&model.bindings) {
        let Some(index) = *binding else { continue };
        if parameter
            .attributes
            .iter()
            .any(|attribute| attribute.is("cfg"))
        {
            continue; // `cfg` may exclude one of the two.
        }
        let first = seen.iter().find(|(bound, _)| *bound == index).copied();
        seen.push((index, parameter));
        if let Some((_, first)) = first {
            let (first, second) = (
                first.pattern.to_token_stream(),
                parameter.pattern.to_token_stream(),
            );
            let message = format!(
                "cannot have both `{first}` and `{second}`, because they name the same resource; remove one"
            );
            errors.at(&parameter.pattern, message);
        }
    }
}
