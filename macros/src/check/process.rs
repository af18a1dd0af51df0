//! The rules for a process of the test's own.

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

/// The future would hold what only lives as long as the call that makes it.
pub(super) fn judged_body_is_not_async(model: &Model, function: &TestFn, errors: &mut Errors) {
    if let (Run::Inside, Some(asyncness)) = (model.run, &function.asyncness) {
        let message = "an `async fn` whose end is judged by `=>` cannot have a process of its own; \
                       pass what is expected as another argument and compare it in the body";
        errors.at(asyncness, message);
    }
}
