//! Attributes that turn one function into functions with other names: each test is found by the
//! name that the test runner uses.

use isolated_test::{current, isolated};
use isolated_test_tests::State;

/// Expects that the running test has this name.
#[track_caller]
fn expect(name: &str) {
    assert_eq!(current().name(), format!("attributes::renamed::{name}"));
}

mod dir {
    use dir_test::{Fixture, dir_test};

    use super::{expect, isolated};

    fn look(function: &str, fixture: &Fixture<&str>) {
        let file = fixture.path().rsplit('/').next().unwrap();
        let end = file.replace('.', "_").replace("_txt", "");
        expect(&format!("dir::{function}__{end}"));
        assert!(fixture.content().contains("text"));
    }

    #[isolated(test_attribute)]
    #[dir_test(dir: "$CARGO_MANIFEST_DIR/fixtures/texts", glob: "*.txt")]
    fn in_place(fixture: Fixture<&str>) {
        look("in_place", &fixture);
    }

    #[isolated(process, env(TEXT = "text"))]
    #[dir_test(dir: "$CARGO_MANIFEST_DIR/fixtures/texts", glob: "*.txt")]
    fn apart(fixture: Fixture<&str>) {
        look("apart", &fixture);
        assert_eq!(std::env::var("TEXT").unwrap(), "text");
    }
}

mod cases {
    use ntest_test_cases::test_case;

    use super::{expect, isolated};

    #[isolated]
    #[test_case(1)]
    #[test_case(2)]
    fn in_place(number: u8) {
        expect(&format!("cases::in_place_{number}"));
    }

    #[isolated(process, env(TEXT = "text"))]
    #[test_case(1)]
    #[test_case(2)]
    fn apart(number: u8) {
        expect(&format!("cases::apart_{number}"));
        assert_eq!(std::env::var("TEXT").unwrap(), "text");
    }
}

mod inner {
    use isolated_test::isolated;
    use ntest_test_cases::test_case;

    #[isolated(process)]
    #[test_case(1)]
    #[test_case(2)]
    #[ignore = "started by another test"]
    fn fails(number: u8) {
        assert_eq!(number, 1);
    }
}

#[test]
fn the_line_that_repeats_a_test_names_it() {
    let run = State::new().inner("fails_2").run().failed();
    let repeat =
        "cargo test -p isolated-test-tests --test attributes -- --exact renamed::inner::fails_2\n";
    let report = run.reported("attributes/renamed");
    assert!(report.contains(repeat), "{report}");
}
