//! The rules that involve several arguments or the function. One function per rule.

mod keys;
mod modules;
mod parameters;
mod process;
mod types;
mod values;

use proc_macro2::{Span, TokenTree};
use quote::quote;

use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::harness;
use crate::item::Item;
use crate::model::{Model, Run, Wanted};
use crate::module::Module;
use crate::test_fn::TestFn;

const ISOLATED_TWICE: &str = "duplicate attribute `#[isolated]`; write all arguments into one";

/// The rules for the arguments of one attribute.
pub(crate) fn arguments(wanted: &Wanted, errors: &mut Errors) {
    keys::keys_are_readable(wanted, errors);
    keys::each_key_is_locked_once(wanted, errors);
    off_leaves_something_out(wanted, errors);
}

/// The rules for the item below our own test attribute.
pub(crate) fn plain_test(item: &Item, errors: &mut Errors) {
    match item {
        Item::Function(function) => {
            is_made_a_test_once(function, errors);
            our_test_attribute_is_not_below_another_of_ours(function, errors);
        }
        Item::Module(module) => modules::plain_test_is_on_a_function(module, errors),
    }
}

/// The rules for a module and what its tests inherit.
pub(crate) fn module(wanted: &Wanted, module: &Module, tests: usize, errors: &mut Errors) {
    modules::module_is_inline(module, errors);
    modules::module_is_isolated_once(module, errors);
    modules::module_has_tests(module, tests, errors);
    modules::test_attribute_is_on_a_function(wanted, errors);
}

/// The rules for a file and what its tests inherit.
pub(crate) fn file(wanted: &Wanted, attribute: &Attribute, tests: usize, errors: &mut Errors) {
    modules::file_has_tests(attribute, tests, errors);
    modules::test_attribute_is_on_a_function(wanted, errors);
}

/// The rules for a function and what it requests.
pub(crate) fn function(model: &Model, function: &TestFn, errors: &mut Errors) {
    isolated_once(function, errors);
    is_not_isolated_under_another_name(function, errors);
    is_a_test(model, function, errors);
    test_attribute_admits_one(model, function, errors);
    is_not_a_method(function, errors);
    is_not_const(function, errors);
    is_not_unsafe(function, errors);
    async_has_a_runtime(model, function, errors);
    generics_are_lifetimes(model, function, errors);
    should_panic_returns_nothing(model, function, errors);
    panics_have_a_text(model, function, errors);
    types::value_can_fail_a_test(function, errors);
    types::bound_types_are_concrete(model, function, errors);
    types::resources_are_lent_for_the_test(model, function, errors);
    process::expressions_name_resources(model, function, errors);
    process::expressions_are_known_outside(model, function, errors);
    process::body_runs_once(model, function, errors);
    values::values_await_in_async_tests(model, function, errors);
    values::values_are_made_before_they_are_used(model, errors);
    parameters::parameters_have_resources(model, function, errors);
    parameters::our_types_have_resources(model, function, errors);
    parameters::resources_are_bound_once(model, function, errors);
}

fn off_leaves_something_out(wanted: &Wanted, errors: &mut Errors) {
    let Some(off) = &wanted.off else {
        return;
    };
    if !wanted.inherits() {
        let message = "`off` leaves a test of an annotated module as it is, and no module around this one is \
                       annotated; remove the attribute";
        errors.at(off, message);
    } else if wanted.requests_anything() {
        errors.at(off, "`off` excludes other arguments; remove it or them");
    }
}

fn isolated_once(function: &TestFn, errors: &mut Errors) {
    for attribute in &function.attributes {
        if attribute.mentions_isolated() {
            errors.at(attribute, ISOLATED_TWICE);
        }
    }
}

fn is_made_a_test_once(function: &TestFn, errors: &mut Errors) {
    if let Some(attribute) = harness::test_attribute(&function.attributes) {
        let message = "would make a second test, because `isolated_test::test` is `#[isolated]` and `#[test]` in one; \
                       write `#[isolated(...)]` instead of that, or remove this one";
        errors.at(attribute, message);
    }
}

/// Detects `#[test]` that means ours, because `test` was imported. The `#[isolated]` above has
/// expanded already and left it in place.
fn our_test_attribute_is_not_below_another_of_ours(function: &TestFn, errors: &mut Errors) {
    if function.is_a_wrapper() {
        let message = "this test is isolated already, by an attribute above it or above its module, and `test` means \
                       `isolated_test::test` here; write all arguments into one of them, or do not import `test`";
        errors.push(syn::Error::new(Span::call_site(), message));
    }
}

