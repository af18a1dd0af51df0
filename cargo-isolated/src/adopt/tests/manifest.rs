use crate::adopt::manifest::{Manifest, Source};
use crate::source::edits::Edits;

const PACKAGE: &str = "[package]\nname = \"shop\" # keep\n";

/// The manifest with isolated-test, and its name.
fn added(text: &str, workspace: Option<&str>, source: &Source) -> (String, String) {
    let manifest = Manifest::parse(text).expect("a manifest");
    let workspace = workspace.map(|text| Manifest::parse(text).expect("a manifest"));
    let mut edits = Edits::default();
    let name = manifest.add_ours(workspace.as_ref(), source, &mut edits);
    (edits.apply(text), name)
}

fn name(text: &str, workspace: Option<&str>) -> Option<String> {
    let manifest = Manifest::parse(text).expect("a manifest");
    let workspace = workspace.map(|text| Manifest::parse(text).expect("a manifest"));
    manifest.name_of_ours(workspace.as_ref())
}

#[test]
fn a_line_joins_the_dev_dependencies() {
    for (before, after) in [
        ("", "\n[dev-dependencies]\nisolated-test = \"0.1\"\n"),
        (
            "\n[dev-dependencies]\n",
            "\n[dev-dependencies]\nisolated-test = \"0.1\"\n",
        ),
        (
            "[dev-dependencies]\nrstest = \"1\" # cases\ntokio = { version = \"1\" }\n\n[features]\n",
            "[dev-dependencies]\nisolated-test = \"0.1\"\nrstest = \"1\" # cases\ntokio = { version = \"1\" }\n\n[features]\n",
        ),
        (
            "[dev-dependencies]\na = [\n  1\n]\nb.workspace = true # b\n\n[features]\n",
            "[dev-dependencies]\na = [\n  1\n]\nb.workspace = true # b\nisolated-test = \"0.1\"\n\n[features]\n",
        ),
        (
            "[dev-dependencies]\nz = \"1\"\na = \"1\"",
            "[dev-dependencies]\nz = \"1\"\na = \"1\"\nisolated-test = \"0.1\"\n",
        ),
        (
            "[dev-dependencies.tokio]\nversion = \"1\"\n",
            "[dev-dependencies.tokio]\nversion = \"1\"\n\n[dev-dependencies]\nisolated-test = \"0.1\"\n",
        ),
    ] {
        let (text, name) = added(&format!("{PACKAGE}{before}"), None, &Source::Registry);
        assert_eq!(text, format!("{PACKAGE}{after}"));
        assert_eq!(name, "isolated_test");
        Manifest::parse(&text).expect("a manifest still");
        let (text, _) = added(
            &format!("{PACKAGE}{before}").replace('\n', "\r\n"),
            None,
            &Source::Registry,
        );
        assert_eq!(text, format!("{PACKAGE}{after}").replace('\n', "\r\n"));
    }
}

#[test]
fn a_dependency_of_the_workspace_is_inherited() {
    let workspace =
        "[workspace.dependencies]\napart = { package = \"isolated-test\", version = \"0.1\" }\n";
    let (text, name) = added(PACKAGE, Some(workspace), &Source::Registry);
    assert_eq!(
        text,
        format!("{PACKAGE}\n[dev-dependencies]\napart = {{ workspace = true }}\n")
    );
    assert_eq!(name, "apart");
    let dotted = format!("{PACKAGE}[dependencies]\nserde.workspace = true\n");
    let (text, _) = added(&dotted, Some(workspace), &Source::Registry);
    assert_eq!(
        text,
        format!("{dotted}\n[dev-dependencies]\napart.workspace = true\n")
    );
    let (text, _) = added(
        PACKAGE,
        Some(workspace),
        &Source::Path("/x \"y\"".to_owned()),
    );
    assert_eq!(
        text,
        format!("{PACKAGE}\n[dev-dependencies]\nisolated-test = {{ path = '/x \"y\"' }}\n")
    );
}

#[test]
fn a_dependency_is_recognised_under_any_name() {
    let with = |lines: &str| format!("{PACKAGE}{lines}\n");
    let found = |lines: &str| name(&with(lines), None);
    assert_eq!(found("[dependencies]"), None);
    assert_eq!(
        found("[dependencies]\nisolated-test = \"0.1\"").as_deref(),
        Some("isolated_test")
    );
    let renamed = "[dev-dependencies.set-apart]\npackage = \"isolated-test\"\nversion = \"0.1\"";
    assert_eq!(found(renamed).as_deref(), Some("set_apart"));
    assert_eq!(
        found("[dependencies]\nisolated-test = { version = \"0.1\", optional = true }"),
        None
    );
    let workspace =
        "[workspace.dependencies]\napart = { package = \"isolated-test\", version = \"0.1\" }\n";
    let inherited = name(
        &with("[dev-dependencies]\napart.workspace = true"),
        Some(workspace),
    );
    assert_eq!(inherited.as_deref(), Some("apart"));
}

#[test]
fn a_line_is_removed() {
    let removed = |text: &str| {
        let manifest = Manifest::parse(text).expect("a manifest");
        let mut edits = Edits::default();
        let is_removed = manifest.remove("serial_test", None, &mut edits);
        (is_removed, edits.apply(text))
    };
    let text =
        "[dev-dependencies]\na = \"1\"\nserial_test = { version = \"3\" } # locks\nz = \"1\"\n";
    assert_eq!(
        removed(text),
        (
            true,
            "[dev-dependencies]\na = \"1\"\nz = \"1\"\n".to_owned()
        )
    );
    let table = "[dev-dependencies.serial_test]\nversion = \"3\"\n";
    assert_eq!(removed(table), (false, table.to_owned()));
}
