use super::{Peer, converted};

#[test]
fn the_attribute_becomes_a_directory_and_variables() {
    for (before, after) in [
        ("#[sealed_test]", "cwd"),
        (
            "#[sealed_test(files = [\"Cargo.toml\"])]",
            "cwd(from = \"Cargo.toml\")",
        ),
        (
            "#[sealed_test(env = [(\"A\", \"b\"), (\"a.b\", f(1, 2))], files = [\"Cargo.toml\", \"src/main.rs\"])]",
            "cwd(from = [\"Cargo.toml\", \"src/main.rs\"]), env(A = \"b\", \"a.b\" = f(1, 2))",
        ),
    ] {
        let text = format!("    {before}\n    #[should_panic]\n    fn adds() {{}}\n");
        let ours = format!(
            "    #[isolated_test::isolated({after})]\n    #[test]\n    #[should_panic]\n    fn adds() {{}}\n"
        );
        assert_eq!(converted(Peer::SealedTest, &text, true), (ours, Vec::new()));
    }
}

#[test]
fn what_means_something_else_stays() {
    for (arguments, reason) in [
        (
            "before = f()",
            "`before` needs a resource; write one with `provision` and `release`",
        ),
        (
            "files = [\"src\"]",
            "`src` is not a file, and `cwd(from = ...)` copies what is in a directory",
        ),
        (
            "env = [(NAME, \"b\")]",
            "the name of a variable is no literal; write it as one",
        ),
    ] {
        let text = format!("#[sealed_test({arguments})]\nfn adds() {{}}\n");
        let note = format!("1: `#[sealed_test]` stays, because {reason}");
        assert_eq!(converted(Peer::SealedTest, &text, true), (text, vec![note]));
    }
}

#[test]
fn calls_of_temp_env_and_tempfile_are_named() {
    let text = "use tempfile::tempdir;\n#[test]\nfn reads() {\n    let dir = tempdir().unwrap();\n    \
                temp_env::with_var(\"A\", Some(\"b\"), || {});\n}\nfn helper() {\n    tempdir();\n}\n";
    let (edited, notes) = converted(Peer::Tempfile, text, true);
    assert_eq!(edited, text);
    let note = "4: `reads` calls `tempdir`; write `tmpdir` in the attribute, and a parameter `tmpdir: \
                &isolated_test::TmpDir`, which is kept if the test fails";
    assert_eq!(notes, [note]);
    let (edited, notes) = converted(Peer::TempEnv, text, true);
    assert_eq!(edited, text);
    let note = "5: `reads` calls `with_var`; write `env(NAME = value)` in the attribute, with the body of the closure in the test";
    assert_eq!(notes, [note]);
}
