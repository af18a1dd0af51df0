//! `retries` in the attribute, together with the variable.

#![cfg(any(target_os = "linux", windows))]

use isolated_test_tests::attempts::attempts;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::attempts::fails;
    use test_case::test_case;

    #[isolated(namespace, retries = 1)]
    #[test]
    #[ignore = "started by another test"]
    fn says_so_itself() {
        assert!(!fails(), "on purpose");
    }

    #[isolated(namespace, retries = 1)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn says_so_asynchronously() {
        assert!(!fails(), "on purpose");
    }

    #[isolated(namespace, retries = 1)]
    #[test_case(2 => 4)]
    #[ignore = "started by another test"]
    fn is_judged(number: u32) -> u32 {
        if fails() { 0 } else { number * 2 }
    }

    #[isolated(namespace)]
    #[test_case(2 => 4)]
    #[ignore = "started by another test"]
    fn is_judged_here(number: u32) -> u32 {
        if fails() { 0 } else { number * 2 }
    }

    #[isolated(namespace, retries = 2)]
    mod inside {
        use isolated_test::isolated;
        use isolated_test_tests::attempts::fails;

        #[test]
        #[ignore = "started by another test"]
        fn has_it_from_the_module() {
            assert!(!fails(), "on purpose");
        }

        #[isolated(retries = 0)]
        #[test]
        #[ignore = "started by another test"]
        fn says_never() {
            assert!(!fails(), "on purpose");
        }
    }
}

#[test]
fn the_attribute_says_how_often() {
    for (test, most) in [
        ("says_so_itself", 2),
        ("says_so_asynchronously", 2),
        ("is_judged::test_case_1_2_expects_4", 2),
        ("inside::has_it_from_the_module", 3),
        ("inside::says_never", 1),
    ] {
        let (finished, runs, _state) = attempts(test, "9", &[]);
        finished.failed();
        assert_eq!(runs.len(), most, "{test}");
        if most > 1 {
            let (finished, runs, _state) = attempts(test, "1", &[]);
            let errors = finished.passed().errors;
            assert!(
                errors.contains("flaky: failed once, then passed\n"),
                "{errors}"
            );
            assert_eq!(runs.len(), 2, "{test}");
        }
    }
}

#[test]
fn the_attribute_goes_before_the_variable() {
    for (test, most) in [("says_so_itself", 2), ("inside::says_never", 1)] {
        let (finished, runs, _state) = attempts(test, "9", &[("ISOLATED_RETRIES", "5")]);
        finished.failed();
        assert_eq!(runs.len(), most, "{test}");
    }
}

#[test]
fn the_variable_retries_what_another_attribute_judges() {
    let test = "is_judged_here::test_case_1_2_expects_4";
    let (finished, runs, _state) = attempts(test, "1", &[("ISOLATED_RETRIES", "2")]);
    finished.passed();
    assert_eq!(runs.len(), 2);
}
