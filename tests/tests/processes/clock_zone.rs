//! `clock` with a local time: the zone data of the machine decides, and the test is in that zone.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isolated_test::isolated;
use isolated_test_tests::State;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::say;

    #[isolated(clock = "2026-03-29T02:30:00[Europe/Berlin]")]
    #[test]
    #[ignore = "started by another test"]
    fn is_left_out() {
        say("body");
    }

    #[isolated(clock = "2026-10-25T02:30:00[Europe/Berlin]")]
    #[test]
    #[ignore = "started by another test"]
    fn is_twice() {
        say("body");
    }

    #[isolated(clock(at = "2026-03-29T03:30:00[Mars/Olympus]", frozen))]
    #[test]
    #[ignore = "started by another test"]
    fn is_on_mars() {
        assert_eq!(super::date(), "2026-03-29T03:30:00+02:00");
        say("body");
    }
}

fn date() -> String {
    let output = Command::new("date").arg("+%FT%T%:z").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The seconds since 1970.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The hour of the day, as the C library sees it in this process.
#[expect(unsafe_code, reason = "the C library knows the local time")]
fn local_hour() -> i32 {
    // SAFETY: a null pointer asks for the result alone.
    let now = unsafe { libc::time(std::ptr::null_mut()) };
    // SAFETY: zeros are a time.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid.
    assert!(!unsafe { libc::localtime_r(&raw const now, &raw mut local) }.is_null());
    local.tm_hour
}

#[isolated(clock(at = "2026-03-29T03:30:00.5[Europe/Berlin]", frozen))]
#[test]
fn a_local_time_is_that_of_the_test_and_its_programs() {
    assert_eq!(
        SystemTime::now(),
        at(1_774_747_800) + Duration::from_millis(500)
    );
    assert_eq!(date(), "2026-03-29T03:30:00+02:00");
    assert_eq!(local_hour(), 3);
    assert_eq!(std::env::var("TZ").unwrap(), "Europe/Berlin");
}

#[isolated(clock(at = "2026-10-25T02:30:00+01:00[Europe/Berlin]", frozen))]
#[test]
fn an_offset_picks_one_of_two_times() {
    assert_eq!(SystemTime::now(), at(1_792_891_800));
    assert_eq!(date(), "2026-10-25T02:30:00+01:00");
}

#[isolated(clock(at = "2026-07-01[America/St_Johns]", frozen), env(clear))]
#[test]
fn a_date_is_midnight_there_also_without_other_variables() {
    assert_eq!(SystemTime::now(), at(1_782_873_000));
    assert_eq!(date(), "2026-07-01T00:00:00-02:30");
}

#[isolated(
    clock(at = "2026-07-01[Europe/Berlin]", frozen),
    env(TZ = "Asia/Tokyo")
)]
#[test]
fn a_zone_in_env_is_the_one_that_programs_show() {
    assert_eq!(date(), "2026-07-01T07:00:00+09:00");
    assert_eq!(local_hour(), 7);
}

#[isolated(clock(at = "2026-07-01[Europe/Berlin]", frozen), env(unset(TZ)))]
#[test]
fn a_zone_that_env_unsets_is_that_of_the_machine() {
    assert_eq!(SystemTime::now(), at(1_782_856_800));
    assert!(std::env::var_os("TZ").is_none());
}

/// Runs a test that fails before its body, for this reason.
#[track_caller]
fn assert_fails(test: &str, zone_data: Option<&Path>, reason: &str) {
    let state = State::new();
    let mut inner = state.inner(test);
    if let Some(dir) = zone_data {
        inner = inner.env("TZDIR", dir);
    }
    let run = inner.run().failed();
    let reason = format!("{test}: failed to set the clock of the test: {reason}\n");
    assert!(run.errors.contains(&reason), "{}", run.errors);
    assert!(!run.output.contains("@body"), "{}", run.output);
}

#[test]
fn a_time_that_is_left_out_or_twice_fails_before_the_body() {
    let left_out = "there is no `2026-03-29T02:30:00` in `Europe/Berlin`, whose clocks go from \
                    `2026-03-29T02:00:00+01:00` to `2026-03-29T03:00:00+02:00`; write a time before or after that";
    assert_fails("is_left_out", None, left_out);
    let twice = "`2026-10-25T02:30:00` is twice in `Europe/Berlin`; write `2026-10-25T02:30:00+02:00[Europe/Berlin]` \
                 or `2026-10-25T02:30:00+01:00[Europe/Berlin]`";
    assert_fails("is_twice", None, twice);
}

#[test]
fn zone_data_is_where_the_c_library_looks_for_it() {
    let state = State::new();
    let dir = state.scratch().join("zones");
    let missing = format!(
        "there is no zone data in `{}`; install it (`apt-get install tzdata`), or write an offset from UTC instead of \
         the time zone, such as `2026-03-29T03:30:00+01:00`",
        dir.display()
    );
    assert_fails("is_on_mars", Some(&dir), &missing);
    let unknown = "there is no time zone `Mars/Olympus` in `/usr/share/zoneinfo`; write a name that is there, such as \
                   `Europe/Berlin`";
    assert_fails("is_on_mars", None, unknown);

    fs::create_dir_all(dir.join("Mars")).unwrap();
    fs::copy(
        "/usr/share/zoneinfo/Europe/Berlin",
        dir.join("Mars/Olympus"),
    )
    .unwrap();
    let run = state.inner("is_on_mars").env("TZDIR", &dir).run().passed();
    assert!(run.output.contains("@body"), "{}", run.output);
}

#[test]
fn a_test_in_place_needs_no_zone_data() {
    let state = State::new();
    let inner = state.inner("is_left_out").env("ISOLATED_PROCESS", "off");
    let run = inner.run().passed();
    assert!(
        run.errors.contains("the clock is that of the machine\n"),
        "{}",
        run.errors
    );
}
