use super::{found, tree};

#[test]
fn a_test_is_found_in_inline_modules_after_its_doc_comments() {
    let dir = tree(&[(
        "tests/api.rs",
        "//! Tests.\n\nmod orders {\n    mod tests {\n        /// It adds.\n        /// Really.\n        #[ignore = \"slow\"]\n        \
         #[test]\n        fn adds() {}\n    }\n}\n#[test]\nfn adds() {}\n",
    )]);
    let found = |name| found(dir.path(), "tests/api.rs", name);
    assert_eq!(
        found("orders::tests::adds"),
        Ok(vec!["tests/api.rs:7".to_owned()])
    );
    assert_eq!(found("adds"), Ok(vec!["tests/api.rs:12".to_owned()]));
}

#[test]
fn cases_belong_to_their_function() {
    let text = "#[rstest]\n#[case(1)]\nfn counts(#[case] x: u8) {}\n\n#[test_case(1; \"one\")]\nfn serves(x: u8) {}\n\n\
                #[dir_test(dir: \"x\")]\nfn reads(x: u8) {}\n\nmod counts {\n    #[test]\n    fn case_2() {}\n}\n\
                #[test]\nfn plain() {}\n";
    let dir = tree(&[("tests/api.rs", text)]);
    let found = |name| found(dir.path(), "tests/api.rs", name);
    let at = |line| Ok(vec![format!("tests/api.rs:{line}")]);
    assert_eq!(found("counts::case_1"), at(1));
    assert_eq!(found("counts::case_1_small::value_2"), at(1));
    assert_eq!(
        found("counts::case_2"),
        at(12),
        "a module of that name has the test"
    );
    assert_eq!(found("serves::one"), at(5));
    assert_eq!(found("serves_1"), at(5));
    assert_eq!(found("reads__one"), at(8));
    assert_eq!(
        found("plain::case_1").expect_err("no cases").reason,
        "there is no module `plain` here"
    );
}

#[test]
fn functions_for_other_platforms_are_found_too() {
    let text = "#[cfg(unix)]\n#[test]\nfn adds() {}\n#[cfg(windows)]\n#[test]\nfn adds() {}\n\
                cfg_if::cfg_if! {\n    if #[cfg(unix)] {\n        #[test]\n        fn links() {}\n    } else {\n        \
                #[test]\n        fn links() {}\n    }\n}\n";
    let dir = tree(&[("tests/api.rs", text)]);
    let found = |name| found(dir.path(), "tests/api.rs", name);
    assert_eq!(
        found("adds"),
        Ok(vec![
            "tests/api.rs:1".to_owned(),
            "tests/api.rs:4".to_owned()
        ])
    );
    assert_eq!(
        found("links"),
        Ok(vec![
            "tests/api.rs:9".to_owned(),
            "tests/api.rs:12".to_owned()
        ])
    );
}

#[test]
fn a_file_with_a_mark_and_an_interpreter_is_read() {
    for text in [
        "\u{feff}#[test]\nfn adds() {}\n",
        "#!/usr/bin/env rust\n#[test]\nfn adds() {}\n",
        "#![cfg(unix)]\n#[test]\nfn adds() {}\n",
        "isolated_test::isolate_file! { #![isolated(serial)]\n#[test]\nfn adds() {}\n}\n",
    ] {
        let dir = tree(&[("tests/api.rs", text)]);
        let line = if text.starts_with('\u{feff}') { 1 } else { 2 };
        let place = format!("tests/api.rs:{line}");
        assert_eq!(
            found(dir.path(), "tests/api.rs", "adds"),
            Ok(vec![place]),
            "{text}"
        );
    }
}

#[test]
fn a_test_that_a_macro_makes_is_lost_with_the_place_of_the_macro() {
    let text = "mod orders {\n    macro_rules! cases { () => {} }\n    cases!(adds);\n}\n#[helper]\nfn adds() {}\nfn other() {}\n";
    let dir = tree(&[("tests/api.rs", text)]);
    let lost = found(dir.path(), "tests/api.rs", "orders::adds").expect_err("a macro");
    assert_eq!(lost.reason, "`cases!` seems to make it");
    assert_eq!(lost.line, Some(3));
    assert_eq!(
        found(dir.path(), "tests/api.rs", "adds")
            .expect("an attribute may make it")
            .len(),
        1
    );
    let lost = found(dir.path(), "tests/api.rs", "other").expect_err("no test");
    assert_eq!(
        (lost.reason.as_str(), lost.line),
        ("there is no function `other` here", None)
    );
    let lost =
        found(dir.path(), "tests/api.rs", "src/lib.rs - adds (line 3)").expect_err("an example");
    assert_eq!(lost.reason, "it is an example in the documentation");
}

#[test]
fn a_file_that_cannot_be_parsed_is_named_with_the_line() {
    let dir = tree(&[
        ("tests/api.rs", "mod orders;\n"),
        ("tests/orders.rs", "fn a() {}\nfn 1() {}\n"),
    ]);
    let lost = found(dir.path(), "tests/api.rs", "orders::adds").expect_err("not Rust");
    assert!(lost.file.ends_with("tests/orders.rs"), "{lost:?}");
    assert!(
        lost.reason
            .starts_with("the file cannot parse line 2: expected"),
        "{lost:?}"
    );
}

#[test]
fn a_property_is_found_in_its_macro() {
    let text = "proptest! {\n    #![proptest_config(Config::default())]\n\n    /// Holds.\n    #[ignore = \"slow\"]\n    #[test]\n    \
                fn holds(n in 0..10u32, m in any::<u8>()) { assert!(n < 10) }\n\n    #[test]\n    fn too(n in 0..1) {}\n}\n";
    let dir = tree(&[("tests/api.rs", text)]);
    let found = |name| found(dir.path(), "tests/api.rs", name);
    assert_eq!(found("holds"), Ok(vec!["tests/api.rs:5".to_owned()]));
    assert_eq!(found("too"), Ok(vec!["tests/api.rs:9".to_owned()]));
}
