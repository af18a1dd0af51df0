//! The rules for values and asynchronous resources, which exist only while the body runs.

use super::process::value_of;
use crate::errors::Errors;
use crate::model::{Kind, Model};
use crate::test_fn::TestFn;

pub(super) fn values_await_in_async_tests(model: &Model, function: &TestFn, errors: &mut Errors) {
    if function.asyncness.is_some() {
        return;
    }
    let resources = model.wanted.resources.iter();
    for one in resources.filter(|one| one.needs_async()) {
        let name = &one.name;
        let (cannot, way_out) = if one.is_awaited() {
            let way_out = format!("implement `Resource` and write `{name} = ...`");
            ("be awaited", way_out)
        } else {
            let way_out = "block on the future in the expression".to_owned();
            ("await", way_out)
        };
        let message = format!(
            "`{name}` cannot {cannot}, because the test is not asynchronous; write `async fn` below \
             `#[tokio::test]`, or {way_out}"
        );
        errors.at(one.value().map(|value| &value.tokens), message);
    }
}

/// Reports an expression that is a value or an asynchronous resource, or its method or field, and is
/// evaluated before that is made. The compiler would report an unknown variable instead.
pub(super) fn values_are_made_before_they_are_used(model: &Model, errors: &mut Errors) {
    let wanted = &model.wanted;
    let resources = wanted.resources.iter();
    let custom = resources.filter_map(|resource| match &resource.kind {
        Kind::Custom(expression) => Some(expression),
        _ => None,
    });
    let outside = wanted.surroundings.expressions();
    for tokens in custom.chain(outside.map(|expression| &expression.tokens)) {
        let Some(word) = value_of(tokens) else {
            continue;
        };
        let mut late = wanted.resources.iter().filter(|one| one.value().is_some());
        let Some(one) = late.find(|one| one.name == word) else {
            continue;
        };
        let message = if one.is_awaited() {
            format!(
                "`{word}` is not provisioned yet, because asynchronous resources are provisioned when the body begins; \
                 use it in `value(...)` or `awaited(...)` only"
            )
        } else {
            format!(
                "`{word}` is not made yet, because values are made when the body begins; \
                 write its expression here"
            )
        };
        errors.at(&word, message);
    }
    for (place, (name, value)) in wanted.values().enumerate() {
        let used = value_of(&value.tokens);
        let mut later = wanted.values().skip(place);
        if let Some(word) = used.filter(|word| later.any(|(later, _)| later == word)) {
            let message = if word == *name {
                format!("`{word}` is the name of this argument; give one of the two another name")
            } else {
                format!(
                    "`{word}` is not made yet, because it comes after `{name}`; write it before `{name}`"
                )
            };
            errors.at(&word, message);
        }
    }
}
