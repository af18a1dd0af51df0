//! `clock`: times as people write them, and the speed of a clock.

use super::{assert_contains, messages};
use crate::args::{Moment, Zone, moment};

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
        let zone = None;
        assert_eq!(
            moment(text),
            Ok(Moment {
                seconds,
                nanos,
                zone
            }),
            "{text}"
        );
    }
}

#[test]
fn local_times() {
    for (text, seconds, name, offset) in [
        ("1970-01-01[Europe/Berlin]", 0, "Europe/Berlin", None),
        (
            "1970-01-01T00:00:01[America/Port-au-Prince]",
            1,
            "America/Port-au-Prince",
            None,
        ),
        (
            "1970-01-01 00:00:02+01:00[Europe/Berlin] ",
            2,
            "Europe/Berlin",
            Some(3600),
        ),
        (
            "1970-01-01T00:00:03-03:30[America/St_Johns]",
            3,
            "America/St_Johns",
            Some(-12_600),
        ),
        ("1970-01-01T00:00:04[Etc/GMT+5]", 4, "Etc/GMT+5", None),
        ("1970-01-01T00:00:05+00:00[UTC]", 5, "UTC", Some(0)),
    ] {
        let zone = Some(Zone {
            name: name.to_owned(),
            offset,
        });
        assert_eq!(
            moment(text),
            Ok(Moment {
                seconds,
                nanos: 0,
                zone
            }),
            "{text}"
        );
    }
}

#[test]
fn names_that_no_zone_has() {
    for name in [
        "",
        "+01:00",
        "../passwd",
        "/etc/localtime",
        "Europe/",
        "Europe//Berlin",
        "Europe/Berl in",
        "CET-1CEST,M3",
        "!Europe/Berlin",
        "UTC][u-ca=x",
    ] {
        let message = format!(
            "expected the name of a time zone, found `{name}`; write `2026-02-28[Europe/Berlin]`, or an offset from UTC \
             without brackets"
        );
        assert_eq!(moment(&format!("2026-02-28[{name}]")), Err(message));
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
            "expected an offset from UTC or a time zone behind `2026-02-28T23:59:59`; write `\"2026-02-28T23:59:59Z\"`, `\"2026-02-28T23:59:59+01:00\"` or `\"2026-02-28T23:59:59[Europe/Berlin]\"`",
        ),
        (
            "2026-02-28T23:59:59Z[Europe/Berlin]",
            "`2026-02-28T23:59:59Z[Europe/Berlin]` is a time in UTC and in a time zone; leave out `Z` for the time in `Europe/Berlin`, or write `[Europe/Berlin]` as `env(TZ = \"Europe/Berlin\")`",
        ),
        (
            "2026-02-28T23:59:59Z!",
            "expected an offset from UTC, found `Z!`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`",
        ),
        (
            "2026-02-28T23:59:59+25:00",
            "expected an offset from UTC, found `+25:00`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`",
        ),
        (
            "2026-02-28T23:59:59 Europe/Berlin",
            "expected an offset from UTC, found ` Europe/Berlin`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`",
        ),
        (
            "2026-02-28T23:59:59[Europe/Berlin",
            "expected an offset from UTC, found `[Europe/Berlin`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`",
        ),
        (
            "2026-02-28T23:59:59+1[Europe/Berlin]",
            "expected an offset from UTC, found `+1`; write `Z`, `+01:00`, or a time zone in brackets: `[Europe/Berlin]`",
        ),
        (
            "2026-03-29T24:00:00[Europe/Berlin]",
            "the last time of a day is 23:59:59, found 24:00:00",
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
            r#"clock = "2026-03-29[Europe/Berlin]""#,
            r#"clock!(__surrounded, (1774742400, 0, "Europe/Berlin"), 1f64);"#,
        ),
        (
            r#"clock(at = "1970-01-01T00:00:01.5-03:30[America/St_Johns]", frozen)"#,
            r#"clock!(__surrounded, (1, 500000000, "America/St_Johns", -12600), 0f64);"#,
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
