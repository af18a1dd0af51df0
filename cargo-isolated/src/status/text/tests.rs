use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use anstream::adapter::strip_str;

use super::super::report::{
    Behind, Host, Kept, Machines, Remote, Report, Running, State, Test, Wait,
};
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
        hosts: Vec::new(),
        machines: None,
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
fn hosts_have_a_state_and_a_log() {
    let host = |name: &str, state, pid: Option<u32>| Host {
        name: name.to_owned(),
        pid,
        state,
        why: (state == State::Failed).then(|| "the disk is on fire".to_owned()),
        since: pid.map(|_| (NOW - 180) * 1000),
        holds: Vec::new(),
        wait: None,
        log: PathBuf::from("/tmp/isolated-test-1000/hosts")
            .join(name)
            .join("log"),
    };
    let mut report = report(vec![], vec![]);
    report.hosts = vec![
        host("api-9f86d081884c7d65", State::Idle, Some(4242)),
        host("cache-60303ae22b998861", State::Failed, None),
        Host {
            holds: vec!["port 7835".to_owned()],
            ..host("db-fd61a03af4f77d87", State::InUse, Some(4243))
        },
        Host {
            wait: Some(wait(11, &["shop::adds"])),
            ..host("mail-a4e624d686e03ed2", State::Starting, Some(4244))
        },
    ];
    let expected = r#"no isolated tests are running (state directory: /tmp/isolated-test-1000)

4 hosts
  api-9f86d081884c7d65
    idle, pid 4242, started 3 min ago
    log: /tmp/isolated-test-1000/hosts/api-9f86d081884c7d65/log
  cache-60303ae22b998861
    could not start: the disk is on fire
    log: /tmp/isolated-test-1000/hosts/cache-60303ae22b998861/log
  db-fd61a03af4f77d87
    in use, pid 4243, started 3 min ago, holds port 7835
    log: /tmp/isolated-test-1000/hosts/db-fd61a03af4f77d87/log
  mail-a4e624d686e03ed2
    starting, pid 4244, started 3 min ago, waits 11 s for serial "db", held by
    shop::adds (pid 7)
    log: /tmp/isolated-test-1000/hosts/mail-a4e624d686e03ed2/log
"#;
    assert_eq!(shown(&report, 80), expected);
}

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/status.md");

#[test]
fn keys_across_machines_have_holders_and_waiters() {
    let remote = |name: &str, waits, seconds| Remote {
        lock: "serial \"staging\" across machines".to_owned(),
        waits,
        name: name.to_owned(),
        machine: if waits { "build-3" } else { "build-7" }.to_owned(),
        pid: if waits { 977 } else { 4242 },
        place: format!(
            "package shop, tests/{}",
            if waits {
                "orders.rs:8"
            } else {
                "staging.rs:12"
            }
        ),
        since: (NOW - seconds) * 1000,
    };
    let with = |tests| Report {
        machines: Some(Machines { why: None, tests }),
        ..report(vec![], vec![])
    };
    let after = "no isolated tests are running (state directory: /tmp/isolated-test-1000)\n\n";
    let text = shown(
        &with(vec![
            remote("shop::migrates_staging", false, 12),
            remote("shop::orders::pays", true, 3),
        ]),
        80,
    );
    let expected = r#"keys across machines
  shop::migrates_staging
    machine build-7, pid 4242, package shop, tests/staging.rs:12
    holds serial "staging" across machines for 12 s
  shop::orders::pays
    machine build-3, pid 977, package shop, tests/orders.rs:8
    waits 3 s for serial "staging" across machines
"#;
    assert_eq!(text.strip_prefix(after), Some(expected));
    let guide = fs::read_to_string(GUIDE).expect("the guide");
    assert!(guide.contains(&format!("\n```text\n{expected}```\n")));
    let none = "keys across machines\n  nobody holds one\n";
    assert_eq!(shown(&with(vec![]), 80).strip_prefix(after), Some(none));
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
