use std::time::{Duration, UNIX_EPOCH};

use isolated_test_clock::LIBRARY;

use super::written::Written;
use super::{Clock, ClockRequest, SharedClock, Started, since_1970, time};
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
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#[test]
fn the_library_replaces_nothing_but_functions_of_the_clock() {
    let library = LIBRARY.unwrap();
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

#[cfg(target_os = "linux")]
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
#[cfg(target_os = "linux")]
#[test]
fn a_program_without_the_library_has_no_clock() {
    let (at, speed) = (UNIX_EPOCH, 0.0);
    let started = Started::new("test", ClockRequest { at, speed }).unwrap();
    let refused = Clock::begin(&started.setting(), speed).unwrap_err();
    let message =
        "failed to set the clock of the test: this program reads the time without the C library, ";
    assert!(chain(&refused).starts_with(message), "{refused:?}");
}

#[cfg(target_os = "linux")]
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
