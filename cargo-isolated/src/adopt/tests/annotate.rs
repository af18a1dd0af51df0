use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::adopt::annotate::{Place, annotate};
use crate::adopt::needs::Needs;
use crate::source::file::SourceFile;
use crate::source::items::Module;

pub(super) fn serial(keys: &[&str]) -> Needs {
    Needs {
        serial: keys.iter().map(|&key| key.to_owned()).collect(),
        ..Needs::default()
    }
}

pub(super) fn argument(text: &str) -> Needs {
    Needs {
        arguments: vec![text.to_owned()],
        ..Needs::default()
    }
}

/// The functions of this name.
fn places(module: &Module, name: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for (indices, module) in module.all() {
        let functions = module.functions.iter().enumerate();
        let named = functions.filter(|(_, function)| function.name == name);
        places.extend(named.map(|(index, _)| (indices.clone(), index)));
    }
    places
}

/// The text after each function of these names got what it needs, and what was refused.
pub(super) fn edited(
    text: &str,
    needs: &[(&str, Needs)],
    is_for_tests: bool,
) -> (String, Vec<String>) {
    let file = SourceFile::parse(PathBuf::from("api.rs"), text.to_owned()).expect("Rust");
    let mut wanted = BTreeMap::new();
    for (name, needs) in needs {
        let places = places(&file.root, name);
        assert!(!places.is_empty(), "no function `{name}`");
        wanted.extend(places.into_iter().map(|place| (place, needs.clone())));
    }
    let (edits, refused) = annotate(&file, &wanted, "isolated_test", is_for_tests);
    let refused = refused
        .iter()
        .map(|refused| format!("{}: {}", refused.line, refused.reason));
    (edits.apply(text), refused.collect())
}

fn annotated(text: &str, needs: &[(&str, Needs)]) -> String {
    let (text, refused) = edited(text, needs, true);
    assert_eq!(refused, [""; 0]);
    text
}

#[test]
fn the_attribute_is_a_line_above_the_others_and_below_the_comments() {
    let text = "/// Adds.\n#[ignore = \"slow\"]\n#[test]\nfn adds() {}\n\nmod inner {\n\t/** Reads. */\n\t#[test] fn reads() {}\n}\n";
    let both = [("adds", serial(&["db"])), ("reads", argument("process"))];
    assert_eq!(
        annotated(text, &both),
        "/// Adds.\n#[isolated_test::isolated(serial = \"db\")]\n#[ignore = \"slow\"]\n#[test]\nfn adds() {}\n\nmod inner {\n\
         \t/** Reads. */\n\t#[isolated_test::isolated(process)]\n\t#[test] fn reads() {}\n}\n"
    );
}

#[test]
fn line_endings_and_marks_are_kept() {
    let text = "\u{feff}#[test]\r\nfn adds() {}\r\n";
    assert_eq!(
        annotated(text, &[("adds", serial(&["db"]))]),
        "\u{feff}#[isolated_test::isolated(serial = \"db\")]\r\n#[test]\r\nfn adds() {}\r\n"
    );
    // Nothing but the test is on its line, so the attribute joins it.
    let text = "mod inner { #[test] fn adds() {} }\n";
    assert_eq!(
        annotated(text, &[("adds", serial(&["a\"b"]))]),
        "mod inner { #[isolated_test::isolated(serial = \"a\\\"b\")] #[test] fn adds() {} }\n"
    );
}

#[test]
fn arguments_are_joined_and_broken_as_rustfmt_does() {
    let mut needs = serial(&["a", "b"]);
    needs.shared.push("c".to_owned());
    needs.arguments.push("process".to_owned());
    let text = "    #[test]\n    fn adds() {}\n";
    assert_eq!(
        annotated(text, &[("adds", needs)]),
        "    #[isolated_test::isolated(serial = [\"a\", \"b\"], shared = \"c\", process)]\n    #[test]\n    fn adds() {}\n"
    );
    let key = "k".repeat(60);
    let mut needs = serial(&[&key]);
    needs.arguments.push("port(number = 7835)".to_owned());
    assert_eq!(
        annotated(text, &[("adds", needs)]),
        format!(
            "    #[isolated_test::isolated(\n        serial = \"{key}\",\n        port(number = 7835)\n    )]\n    #[test]\n    \
             fn adds() {{}}\n"
        )
    );
}

