//! The showcase without the attribute, compared with the conflicts that its sources show.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Conflict, Resource, command, findings};

/// With the number of tests that change it.
const BETWEEN_TESTS: [&str; 11] = [
    "file {data}/invoices 3",
    "file {data}/licences/seat-1 4",
    "file {data}/prices 1",
    "file {data}/store.db 4",
    "static today::shop::audit::ENTRIES 7",
    "static today::shop::drawer::IS_OPEN 2",
    "tcp-port 18081 2",
    "tcp-port 8080 2",
    "umask umask 2",
    "variable SHOP_CURRENCY 3",
    "working-directory working directory 2",
];

const BETWEEN_RUNS: [&str; 31] = [
    "file {tmp}/shop-app.log 1",
    "file {tmp}/shop-bank 1",
    "file {tmp}/shop-books.db 1",
    "file {tmp}/shop-cache 1",
    "file {tmp}/shop-config.json 1",
    "file {tmp}/shop-courier 1",
    "file {tmp}/shop-downloads 1",
    "file {tmp}/shop-export-44.csv 1",
    "file {tmp}/shop-export-59.csv 1",
    "file {tmp}/shop-export-9.csv 1",
    "file {tmp}/shop-first-config.json 1",
    "file {tmp}/shop-orders.db 1",
    "file {tmp}/shop-payments.db 1",
    "file {tmp}/shop-restart.db 1",
    "file {tmp}/shop-site 1",
    "file {tmp}/shop-thumbnails 1",
    "file {tmp}/shop-till.log 1",
    "file {tmp}/shop.pid 1",
    "tcp-port 17007 1",
    "tcp-port 17101 1",
    "tcp-port 17102 1",
    "tcp-port 17103 1",
    "tcp-port 17111 1",
    "tcp-port 17112 1",
    "tcp-port 17113 1",
    "tcp-port 18000 1",
    "tcp-port 18080 1",
    "tcp-port 18082 1",
    "tcp-port 18083 1",
    "udp-port 17008 1",
    "udp-port 17009 1",
];

#[isolated_test::isolated(network(or = "serial"))]
#[test]
fn all_conflicts_and_no_others_are_found() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("nothing tested: `python3` is not installed");
        return;
    }
    // Not a directory of isolated-test, because observers ignore those.
    let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let [tmp, data] = ["tmp", "data"].map(|name| dir.path().join(name));
    for dir in [&tmp, &data] {
        fs::create_dir(dir).expect("a directory");
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target_dir = target_dir.and_then(Path::to_str).expect("a path");
    // With the features and in the directory of the whole workspace, little is left to build.
    let words = ["--json", "--", "--workspace", "--test", "today"];
    let output = command(workspace.expect("the workspace"), target_dir, &words)
        .env("TMPDIR", &tmp)
        .env("SHOP_DATA", &data)
        .output();
    let findings = findings(&output.expect("the command"));
    for test in &findings.tests {
        assert_eq!(test.outcome, "passed", "{}", test.name);
    }
    let lines = |conflicts: &[Conflict]| {
        let line = |conflict: &Conflict| {
            let Resource { kind, name } = &conflict.resource;
            let mut name = name.clone();
            for (dir, text) in [(&tmp, "{tmp}"), (&data, "{data}")] {
                name = name.replace(dir.to_str().expect("a path"), text);
            }
            format!("{kind} {name} {}", conflict.writers.len())
        };
        let mut lines: Vec<_> = conflicts.iter().map(line).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&findings.conflicts), BETWEEN_TESTS);
    assert_eq!(lines(&findings.between_runs), BETWEEN_RUNS);
}
