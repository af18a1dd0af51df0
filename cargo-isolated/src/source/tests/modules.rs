use super::{found, tree};

const TEST: &str = "#[test]\nfn adds() {}\n";

/// Finds `name` in a tree where only `file` has the test.
fn finds(name: &str, file: &str, others: &[(&str, &str)]) {
    let mut files = others.to_vec();
    files.push((file, TEST));
    let dir = tree(&files);
    let found = found(dir.path(), others[0].0, name);
    assert_eq!(found, Ok(vec![format!("{file}:1")]), "{files:?}");
}

#[test]
fn files_of_modules_are_found() {
    finds("a::adds", "src/a.rs", &[("src/lib.rs", "mod a;")]);
    finds("a::adds", "src/a/mod.rs", &[("src/lib.rs", "mod a;")]);
    finds(
        "a::b::adds",
        "src/a/b.rs",
        &[("src/lib.rs", "mod a;"), ("src/a.rs", "mod b;")],
    );
    finds(
        "a::b::adds",
        "src/a/b.rs",
        &[("src/lib.rs", "mod a;"), ("src/a/mod.rs", "mod b;")],
    );
    finds(
        "a::adds",
        "tests/api/a.rs",
        &[("tests/api/main.rs", "mod a;")],
    );
    finds("r#mod::adds", "src/mod.rs", &[("src/lib.rs", "mod r#mod;")]);
}

#[test]
fn files_of_modules_in_inline_modules_are_found() {
    finds(
        "a::b::adds",
        "src/a/b.rs",
        &[("src/lib.rs", "mod a { mod b; }")],
    );
    let inline = "mod b { mod c; }";
    finds(
        "a::b::c::adds",
        "src/a/b/c.rs",
        &[("src/lib.rs", "mod a;"), ("src/a.rs", inline)],
    );
    finds(
        "a::b::c::adds",
        "src/a/b/c.rs",
        &[("src/lib.rs", "mod a;"), ("src/a/mod.rs", inline)],
    );
}

#[test]
fn files_that_path_names_are_found() {
    finds(
        "a::adds",
        "src/x/y.rs",
        &[("src/lib.rs", "#[path = \"x/y.rs\"] mod a;")],
    );
    let root = ("src/lib.rs", "#[path = \"x/y.rs\"] mod a;");
    finds(
        "a::b::adds",
        "src/x/b.rs",
        &[root, ("src/x/y.rs", "mod b;")],
    );
    let root = ("src/lib.rs", "mod a;");
    finds(
        "a::b::adds",
        "src/y.rs",
        &[root, ("src/a.rs", "#[path = \"y.rs\"] mod b;")],
    );
    let inline = "mod b { #[path = \"y.rs\"] mod c; }";
    finds(
        "a::b::c::adds",
        "src/a/b/y.rs",
        &[root, ("src/a.rs", inline)],
    );
    finds(
        "a::b::c::adds",
        "src/b/y.rs",
        &[
            ("src/lib.rs", "#[path = \"a.rs\"] mod a;"),
            ("src/a.rs", inline),
        ],
    );
    let inline = "#[path = \"x\"] mod b { mod c; }";
    finds("b::c::adds", "src/x/c.rs", &[("src/lib.rs", inline)]);
    let root = ("src/lib.rs", "#[cfg_attr(windows, path = \"w.rs\")] mod a;");
    finds("a::adds", "src/a.rs", &[root]);
    finds("a::adds", "src/w.rs", &[root]);
}
