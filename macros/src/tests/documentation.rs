//! The documentation of the attribute keeps up with the table of arguments.

use crate::args::{ARGUMENTS, Takes};

#[test]
fn every_argument_and_option_is_documented() {
    let docs = include_str!("../arguments.md");
    for row in ARGUMENTS.iter().filter(|row| !row.is_hidden()) {
        let forms = [format!("`{}", row.name), format!("`name = {}(", row.name)];
        let is_documented = forms.iter().any(|form| docs.contains(form));
        assert!(
            is_documented,
            "`{}` has no row in the documentation",
            row.name
        );
        if let Takes::Options(settings) | Takes::Clock(settings) = row.takes {
            for setting in settings {
                assert!(
                    docs.contains(setting.name),
                    "`{}` of `{}` has no row",
                    setting.name,
                    row.name
                );
            }
        }
    }
}
