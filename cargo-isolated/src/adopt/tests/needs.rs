use super::annotate::serial;
use crate::adopt::needs::{Choice, Needs, of_findings};
use crate::findings::Findings;

/// Four tests, and two conflicts.
fn findings() -> Findings {
    let tests = (0..4).map(|test| {
        serde_json::json!({
            "package": "shop", "target": "api", "root": "tests/api.rs", "name": format!("t{test}"),
            "outcome": "passed", "locks": [], "left_behind": [],
        })
    });
    let conflict = |name: &str, writers: &[usize], readers: &[usize], argument: Option<&str>| {
        serde_json::json!({
            "resource": {"kind": "variable", "name": name}, "writers": writers, "readers": readers, "places": [],
            "key": name, "argument": argument, "fixed_at": writers, "suggestion": null,
        })
    };
    let conflicts = [
        conflict("a", &[0], &[1, 2], Some("env(A = \"x,y\"), process")),
        conflict("b", &[1, 3], &[0], None),
        conflict("a", &[2], &[3], None),
    ];
    let findings = serde_json::json!({
        "version": 1, "tests": tests.collect::<Vec<_>>(), "conflicts": conflicts,
    });
    serde_json::from_value(findings).expect("findings")
}

fn needs(serial_keys: &[&str], shared: &[&str], arguments: &[&str]) -> Needs {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Needs {
        shared: owned(shared),
        arguments: owned(arguments),
        ..serial(serial_keys)
    }
}

#[test]
fn writers_are_serial_and_readers_shared() {
    let expected = [
        needs(&["a"], &["b"], &[]),
        needs(&["b"], &["a"], &[]),
        needs(&["a"], &[], &[]), // It reads in one conflict and writes in another.
        needs(&["b"], &["a"], &[]),
    ];
    assert_eq!(of_findings(&findings(), Choice::Keys), expected);
}

#[test]
fn the_best_argument_replaces_the_keys_of_its_conflict() {
    let expected = [
        needs(&[], &["b"], &["env(A = \"x,y\")", "process"]),
        needs(&["b"], &[], &[]),
        needs(&["a"], &[], &[]),
        needs(&["b"], &["a"], &[]),
    ];
    assert_eq!(of_findings(&findings(), Choice::Best), expected);
}

#[test]
fn what_a_test_shares_with_itself_counts_too() {
    let mut findings = findings();
    let argument = |port: u16| Some(format!("port(number = {port})"));
    let mut conflict = findings.conflicts[1].clone();
    conflict.readers.clear();
    for (test, port) in [(0, 1), (1, 2), (1, 3)] {
        conflict.writers = vec![test];
        conflict.fixed_at = vec![test];
        conflict.argument = argument(port);
        conflict.key = format!("of {test}");
        findings.between_runs.push(conflict.clone());
    }
    findings.conflicts.clear();
    let expected = [
        needs(&[], &[], &["port(number = 1)"]),
        needs(&["of 1"], &[], &[]), // An attribute has one `port`.
        needs(&[], &[], &[]),
        needs(&[], &[], &[]),
    ];
    assert_eq!(of_findings(&findings, Choice::Best), expected);
}
