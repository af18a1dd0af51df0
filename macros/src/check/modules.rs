//! The rules for an annotated module.

use super::ISOLATED_TWICE;
use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::model::Wanted;
use crate::module::Module;

pub(super) fn module_is_inline(module: &Module, errors: &mut Errors) {
    if module.body.is_none() {
        let name = &module.name;
        let message = format!(
            "`mod {name};` cannot be isolated from here, because its tests are in another file; \
                               write `mod tests {{ ... }}` there and annotate that"
        );
        errors.at(name, message);
    }
}

pub(super) fn plain_test_is_on_a_function(module: &Module, errors: &mut Errors) {
    let message =
        "a module is no test; write `#[isolated(...)]` above it, which isolates every test in it";
    errors.at(&module.name, message);
}

pub(super) fn module_is_isolated_once(module: &Module, errors: &mut Errors) {
    if let Some(attribute) = module.second_attribute() {
        errors.at(attribute, ISOLATED_TWICE);
    }
}

pub(super) fn module_has_tests(module: &Module, tests: usize, errors: &mut Errors) {
    if module.body.is_some() && tests == 0 {
        let name = &module.name;
        let message = format!(
            "expected a test in `mod {name}`, because nothing else in it is isolated; \
                               write `#[test]` above its functions or remove `#[isolated]`"
        );
        errors.at(name, message);
    }
}

pub(super) fn file_has_tests(attribute: &Attribute, tests: usize, errors: &mut Errors) {
    if tests == 0 {
        let message = "expected a test below, because nothing else is isolated; write `#[test]` above the functions or \
                       remove `isolate_file!`";
        errors.at(attribute, message);
    }
}

pub(super) fn test_attribute_is_on_a_function(wanted: &Wanted, errors: &mut Errors) {
    if let Some(word) = &wanted.test_attribute {
        errors.at(word, "`test_attribute` is not expected on a module; write `#[isolated(test_attribute)]` above the function");
    }
}
