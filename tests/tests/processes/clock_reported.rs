//! `clock`: what reports and traces show of it, and that they keep the time of the machine.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use isolated_test_tests::State;

mod inner {
    use std::time::Duration;

    use isolated_test::{BoxError, Current, Resource, Transfer, current, isolated};
    use isolated_test_tests::say;

    #[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
    #[test]
    #[ignore = "started by another test"]
    fn fails_later() {
        current().clock().advance(Duration::from_millis(1500));
        panic!("on purpose");
    }

    #[isolated(
        clock(at = "2026-02-28T23:59:59Z", frozen),
        tmpdir(keep = "always"),
        serial = "clock"
    )]
    #[test]
    #[ignore = "started by another test"]
    fn passes() {
        say("body");
    }

    #[isolated(clock = "2026-02-28T23:59:59Z")]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_a_clock_in_place() {
        let _ = current().clock();
    }

    /// A resource of the parent that wants the clock before it exists.
    struct Early;

    impl Resource for Early {
        type Handle = String;

        fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
            Ok(test.handle().clock().to_string())
        }

        fn transfer() -> Transfer<String> {
            Transfer::as_text()
        }
    }

    #[isolated(early = Early, clock = "2026-02-28T23:59:59Z")]
    #[test]
    #[ignore = "started by another test"]
    fn provisions_by_the_clock(early: &str) {
        say(early);
    }
}

fn milliseconds() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis()
}

#[test]
fn a_failure_shows_the_clock() {
    let state = State::new();
    let run = state.inner("fails_later").run().failed();
    let report = run.reported("processes/clock_reported");
    let line = "    clock      2026-02-28T23:59:59Z at the beginning, 2026-03-01T00:00:00.5Z now (frozen)\n";
    assert!(report.contains(line), "{report}");
}

#[test]
fn the_linker_cannot_find_a_library_below_a_path_with_a_space() {
    let state = State::new();
    let dir = state.scratch().join("two words");
    let run = state
        .inner("passes")
        .env("ISOLATED_DIR", &dir)
        .run()
        .failed();
    let (reason, way_out) = (
        "passes: failed to set the clock of the test: `LD_PRELOAD` cannot contain `",
        "`; set `ISOLATED_DIR` to a path without spaces and colons\n",
    );
    assert!(run.errors.contains(reason), "{}", run.errors);
    assert!(run.errors.contains(way_out), "{}", run.errors);
    assert!(!run.output.contains("@body"), "{}", run.output);
}

#[test]
fn the_trace_shows_the_clock_and_keeps_the_time_of_the_machine() {
    let state = State::new();
    let trace = state.scratch().join("trace");
    let before = milliseconds();
    let _ = state
        .inner("passes")
        .env("ISOLATED_TRACE", &trace)
        .run()
        .passed();
    let after = milliseconds();
    let (mut text, mut files) = (String::new(), 0);
    for entry in fs::read_dir(trace).unwrap() {
        text += &fs::read_to_string(entry.unwrap().path()).unwrap();
        files += 1;
    }
    assert_eq!(files, 2, "{text}");
    for line in text.lines() {
        let time = line.strip_prefix("{\"t\":").unwrap();
        let time: u128 = time[..time.find(',').unwrap()].parse().unwrap();
        assert!((before..=after).contains(&(time / 1000)), "{line}");
    }
    let set = "\"e\":\"clock\",\"id\":1,\"set\":\"2026-02-28T23:59:59Z (frozen)\"}\n";
    assert!(text.contains(set), "{text}");
}

#[test]
fn a_test_in_place_has_the_clock_of_the_machine_and_says_so() {
    let state = State::new();
    let inner = state.inner("passes").env("ISOLATED_PROCESS", "off");
    let run = inner.run().passed();
    assert!(
        run.errors
            .contains("what it leaves behind stays, the clock is that of the machine\n"),
        "{}",
        run.errors
    );
    let inner = state.inner("asks_for_a_clock_in_place");
    let run = inner.env("ISOLATED_PROCESS", "off").run().failed();
    assert!(run.errors.contains(NO_CLOCK), "{}", run.errors);
}

const NO_CLOCK: &str = " has no clock of its own; write `#[isolated(clock = \"2026-02-28T23:59:59Z\")]`, and leave \
    `ISOLATED_PROCESS` on; a resource that the parent provisions cannot use it before the test begins\n";

#[test]
fn a_resource_of_the_parent_has_no_clock_yet() {
    let state = State::new();
    let run = state.inner("provisions_by_the_clock").run().failed();
    assert!(run.errors.contains(NO_CLOCK), "{}", run.errors);
    assert!(!run.output.contains('@'), "{}", run.output);
}
