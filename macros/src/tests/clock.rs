//! `clock`: times as people write them, and the speed of a clock.

use super::{assert_contains, messages};
use crate::args::{Moment, moment};

#[test]
fn exact_times() {
    for (text, seconds, nanos) in [
        ("1970-01-01", 0, 0),
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2026-02-28T23:59:59Z", 1_772_323_199, 0),
        (" 2026-02-28 23:59:59z ", 1_772_323_199, 0),
        ("2026-03-01t00:59:59+01:00", 1_772_323_199, 0),
        ("2026-02-28T18:29:59-05:30", 1_772_323_199, 0),
        ("2026-02-28T23:59:59.5Z", 1_772_323_199, 500_000_000),
        ("2026-02-28T23:59:59.000000001Z", 1_772_323_199, 1),
        ("2000-02-29", 951_782_400, 0),
        ("2100-03-01", 4_107_542_400, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
        ("1900-03-01", -2_203_891_200, 0),
        ("0001-01-01", -62_135_596_800, 0),
        ("0000-01-01", -62_167_219_200, 0),
    ] {
        assert_eq!(moment(text), Ok(Moment { seconds, nanos }), "{text}");
    }
}

#[test]
fn other_texts() {
    for (text, message) in [
        (
            "",
            "expected a time, found ``; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "noon",
            "expected a time, found `noon`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "2026-2-28",
            "expected a time, found `2026-2-28`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "2026-02-28T23:59Z",
            "expected a time, found `2026-02-28T23:59Z`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "2026-02-28T23:59:59.Z",
            "expected a time, found `2026-02-28T23:59:59.Z`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "2026-02-28T23:59:59.0123456789Z",
            "expected a time, found `2026-02-28T23:59:59.0123456789Z`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28\"`",
        ),
        (
            "2026-13-01",
            "there is no month 13; write one from 01 to 12",
        ),
        (
            "2026-02-29",
            "there is no day 29 in month 2 of 2026; write one from 01 to 28",
        ),
        (
            "2024-02-30",
            "there is no day 30 in month 2 of 2024; write one from 01 to 29",
        ),
        (
            "2100-02-29",
            "there is no day 29 in month 2 of 2100; write one from 01 to 28",
        ),
        (
            "2026-02-28T24:00:00Z",
            "the last time of a day is 23:59:59, found 24:00:00",
        ),
        (
            "2016-12-31T23:59:60Z",
            "the last time of a day is 23:59:59, found 23:59:60, and computers have no leap seconds",
        ),
        (
            "2026-02-28T23:59:59",
            "expected an offset from UTC behind `2026-02-28T23:59:59`; write `\"2026-02-28T23:59:59Z\"` or `\"2026-02-28T23:59:59+01:00\"`",
        ),
        (
            "2026-02-28T23:59:59[Europe/Berlin]",
            "expected an offset from UTC, found `[Europe/Berlin]`; write `Z` or `+01:00`, and `env(TZ = \"Europe/Berlin\")` if the test needs a local time",
        ),
        (
            "2026-02-28T23:59:59Z!",
            "expected an offset from UTC, found `Z!`; write `Z` or `+01:00`, and `env(TZ = \"Europe/Berlin\")` if the test needs a local time",
        ),
        (
            "2026-02-28T23:59:59+25:00",
            "expected an offset from UTC, found `+25:00`; write `Z` or `+01:00`, and `env(TZ = \"Europe/Berlin\")` if the test needs a local time",
        ),
    ] {
        assert_eq!(moment(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn literals_and_expressions() {
    for (arguments, call) in [
        (
            r#"clock = "2026-02-28T23:59:59.5Z""#,
            "clock!(__surrounded, (1772323199, 500000000), 1f64);",
        ),
        (
            r#"clock(at = "2026-02-28", frozen)"#,
            "clock!(__surrounded, (1772236800, 0), 0f64);",
        ),
        (
            r#"clock(running, at = "1969-12-31")"#,
            "clock!(__surrounded, (-86400, 0), 1f64);",
        ),
        (
            "clock(at = START, speed = 60)",
            "clock!(__surrounded, ::isolated_test::__private::expr!(START), 60f64);",
        ),
        (
            r#"clock(at = "1970-01-01", speed = 0.5)"#,
            "clock!(__surrounded, (0, 0), 0.5f64);",
        ),
    ] {
        assert_contains(arguments, "#[test] fn expires() { }", &[call, "prepare("]);
    }
}

#[test]
fn expressions_see_resources_and_the_names_of_a_module() {
    assert_contains(
        "seed, __inherited(1, clock(at = time_of(seed), frozen))",
        "#[test] fn expires() { }",
        &[
            "let __isolated_seed = cx.seed(0);",
            "use super::*;",
            "let seed = __isolated_seed;",
        ],
    );
    assert_contains(
        "clock = START, __inherited(1, clock = OTHER)",
        "#[test] fn expires() { }",
        &["expr!(START)"],
    );
}

#[test]
fn mistakes() {
    let usage = "`clock = \"2026-02-28T23:59:59Z\"`";
    for (arguments, message) in [
        ("clock", format!("expected `clock` to be a time: {usage}")),
        ("clock = 5", format!("expected `clock` to be a time: {usage}")),
        ("clock()", "expected a time; write `clock(at = \"2026-02-28T23:59:59Z\")`".to_owned()),
        ("clock(frozen)", "expected a time; write `clock(at = \"2026-02-28T23:59:59Z\")`".to_owned()),
        ("clock(at)", "expected `at` to be a time: `clock(at = \"2026-02-28T23:59:59Z\")`".to_owned()),
        ("clock(at = START, frozen, speed = 2)", "a clock is either `frozen` or `running`, or has a `speed`; write one of these".to_owned()),
        ("clock(at = START, speed = 0)", "expected `speed` to be a number above zero and at most 100,000,000, because speed 60 makes an hour of a minute: `clock(at = ..., speed = 60)`".to_owned()),
        ("clock(at = START, fast)", "unknown option `fast` of `clock`; expected one of `at`, `frozen`, `running`, `speed`".to_owned()),
        ("clock = START, clock = START", "duplicate argument `clock`; remove one".to_owned()),
    ] {
        assert_eq!(messages(arguments, "#[test] fn expires() { }"), [message], "{arguments}");
    }
}
