//! Refusals before a file is touched.

use std::fs;

use serde_json::json;

use crate::suite::{Suite, conflict, errors, findings, printed, succeeded};

const API: &str = "#[test]\nfn adds() {}\n";
const WRITE: [&str; 3] = ["--write", "--runs", "1"];

fn one() -> serde_json::Value {
    findings(
        &[("tests/api.rs", "adds")],
        &[conflict("x", &[0], &[], None)],
    )
}

/// The error of a command that refuses to write.
fn refusal(suite: &Suite, findings: &serde_json::Value, words: &[&str]) -> String {
    let before = suite.changes();
    let output = suite.adopt(findings, words);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert_eq!(suite.changes(), before);
    errors(&output)
}

#[test]
fn a_dirty_checkout_is_not_edited() {
    let suite = Suite::new(&[("tests/api.rs", API)]);
    suite.write("src/lib.rs", "// not committed\n");
    assert_eq!(
        refusal(&suite, &one(), &WRITE),
        "cargo isolated: the checkout has uncommitted changes in `src/lib.rs`; commit or stash them, or pass `--allow-dirty`\n"
    );
    suite.write("tests/api.rs", &format!("// not committed\n{API}"));
    let more = "in `src/lib.rs` and 1 more;";
    assert!(refusal(&suite, &one(), &WRITE).contains(more));
    // Without `--write`, the edits are shown all the same.
    assert!(
        succeeded(&suite.adopt(&one(), &[]))
            .contains("+#[isolated_test::isolated(serial = \"x\")]")
    );
    succeeded(&suite.adopt(&one(), &["--write", "--allow-dirty", "--runs", "1"]));
    let api = format!("// not committed\n#[isolated_test::isolated(serial = \"x\")]\n{API}");
    assert_eq!(suite.read("tests/api.rs"), api);
}

#[test]
fn a_file_that_git_does_not_know_is_not_edited() {
    let suite = Suite::new(&[]);
    suite.write("tests/api.rs", API);
    let unknown =
        "cargo isolated: git does not track `tests/api.rs`; commit it, or pass `--allow-dirty`\n";
    assert_eq!(refusal(&suite, &one(), &WRITE), unknown);
    suite.write(".git/info/exclude", "tests/\n");
    assert_eq!(refusal(&suite, &one(), &WRITE), unknown);
    suite.write("notes.txt", "files that are not edited may be unknown");
    suite.git(&["add", "--force", "tests"]);
    suite.commit();
    suite.write("more.txt", "");
    succeeded(&suite.adopt(&one(), &WRITE));
}

#[test]
fn a_workspace_without_git_is_not_edited() {
    let suite = Suite::new(&[("tests/api.rs", API)]);
    fs::remove_dir_all(suite.path(".git")).expect("the repository");
    let output = suite.adopt(&one(), &WRITE);
    assert_eq!(
        errors(&output),
        "cargo isolated: this workspace is not in a git repository, so nothing could bring a file back; create one, or \
         pass `--allow-no-vcs`\n"
    );
    assert_eq!(suite.read("tests/api.rs"), API);
    succeeded(&suite.adopt(&one(), &["--write", "--allow-no-vcs", "--runs", "1"]));
    assert_ne!(suite.read("tests/api.rs"), API);
}

#[test]
fn findings_of_another_version_or_workspace_are_refused() {
    let suite = Suite::new(&[("tests/api.rs", API)]);
    let mut other = one();
    other["version"] = json!(7);
    assert_eq!(
        refusal(&suite, &other, &WRITE),
        "cargo isolated: the findings have version 7, and this program reads version 1; observe the tests again\n"
    );
    let mut other = one();
    other["tests"][0]["package"] = json!("shop");
    assert_eq!(
        refusal(&suite, &other, &WRITE),
        "cargo isolated: this workspace has no package `shop`; use findings of this workspace\n"
    );
    let mut other = one();
    other["conflicts"][0]["readers"] = json!([1]);
    assert_eq!(
        refusal(&suite, &other, &WRITE),
        "cargo isolated: the findings contain no test 1, which the conflict `x` names; observe the tests again\n"
    );
    let text = refusal(&suite, &json!({"tests": []}), &WRITE);
    let expected =
        "cargo isolated: `-` contains no findings; write it with `cargo isolated observe --json`";
    assert!(text.starts_with(expected), "{text}");
}
