//! The rules for a process of the test's own.

use crate::errors::Errors;
use crate::harness;
use crate::model::Model;
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
