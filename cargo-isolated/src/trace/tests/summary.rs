//! The whole text of the summary.

use anstream::adapter::strip_str;

use super::timeline_of;
use super::written::{Lines, START, Written};
use crate::trace::suggest;
use crate::trace::summary::summary;

const MS: u64 = 1_000;

fn shown(written: &Written) -> String {
    let mut timeline = timeline_of(written);
    timeline.suggestions = suggest::all(&timeline, None);
    strip_str(&summary(&timeline, 80)).to_string()
}

#[test]
fn a_suite_with_a_queue_and_a_failure() {
    let fails = "\"outcome\":\"failed\",\"how\":\"panicked\",\"why\":\"expected 1\\nfound 2\"";
    let written = Written::new([
        Lines::of(1)
            .test(0, 1, "shop::adds")
            .say(0, "held", 1, "\"want\":\"serial db\"")
            .say(0, "body", 1, "")
            .say(80 * MS, "over", 1, fails)
            .say(80 * MS, "free", 1, "\"want\":\"serial db\"")
            .say(80 * MS, "end", 1, "\"outcome\":\"failed\""),
        Lines::of(2)
            .test(0, 1, "shop::lists")
            .wait(0, 80 * MS, 1, "serial db", "shop::adds")
            .body(80 * MS, 100 * MS, 1, "passed"),
        Lines::of(3)
            .test(10 * MS, 1, "shop::other")
            .body(10 * MS, 50 * MS, 1, "passed")
            .test(50 * MS, 2, "shop::hangs")
            .raw("{\"t\":"),
    ]);
    let expected = r#"4 tests in 3 processes took 100ms, 1 failed, 1 unfinished; skipped 1 broken line

where the time went, added up over all tests
  body                 140ms   64 %  ███████████████████
  waiting for locks   80.0ms   36 %  ███████████

waiting by key
      cost  waits   longest  held  key
    80.0ms      1    80.0ms     2  db

failed, and the tests that were active meanwhile
  shop::adds
    src/lib.rs:1: expected 1
    beside shop::other 40.0ms, shop::lists 0µs
  shop::hangs
    src/lib.rs:2: never ended
    beside nobody

what would save most
  at most 20.0ms: `serial = "db"` was held for 100ms of 100ms, 2 times, one
  after the other; split the key if these tests use different things, or shorten
  them
"#;
    assert_eq!(shown(&written), expected);
}

#[test]
fn a_suite_that_has_never_heard_of_us() {
    let header = |pid: u32| {
        Lines::default().raw(&format!(
            "{{\"e\":\"process\",\"id\":1,\"pid\":{pid},\"program\":\"/deps/shop\",\"t\":{START},\
             \"version\":1}}\n"
        ))
    };
    let program = |pid: u32, name: &str, at: u64| {
        let who = format!("\"number\":0,\"test\":\"{name}\",\"thread\":\"\"");
        header(pid)
            .say(at, "program", 1, &who)
            .say(at, "provision", 1, "\"name\":\"sandbox\"")
            .say(at + 5 * MS, "provisioned", 1, "\"name\":\"sandbox\"")
            .say(at + 5 * MS, "child", 1, &format!("\"pid\":{}", pid + 1))
            .say(at + 5 * MS, "body", 1, "")
    };
    let over = |lines: Lines, at: u64, outcome: &str, why: &str| {
        let judged = format!("\"outcome\":\"{outcome}\"");
        lines
            .say(
                at,
                "over",
                1,
                &format!("\"how\":\"returned\",{judged},\"why\":\"{why}\""),
            )
            .say(at, "release", 1, "\"name\":\"sandbox\"")
            .say(at + 5 * MS, "released", 1, "\"name\":\"sandbox\"")
            .say(at + 5 * MS, "end", 1, &judged)
    };
    let written = Written::new([
        over(program(1, "shop::adds", 0), 55 * MS, "passed", ""),
        over(
            program(3, "shop::lists", 10 * MS),
            65 * MS,
            "failed",
            "exit status: 101",
        ),
        // An annotated test, which its process has traced; it was killed.
        over(
            program(5, "shop::pays", 20 * MS),
            80 * MS,
            "failed",
            "signal: 9 (SIGKILL)",
        ),
        Lines::of(6)
            .test(30 * MS, 1, "shop::pays")
            .say(40 * MS, "body", 1, ""),
        // A plain test with a guard.
        over(program(7, "shop::locks", 30 * MS), 85 * MS, "passed", ""),
        Lines::of(8)
            .say(
                40 * MS,
                "guard",
                1,
                "\"test\":\"shop::locks\",\"thread\":\"main\",\"number\":1",
            )
            .wait(40 * MS, 41 * MS, 1, "serial db", "")
            .say(50 * MS, "free", 1, "\"want\":\"serial db\""),
    ]);
    let expected = "\
4 tests in 4 processes took 90.0ms, 2 failed

where the time went, added up over all tests
  body                 189ms   77 %  ███████████████████████
  waiting for locks   1.00ms    0 %
  provisioning        20.0ms    8 %  ██
  releasing           20.0ms    8 %  ██
  rest                15.0ms    6 %  ██

waiting by key
      cost  waits   longest  held  key
    1.00ms      1    1.00ms     1  db

failed, and the tests that were active meanwhile
  shop::lists
    exit status: 101
    beside shop::adds 50.0ms, shop::locks 40.0ms, shop::pays 30.0ms
  shop::pays
    src/lib.rs:1: signal: 9 (SIGKILL)
    beside shop::locks 45.0ms, shop::lists 30.0ms, shop::adds 20.0ms
";
    assert_eq!(shown(&written), expected);
}

#[test]
fn hosts_are_counted_apart() {
    let who = "\"test\":\"host of api\",\"thread\":\"main\",\"number\":1,\"at\":\"\"";
    let written = Written::new([
        Lines::of(1)
            .test(0, 1, "shop::pays")
            .body(0, 10 * MS, 1, "passed"),
        Lines::of(2)
            .say(0, "host", 1, who)
            .body(MS, 5_000 * MS, 1, "passed"),
    ]);
    let expected = "\
1 test in 1 process and 1 host took 10.0ms

where the time went, added up over all tests
  body                10.0ms  100 %  ██████████████████████████████
";
    assert_eq!(shown(&written), expected);
}