fn is_a_test(model: &Model, function: &TestFn, errors: &mut Errors) {
    let wanted = &model.wanted;
    let is_admitted = wanted.test_attribute.is_some()
        || wanted
            .failed
            .iter()
            .any(|failed| failed == "test_attribute");
    if !is_admitted && !harness::is_test(&function.attributes) {
        let TestFn { fn_token, name, .. } = function;
        let message = "expected a test attribute below `#[isolated]`; write `#[test]` there, \
                       or the argument `test_attribute` if another attribute makes this a test";
        errors.at(quote!(#fn_token #name), message);
    }
}

/// `test_attribute` promises that an attribute below makes this a test. Without one, the function
/// would silently never run.
fn test_attribute_admits_one(model: &Model, function: &TestFn, errors: &mut Errors) {
    let Some(word) = &model.wanted.test_attribute else {
        return;
    };
    if !model.wanted.is_called && function.attributes.iter().all(Attribute::makes_no_test) {
        let message = "expected an attribute below that makes this a test, because `test_attribute` only admits one; \
                       write it there, or `#[test]` without `test_attribute`, or `test_attribute = \"called by ...\"` \
                       if your own code calls the function";
        errors.at(word, message);
    }
}

/// Detects `#[isolated]` under a name that the attribute above did not recognise. That one has
/// expanded already.
fn is_not_isolated_under_another_name(function: &TestFn, errors: &mut Errors) {
    if function.is_a_wrapper() {
        let message = "this test is isolated already, by an attribute above it or above its module, which knows \
                       another `#[isolated]` only by that name; write this one as `#[isolated(...)]`";
        errors.push(syn::Error::new(Span::call_site(), message));
    }
}

fn is_not_a_method(function: &TestFn, errors: &mut Errors) {
    for parameter in function
        .parameters
        .iter()
        .filter(|parameter| parameter.is_self)
    {
        let message = "a method cannot be isolated, because a test is called without a value; move it out of the `impl`";
        errors.at(&parameter.pattern, message);
    }
}

fn is_not_const(function: &TestFn, errors: &mut Errors) {
    if let Some(constness) = &function.constness {
        let message = "a `const fn` cannot be isolated, because resources are acquired at run time; remove `const`";
        errors.at(constness, message);
    }
}

fn is_not_unsafe(function: &TestFn, errors: &mut Errors) {
    if let Some(unsafety) = &function.unsafety {
        let message = "an `unsafe fn` cannot be isolated, because a test is called from safe code; \
                       write `unsafe` around the parts of the body that need it";
        errors.at(unsafety, message);
    }
}

fn async_has_a_runtime(model: &Model, function: &TestFn, errors: &mut Errors) {
    let is_plain =
        harness::is_test(&function.attributes) && !harness::runs_async(&function.attributes);
    if let Some(asyncness) = &function.asyncness {
        if is_plain && model.wanted.test_attribute.is_none() {
            let message = "an `async fn` needs a test attribute that runs it; write `#[tokio::test]` or that of another \
                           runtime, or the argument `test_attribute` if an attribute here does";
            errors.at(asyncness, message);
        }
    }
}

fn generics_are_lifetimes(model: &Model, function: &TestFn, errors: &mut Errors) {
    if model.has_foreign_parameters() {
        return; // The attribute that fills the parameters determines the types.
    }
    for name in &function.generics.names {
        let message = format!(
            "a test cannot be generic, because nobody chooses `{name}`; write the type or value itself"
        );
        errors.at(name, message);
    }
}

fn should_panic_returns_nothing(model: &Model, function: &TestFn, errors: &mut Errors) {
    if model.run == Run::Returning || !function.returns_a_value() {
        return;
    }
    if let Some(should_panic) = function.should_panic() {
        let message = "cannot have both `#[should_panic]` and a return value, because an error is no panic; \
                       remove the return type and `unwrap` in the body";
        errors.at(&should_panic.attribute, message);
    }
}

/// `test_case` judges panics itself, including ours if the test is isolated inside it. Only the
/// text of a panic tells them apart.
fn panics_have_a_text(model: &Model, function: &TestFn, errors: &mut Errors) {
    if model.run == Run::Around {
        return;
    }
    let attributes = function.attributes.iter();
    let cases = attributes
        .flat_map(Attribute::flattened)
        .filter(|attribute| attribute.is("test_case") || attribute.is("case"));
    for arguments in cases.filter_map(|case| case.arguments()) {
        let tokens: Vec<TokenTree> = arguments.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            let is = |at: Option<usize>, mark: char| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(found)) if found.as_char() == mark);
            let is_expected = is(index.checked_sub(1), '>') && is(index.checked_sub(2), '=');
            let has_text = index + 1 < tokens.len() && !is(Some(index + 1), ';');
            if is_expected && !has_text && token.to_string() == "panics" {
                let message = "expected the text of the panic, because without it a test that cannot begin \
                               would pass; write `panics \"...\"`";
                errors.at(token, message);
            }
        }
    }
}
