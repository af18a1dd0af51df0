use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::written::Written;
use super::{Clock, ClockRequest, LocalTime, SharedClock, Started, since_1970, time};
use crate::error::chain;

#[test]
fn times_are_written_in_utc() {
    for (seconds, nanos, text) in [
        (0, 0, "1970-01-01T00:00:00Z"),
        (951_827_696, 500_000_000, "2000-02-29T12:34:56.5Z"),
        (1_772_323_199, 1, "2026-02-28T23:59:59.000000001Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
        (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
    ] {
        let time = time((seconds, nanos));
        assert_eq!(Written(time).to_string(), text);
        assert_eq!(since_1970(time), (seconds, nanos));
    }
    let end = time((i64::MAX, 0));
    assert_eq!(Written(end).to_string(), "9223372036854775807 s after 1970");
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[test]
fn the_library_replaces_nothing_but_functions_of_the_clock() {
    let library = isolated_test_clock::LIBRARY.unwrap();
    let contains = |text: &str| {
        library
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(contains("clock_gettime\0"));
    // Other programs need their own.
    assert!(!contains("rust_eh_personality"));
    assert!(!contains("panicked at"));
}

#[test]
fn a_clock_is_set_from_any_process_that_knows_its_path() {
    let at = UNIX_EPOCH - Duration::from_millis(1500);
    let started = Started::new("test", ClockRequest { at, speed: 0.0 }).unwrap();
    let (clock, path) = (started.clock.clone(), started.setting());
    let other = SharedClock::open(&path).unwrap();
    assert_eq!(clock.now(), at);
    clock.advance(Duration::from_millis(1600));
    assert_eq!(
        time(other.setting().at(0)),
        UNIX_EPOCH + Duration::from_millis(100)
    );
    other
        .change(|now| isolated_test_clock::Setting { seconds: 7, ..now })
        .unwrap();
    assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_millis(7100));
    clock.set(at);
    assert_eq!(clock.to_string(), "1969-12-31T23:59:58.5Z (frozen)");
}

/// This program has not loaded the library, like one that is linked statically.
#[test]
fn a_program_without_the_library_has_no_clock() {
    let refused = Clock::begin(0.0).unwrap_err();
    let message =
        "failed to set the clock of the test: this program reads the time without the C library, ";
    assert!(chain(&refused).starts_with(message), "{refused:?}");
}

#[test]
fn readers_see_whole_settings_while_writers_take_turns() {
    let (at, speed) = (UNIX_EPOCH, 0.0);
    let started = Started::new("test", ClockRequest { at, speed }).unwrap();
    let clock = &started.clock;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let clock = clock.clone();
            scope.spawn(move || {
                for _ in 0..20_000 {
                    // Both parts of the time change together.
                    clock.advance(Duration::new(1, 10));
                }
            });
        }
        for _ in 0..2 {
            let clock = clock.clone();
            scope.spawn(move || {
                loop {
                    let (seconds, nanos) = since_1970(clock.now());
                    assert_eq!(u64::try_from(seconds).unwrap() * 10, nanos);
                    if seconds == 40_000 {
                        break;
                    }
                }
            });
        }
    });
}

/// What a local time means, by the zone data of the machine: the seconds since 1970, or what is wrong.
fn resolved(seconds: i64, zone: &'static str, offset: Option<i32>) -> Result<i64, String> {
    let local = LocalTime {
        since_1970: (seconds, 0),
        zone,
        offset,
    };
    let resolved = local.resolve(Path::new("/usr/share/zoneinfo"));
    resolved
        .map(|time| since_1970(time).0)
        .map_err(|reason| reason.to_string())
}