#[test]
fn a_module_whose_tests_all_need_the_same_gets_it_once() {
    let tests = |attribute: &str, other: &str| {
        format!(
            "fn code() {{}}\n\n{attribute}#[cfg(test)]\nmod tests {{\n    fn helper() {{}}\n\n    #[test]\n    fn adds() {{}}\n\n    \
             mod more {{\n        #[tokio::test]\n        async fn reads() {{}}\n    }}\n{other}}}\n"
        )
    };
    let both = [("adds", serial(&["db"])), ("reads", serial(&["db"]))];
    let (text, _) = edited(&tests("", ""), &both, false);
    assert_eq!(
        text,
        tests("#[isolated_test::isolated(serial = \"db\")]\n", "")
    );

    // A test that needs nothing, a macro that may make tests, a module in another file.
    for other in [
        "    #[test]\n    fn other() {}\n",
        "    cases!(a);\n",
        "    mod file;\n",
    ] {
        let (text, _) = edited(&tests("", other), &both, false);
        assert_eq!(
            text.matches("    #[isolated_test::isolated(serial = \"db\")]\n")
                .count(),
            2,
            "{text}"
        );
        assert!(!text.contains("\n#[isolated"), "{text}");
    }
    // Helpers do not matter.
    for other in [
        "    thread_local! {}\n",
        "    #[fixture]\n    fn other() {}\n",
    ] {
        let (text, _) = edited(&tests("", other), &both, false);
        assert_eq!(
            text,
            tests("#[isolated_test::isolated(serial = \"db\")]\n", other)
        );
    }
    // Other needs.
    let (text, _) = edited(
        &tests("", ""),
        &[both[0].clone(), ("reads", serial(&["x"]))],
        false,
    );
    assert_eq!(
        text.matches("#[isolated_test::isolated(serial").count(),
        2,
        "{text}"
    );
}

#[test]
fn what_is_inherited_is_not_written_again() {
    let text = "#[isolated(serial = \"db\")]\nmod inner {\n    #[test]\n    fn adds() {}\n    #[test]\n    fn reads() {}\n}\n";
    let both = [("adds", serial(&["db"])), ("reads", serial(&["db"]))];
    assert_eq!(annotated(text, &both), text);
    let more = [
        ("adds", serial(&["db", "x"])),
        ("reads", serial(&["db", "x"])),
    ];
    let extended = text.replace("\"db\")", "[\"db\", \"x\"])");
    assert_eq!(annotated(text, &more), extended);
    let one = [("adds", serial(&["db", "x"])), ("reads", serial(&["db"]))];
    let written = text.replacen(
        "    #[test]",
        "    #[isolated_test::isolated(serial = \"x\")]\n    #[test]",
        1,
    );
    assert_eq!(annotated(text, &one), written);
}

#[test]
fn a_test_that_is_compiled_without_tests_is_annotated_for_tests_only() {
    let text =
        "fn code() {}\n#[test]\nfn adds() {}\n#[cfg(all(test, unix))]\n#[test]\nfn reads() {}\n";
    let both = [("adds", serial(&["db"])), ("reads", serial(&["x"]))];
    assert_eq!(
        edited(text, &both, false).0,
        "fn code() {}\n#[cfg_attr(test, isolated_test::isolated(serial = \"db\"))]\n#[test]\nfn adds() {}\n\
         #[isolated_test::isolated(serial = \"x\")]\n#[cfg(all(test, unix))]\n#[test]\nfn reads() {}\n"
    );
    let module = "mod code {\n    #[test]\n    fn adds() {}\n    #[test]\n    fn reads() {}\n}\n";
    let same = [("adds", serial(&["db"])), ("reads", serial(&["db"]))];
    let line = "    #[cfg_attr(test, isolated_test::isolated(serial = \"db\"))]\n    #[test]\n";
    assert_eq!(
        edited(module, &same, false).0,
        module.replace("    #[test]\n", line)
    );
}

#[test]
fn a_test_of_an_unknown_attribute_says_so() {
    let text = "#[my::check]\nfn adds() {}\n";
    assert_eq!(
        annotated(text, &[("adds", serial(&["db"]))]),
        "#[isolated_test::isolated(serial = \"db\", test_attribute)]\n#[my::check]\nfn adds() {}\n"
    );
}

#[test]
fn a_resource_does_not_take_a_parameter_of_its_name() {
    let text = "#[rstest]\nfn adds(#[case] port: u16) {}\n";
    assert_eq!(
        annotated(text, &[("adds", argument("port(number = 7835)"))]),
        format!("#[isolated_test::isolated(port_7835_of_test = port(number = 7835))]\n{text}")
    );
}
