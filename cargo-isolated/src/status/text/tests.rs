use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use anstream::adapter::strip_str;

use super::super::report::{Behind, Kept, Report, Running, Test, Wait};
use super::text;

/// The time at which the reports are made, in seconds.
const NOW: u64 = 10_000_000;

fn shown(report: &Report, width: usize) -> String {
    let text = text(report, 2, UNIX_EPOCH + Duration::from_secs(NOW), width);
    strip_str(&text).to_string()
}

fn test(name: &str, seconds: u64, holds: &[&str], wait: Option<Wait>) -> Test {
    Test {
        name: name.to_owned(),
        place: "package shop, src/db.rs:12".to_owned(),
        since: (NOW - seconds) * 1000,
        holds: holds.iter().map(|&lock| lock.to_owned()).collect(),
        wait,
    }
}

fn wait(seconds: u64, behind: &[&str]) -> Wait {
    let behind = behind.iter().map(|&test| Behind {
        test: test.to_owned(),
        pid: 7,
    });
    Wait {
        lock: "serial \"db\"".to_owned(),
        since: (NOW - seconds) * 1000,
        behind: behind.collect(),
    }
}

fn running(pid: u32, checkout: Option<&str>, tests: Vec<Test>) -> Running {
    let checkout = checkout.map(PathBuf::from);
    Running {
        pid,
        checkout,
        tests,
    }
}

fn report(processes: Vec<Running>, kept: Vec<Kept>) -> Report {
    Report {
        version: 1,
        state_dir: PathBuf::from("/tmp/isolated-test-1000"),
        processes,
        kept,
    }
}

#[test]
fn who_holds_and_who_waits_stands_by_checkout() {
    let adds = test("shop::adds", 12, &["serial \"db\"", "port 7835"], None);
    let pays = test("shop::pays", 12, &[], Some(wait(11, &["shop::adds"])));
    let long = "bank::transfers::moves_money_between_two_accounts_of_one_owner";
    let moves = test(
        long,
        300,
        &["shared \"cache\""],
        Some(wait(200, &["a", "b", "c", "d"])),
    );
    let guard = test("seeder", 1, &[], Some(wait(1, &[])));
    let report = report(
        vec![
            running(9, Some("/home/me/shop"), vec![adds]),
            running(10, Some("/home/me/shop"), vec![pays]),
            running(11, Some("/home/me/shop-2"), vec![moves]),
            running(12, None, vec![guard]),
        ],
        vec![],
    );
    let expected = r#"1 test is running, 3 waiting

/home/me/shop
  shop::adds
    pid 9, package shop, src/db.rs:12
    for 12 s, holds serial "db", port 7835
  shop::pays
    pid 10, package shop, src/db.rs:12
    for 12 s, waits 11 s for serial "db", held by shop::adds (pid 7)

/home/me/shop-2
  bank::transfers::moves_money_between_two_accounts_of_one_owner
    pid 11, package shop, src/db.rs:12
    for 5 min, holds shared "cache", waits 3 min for serial "db", held by a (pid
    7), b (pid 7) and 2 others

unknown directory
  seeder
    pid 12, package shop, src/db.rs:12
    for 1 s, waits 1 s for serial "db"
"#;
    assert_eq!(shown(&report, 80), expected);
}

#[test]
fn kept_directories_have_a_size_and_a_test() {
    let kept = |test: Option<&str>, hours: u64| Kept {
        path: PathBuf::from("/tmp/isolated-test-1000/runs/g69cc0/pays-2qfUVO"),
        bytes: 1536,
        test: test.map(str::to_owned),
        checkout: Some(PathBuf::from("/home/me/shop")),
        since: Some((NOW - hours * 3600) * 1000),
    };
    let none = Kept {
        checkout: None,
        since: None,
        ..kept(None, 0)
    };
    let kept = vec![kept(Some("older"), 3), none, kept(Some("shop::pays"), 2)];
    let report = report(vec![], kept);
    let expected = "\
no isolated tests are running (state directory: /tmp/isolated-test-1000)

3 kept directories, 4.5 KiB
  shop::pays
    /tmp/isolated-test-1000/runs/g69cc0/pays-2qfUVO
    1.5 KiB, 2 h ago, in /home/me/shop
  unknown test
    /tmp/isolated-test-1000/runs/g69cc0/pays-2qfUVO
    1.5 KiB
  and 1 older; `--all` lists them
";
    assert_eq!(shown(&report, 80), expected);
}

#[test]
fn narrow_terminals_get_short_lines() {
    let pays = test(
        "shop::pays",
        12,
        &["serial \"card\""],
        Some(wait(11, &["shop::adds"])),
    );
    let report = report(vec![running(9, None, vec![pays])], vec![]);
    for line in shown(&report, 40).lines() {
        assert!(line.len() <= 40, "{line}");
    }
}
