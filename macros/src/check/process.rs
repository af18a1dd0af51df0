//! The rules for tests that run in a subprocess.

use proc_macro2::{TokenStream, TokenTree};
use syn::Ident;

use crate::args::ARGUMENTS;
use crate::errors::Errors;
use crate::harness;
use crate::model::{Model, Run};
use crate::test_fn::TestFn;

pub(super) fn body_runs_once(model: &Model, function: &TestFn, errors: &mut Errors) {
    let Some(attribute) = harness::calls_often(&function.attributes) else {
        return;
    };
    for word in &model.wanted.surroundings.asked_by {
        let (name, attribute) = (function.plain_name(), attribute.name());
        let message = format!(
            "`{name}` cannot have a process of its own, because `{attribute}` calls it many times with values that the process \
             would not get; remove `{word}` and call the property for given values in another test"
        );
        errors.at(word, message);
    }
}

/// Reports a built-in resource that an expression names but the test does not request. The compiler
/// would report an unknown variable instead.
pub(super) fn expressions_name_resources(model: &Model, function: &TestFn, errors: &mut Errors) {
    let wanted = &model.wanted;
    let values = wanted.values().map(|(_, value)| value);
    for expression in wanted.surroundings.expressions().chain(values) {
        let Some(word) = value_of(&expression.tokens) else {
            continue;
        };
        let is_built_in = ARGUMENTS
            .iter()
            .any(|row| row.is_resource && !row.needs_name() && word == row.name);
        let is_there = wanted
            .resources
            .iter()
            .any(|resource| resource.has_name(&word))
            || wanted.failed.iter().any(|failed| word == failed)
            || function
                .parameters
                .iter()
                .any(|parameter| parameter.name.as_ref() == Some(&word));
        if is_built_in && !is_there && !wanted.is_partial {
            errors.at(
                &word,
                format!("the test has no resource `{word}`; add `{word}` to the arguments"),
            );
        }
    }
}

/// An attribute that judges the return value fills its parameters inside the subprocess, so they
/// have no value when these expressions are evaluated before it starts.
pub(super) fn expressions_are_known_outside(model: &Model, function: &TestFn, errors: &mut Errors) {
    if model.run != Run::Around {
        return; // The attribute fills the parameters before they are needed.
    }
    let surroundings = &model.wanted.surroundings;
    let expressions = surroundings.expressions();
    for word in expressions.filter_map(|value| value_of(&value.tokens)) {
        let mut parameters = function.parameters.iter().zip(&model.bindings);
        if parameters
            .any(|(parameter, bound)| bound.is_none() && parameter.name.as_ref() == Some(&word))
        {
            let message = format!(
                "`{word}` has no value before the process begins, because an attribute below judges what the \
                 function returns there; assert that in the body and remove `=>`"
            );
            errors.at(&word, message);
        }
    }
}

/// The local variable that an expression consists of, or whose method or field it uses.
pub(super) fn value_of(expression: &TokenStream) -> Option<Ident> {
    let is_mark = |token: &TokenTree, wanted: char| matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted);
    let mut tokens = expression
        .clone()
        .into_iter()
        .skip_while(|token| is_mark(token, '&'));
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => Some(word),
        (Some(TokenTree::Ident(word)), Some(dot)) if is_mark(&dot, '.') => Some(word),
        _ => None,
    }
}
