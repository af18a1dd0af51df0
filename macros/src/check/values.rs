//! The rules for values, which exist only while the body runs.

use super::process::value_of;
use crate::errors::Errors;
use crate::model::{Kind, Model, awaits};
use crate::test_fn::TestFn;

pub(super) fn values_await_in_async_tests(model: &Model, function: &TestFn, errors: &mut Errors) {
    if function.asyncness.is_some() {
        return;
    }
    for (name, value) in model.wanted.values().filter(|(_, value)| awaits(value)) {
        let message = format!(
            "`{name}` cannot await, because the test is not asynchronous; write `async fn` below `#[tokio::test]`, \
             or block on the future in the expression"
        );
        errors.at(&value.tokens, message);
    }
}

/// Reports an expression that is a value, or its method or field, and is evaluated before that value
/// is made. The compiler would report an unknown variable instead.
pub(super) fn values_are_made_before_they_are_used(model: &Model, errors: &mut Errors) {
    let wanted = &model.wanted;
    let resources = wanted.resources.iter();
    let custom = resources.filter_map(|resource| match &resource.kind {
        Kind::Custom(expression) => Some(expression),
        _ => None,
    });
    let outside = wanted.surroundings.expressions();
    for tokens in custom.chain(outside.map(|expression| &expression.tokens)) {
        let used = value_of(tokens);
        if let Some(word) = used.filter(|word| wanted.values().any(|(name, _)| name == word)) {
            let message = format!(
                "`{word}` is not made yet, because values are made when the body begins; \
                 write its expression here"
            );
            errors.at(&word, message);
        }
    }
    for (place, (name, value)) in wanted.values().enumerate() {
        let used = value_of(&value.tokens);
        let mut later = wanted.values().skip(place);
        if let Some(word) = used.filter(|word| later.any(|(later, _)| later == word)) {
            let message = if word == *name {
                format!("`{word}` is the name of this value; give one of the two another name")
            } else {
                format!(
                    "`{word}` is not made yet, because it comes after `{name}`; write it before `{name}`"
                )
            };
            errors.at(&word, message);
        }
    }
}
