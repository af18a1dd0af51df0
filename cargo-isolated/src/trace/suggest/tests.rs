use std::path::PathBuf;

use super::all;
use crate::findings::{Conflict, Findings, Kind, Outcome, Resource, Test, VERSION};
use crate::trace::tests::written::{Lines, START, Written};
use crate::trace::timeline::Timeline;

const SECOND: u64 = 1_000_000;

/// A process that nextest runs.
fn under_nextest(pid: u32) -> Lines {
    Lines::default().raw(&format!(
        "{{\"t\":{START},\"e\":\"process\",\"version\":1,\"pid\":{pid},\"program\":\"/deps/shop\",\
         \"binary\":\"shop\"}}\n"
    ))
}

/// A test that waits for a lock, holds it from then on, and ends. Times are in seconds.
fn test(lines: Lines, name: &str, times: [u64; 3], want: &str, behind: &str) -> Lines {
    let [begin, held, end] = times.map(|time| time * SECOND);
    let lines = lines.test(begin, 1, name);
    let lines = if held > begin {
        lines.wait(begin, held, 1, want, behind)
    } else {
        lines.say(held, "held", 1, &format!("\"want\":\"{want}\""))
    };
    let free = format!("\"want\":\"{want}\"");
    let judged = "\"outcome\":\"passed\"";
    lines
        .say(held, "body", 1, "")
        .say(
            end,
            "over",
            1,
            &format!("{judged},\"how\":\"returned\",\"why\":\"\""),
        )
        .say(end, "free", 1, &free)
        .say(end, "end", 1, judged)
}

/// A test without a key that nextest runs.
fn without_key(pid: u32, name: &str, times: [u64; 3]) -> Lines {
    test(under_nextest(pid), name, times, "test", "")
}

#[track_caller]
fn suggested(processes: Vec<Lines>, findings: Option<&Findings>) -> Vec<(u64, String)> {
    let timeline = Timeline::read(Written::new(processes).path()).expect("a timeline");
    let all = all(&timeline, findings).into_iter();
    all.map(|one| (one.saves / SECOND, one.text)).collect()
}

/// Three tests of one key, in a queue.
fn queue() -> Vec<Lines> {
    let of = |pid, name, times, behind| test(Lines::of(pid), name, times, "serial db", behind);
    vec![
        of(1, "shop::adds", [0, 0, 10], ""),
        of(2, "shop::lists", [0, 10, 14], "shop::adds"),
        of(3, "shop::counts", [10, 14, 20], "shop::lists"),
    ]
}

#[test]
fn a_queue_can_save_all_but_its_longest_test() {
    let text = "`serial = \"db\"` was held for 20.0s of 20.0s, 3 times, one after the other; split \
                the key if these tests use different things, or shorten them";
    assert_eq!(suggested(queue(), None), [(10, text.to_owned())]);
}

#[test]
fn a_key_for_which_nobody_waits_costs_nothing() {
    let of = |pid, times| test(Lines::of(pid), "shop::adds", times, "serial db", "");
    assert_eq!(
        suggested(vec![of(1, [0, 0, 10]), of(2, [10, 10, 20])], None),
        []
    );
}

#[test]
fn readers_are_suggested_only_if_they_were_observed() {
    let test = |name: &str| Test {
        package: "shop".to_owned(),
        target: "shop".to_owned(),
        root: PathBuf::from("src/lib.rs"),
        name: name.to_owned(),
        outcome: Outcome::Passed,
        locks: vec!["serial \"db\"".to_owned()],
        left_behind: Vec::new(),
        touched: Vec::new(),
    };
    let mut findings = Findings {
        version: VERSION,
        tests: ["adds", "lists", "counts"].map(test).into(),
        conflicts: vec![Conflict {
            resource: Resource {
                kind: Kind::File,
                name: "/tmp/db".to_owned(),
            },
            writers: vec![0],
            readers: vec![1, 2],
            places: Vec::new(),
            key: "db".to_owned(),
            argument: None,
            fixed_at: Vec::new(),
            suggestion: None,
        }],
        between_runs: Vec::new(),
    };
    let expected =
        "`serial = \"db\"` costs 14.0s of waiting; 2 of its 3 tests only read: `shared = \"db\"`";
    // The last test waited behind another reader; the first wait was for the writer.
    let found = suggested(queue(), Some(&findings));
    assert_eq!(found, [(4, expected.to_owned())]);

    findings.conflicts[0].writers.push(1);
    let found = suggested(queue(), Some(&findings));
    assert!(found[0].1.contains("was held for"), "{found:?}");
}

#[test]
fn waiting_in_slots_of_nextest_is_what_groups_save() {
    let of = |pid, name, times| test(under_nextest(pid), name, times, "serial db", "");
    let waiting = |late: u64| {
        vec![
            of(1, "shop::a", [0, 0, 10]),
            of(2, "shop::b", [0, 10, 20]),
            without_key(3, "shop::other", [late, late, 22]),
        ]
    };
    let text = "tests waited 8.00s in slots of nextest while others had not begun; `cargo isolated \
                groups` prints test groups that keep these slots free";
    let found = suggested(waiting(8), None);
    assert!(found.contains(&(2, text.to_owned())), "{found:?}");
    // Without another test that could have run meanwhile, nothing is lost.
    let found = suggested(waiting(0), None);
    assert!(
        found.iter().all(|(_, text)| !text.contains("slots")),
        "{found:?}"
    );
}

#[test]
fn tests_that_run_alone_stop_all_others() {
    let alone = test(Lines::of(1), "shop::measures", [0, 0, 10], "alone", "");
    let other = test(
        Lines::of(2),
        "shop::adds",
        [2, 10, 12],
        "test",
        "shop::measures",
    );
    let text = "1 test runs `alone`, and for 8.00s others waited for that, or it for others; \
                `serial` with a key excludes only the tests that have this key";
    assert_eq!(suggested(vec![alone, other], None), [(8, text.to_owned())]);
}

#[test]
fn a_long_test_at_the_end_should_begin_first() {
    let run = |begin| {
        vec![
            without_key(1, "shop::a", [0, 0, 10]),
            without_key(2, "shop::long", [begin, begin, 30]),
        ]
    };
    let text = "`shop::long` ran for 20.0s after all others, and began 9.00s after the first; \
                `priority = 100` in an override of nextest starts it first";
    assert_eq!(suggested(run(9), None), [(9, text.to_owned())]);
    assert_eq!(suggested(run(0), None), []);
}
