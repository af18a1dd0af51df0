//! The planted suite, compared with its author's list of conflicts.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Resource, findings, observe};

#[derive(Deserialize)]
struct Expected {
    conflict: Vec<Planted>,
}

#[derive(Deserialize)]
struct Planted {
    kind: String,
    name: String,
    writers: Vec<[String; 3]>,
    readers: Vec<[String; 3]>,
}

#[isolated_test::isolated(serial = "the planted suite")]
#[test]
fn all_conflicts_and_no_others_are_found() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/planted");
    let dir = dir.canonicalize().expect("the planted suite");
    let expected = fs::read_to_string(dir.join("expected.toml")).expect("the list");
    let expected: Expected = toml::from_str(&expected).expect("the list");
    let findings = findings(&observe(&dir, "planted", &["--json"]));
    for test in &findings.tests {
        assert_eq!(test.outcome, "passed", "{}", test.name);
    }
    let expected: BTreeSet<_> = expected
        .conflict
        .into_iter()
        .map(|planted| {
            let name = in_full(&planted.name, &dir);
            let kind = planted.kind;
            (
                Resource { kind, name },
                sorted(planted.writers),
                sorted(planted.readers),
            )
        })
        .collect();
    let names = |indices: &[usize]| {
        let tests = indices.iter().map(|index| &findings.tests[*index]);
        let names = tests.map(|test| [&test.package, &test.target, &test.name].map(String::clone));
        sorted(names.collect())
    };
    let found: BTreeSet<_> = findings
        .conflicts
        .iter()
        .map(|found| {
            (
                found.resource.clone(),
                names(&found.writers),
                names(&found.readers),
            )
        })
        .collect();
    let missed: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && wrong.is_empty(),
        "missed {missed:#?}, wrong {wrong:#?}"
    );
}

fn sorted(mut tests: Vec<[String; 3]>) -> Vec<[String; 3]> {
    tests.sort();
    tests
}

/// A name on this machine.
fn in_full(name: &str, dir: &Path) -> String {
    let text = |path: PathBuf| path.to_str().expect("a path").to_owned();
    let mut name = name
        .replace("{tmp}", &text(env::temp_dir()))
        .replace("{home}", &text(env::home_dir().expect("a home directory")));
    for package in ["courier", "ledger"] {
        name = name.replace(&format!("{{package:{package}}}"), &text(dir.join(package)));
    }
    name
}