#[test]
fn local_times_are_those_of_their_zone() {
    const HOUR: i64 = 60 * 60;

    // 2026-03-29T02:00:00 and 2026-10-25T02:00:00, when the clocks of Berlin change.
    let (spring, autumn) = (1_774_749_600, 1_792_893_600);
    for (local, zone, offset, utc) in [
        (spring - 1, "Europe/Berlin", None, spring - 1 - HOUR),
        (spring + HOUR, "Europe/Berlin", None, spring - HOUR),
        (spring + HOUR, "Europe/Berlin", Some(7200), spring - HOUR),
        (autumn - 1, "Europe/Berlin", None, autumn - 1 - 2 * HOUR),
        (autumn, "Europe/Berlin", Some(7200), autumn - 2 * HOUR),
        (autumn, "Europe/Berlin", Some(3600), autumn - HOUR),
        (autumn + HOUR, "Europe/Berlin", None, autumn),
        // The rules that zone data gives for the years that it does not list.
        (
            4_118_083_200,
            "Europe/Berlin",
            None,
            4_118_083_200 - 2 * HOUR,
        ), // 2100-07-01
        (4_102_444_800, "Europe/Berlin", None, 4_102_444_800 - HOUR), // 2100-01-01
        // Before zones: the sun over Berlin was 53:28 ahead.
        (
            -3_155_673_600,
            "Europe/Berlin",
            None,
            -3_155_673_600 - 53 * 60 - 28,
        ), // 1870-01-01
        (
            spring,
            "America/St_Johns",
            None,
            spring + 2 * HOUR + HOUR / 2,
        ),
        (
            spring,
            "Asia/Kathmandu",
            Some(20_700),
            spring - 5 * HOUR - 3 * HOUR / 4,
        ),
        (spring, "UTC", None, spring),
    ] {
        assert_eq!(
            resolved(local, zone, offset),
            Ok(utc),
            "{local} {zone} {offset:?}"
        );
    }
}

#[test]
fn local_times_that_do_not_exist_once() {
    // 2026-03-29T02:30:00, 2026-10-25T02:30:00 and 2026-07-01.
    let (spring, autumn, summer) = (1_774_751_400, 1_792_895_400, 1_782_864_000);
    // The day that Samoa left out: 2011-12-30T12:00:00.
    let samoa = 1_325_246_400;
    let gap = "there is no `2026-03-29T02:30:00` in `Europe/Berlin`, whose clocks go from `2026-03-29T02:00:00+01:00` \
               to `2026-03-29T03:00:00+02:00`; write a time before or after that";
    for (local, zone, offset, reason) in [
        (spring, "Europe/Berlin", None, gap),
        (spring, "Europe/Berlin", Some(3600), gap),
        (
            samoa,
            "Pacific/Apia",
            None,
            "there is no `2011-12-30T12:00:00` in `Pacific/Apia`, whose clocks go from `2011-12-30T00:00:00-10:00` to \
             `2011-12-31T00:00:00+14:00`; write a time before or after that",
        ),
        (
            autumn,
            "Europe/Berlin",
            None,
            "`2026-10-25T02:30:00` is twice in `Europe/Berlin`; write `2026-10-25T02:30:00+02:00[Europe/Berlin]` or \
             `2026-10-25T02:30:00+01:00[Europe/Berlin]`",
        ),
        (
            autumn,
            "Europe/Berlin",
            Some(-12_600),
            "`2026-10-25T02:30:00-03:30` is not the time in `Europe/Berlin`; write `2026-10-25T02:30:00+02:00[Europe/Berlin]`",
        ),
        (
            summer,
            "Europe/Berlin",
            Some(3600),
            "`2026-07-01T00:00:00+01:00` is not the time in `Europe/Berlin`; write `2026-07-01T00:00:00+02:00[Europe/Berlin]`",
        ),
        (
            summer,
            "Europe/Bonn",
            None,
            "there is no time zone `Europe/Bonn` in `/usr/share/zoneinfo`; write a name that is there, such as `Europe/Berlin`",
        ),
        (
            summer,
            "Europe",
            None,
            "there is no time zone `Europe` in `/usr/share/zoneinfo`; write a name that is there, such as `Europe/Berlin`",
        ),
    ] {
        assert_eq!(
            resolved(local, zone, offset),
            Err(reason.to_owned()),
            "{local} {zone} {offset:?}"
        );
    }
}

#[test]
fn machines_without_zone_data_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let local = LocalTime {
        since_1970: (0, 0),
        zone: "Berlin",
        offset: None,
    };
    let reason = |dir: &Path| local.resolve(dir).unwrap_err().to_string();

    let missing = dir.path().join("none");
    let expected = format!(
        "there is no zone data in `{}`; install it (`apt-get install tzdata`), or write an offset from UTC instead of \
         the time zone, such as `1970-01-01T00:00:00+01:00`",
        missing.display()
    );
    assert_eq!(reason(&missing), expected);
    fs::write(dir.path().join("Berlin"), "no zone data").unwrap();
    let expected = format!(
        "`{}` is no zone data: ",
        dir.path().join("Berlin").display()
    );
    assert!(
        reason(dir.path()).starts_with(&expected),
        "{}",
        reason(dir.path())
    );
}
