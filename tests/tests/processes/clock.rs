//! `clock`: who sees it in the process of the test.

#![expect(unsafe_code, reason = "functions of the C library read the time")]

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use isolated_test::{current, isolated};

/// 2026-02-28T23:59:59Z.
const MIDNIGHT: i64 = 1_772_323_199;

fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

fn clock_gettime(clock: libc::clockid_t) -> libc::timespec {
    let mut time = MaybeUninit::zeroed();
    // SAFETY: there is room for what is written.
    assert_eq!(unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) }, 0);
    // SAFETY: the call has succeeded.
    unsafe { time.assume_init() }
}

#[isolated(clock(at = "2026-02-28T23:59:59.123456789Z", frozen))]
#[test]
fn the_standard_library_and_three_crates_see_it() {
    let exact = UNIX_EPOCH + Duration::new(MIDNIGHT.try_into().unwrap(), 123_456_789);
    assert_eq!(SystemTime::now(), exact);
    assert_eq!(current().clock().now(), exact);
    let written = "2026-02-28T23:59:59.123456789Z";
    let chrono = chrono::Utc::now();
    assert_eq!(
        chrono.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        written
    );
    assert_eq!(jiff::Timestamp::now().to_string(), written);
    let time = time::OffsetDateTime::now_utc();
    assert_eq!(time.unix_timestamp(), MIDNIGHT);
    assert_eq!(time.nanosecond(), 123_456_789);
}

#[isolated(clock(at = "2026-02-28T23:59:59.123456789Z", frozen))]
#[test]
fn the_c_library_sees_it() {
    unsafe extern "C" {
        fn ftime(time: *mut Millis) -> i32;
        fn timespec_get(time: *mut libc::timespec, base: i32) -> i32;
    }

    /// `struct timeb`.
    #[repr(C)]
    struct Millis {
        seconds: libc::time_t,
        thousandths: u16,
        zone: i16,
        is_summer: i16,
    }

    let clocks = [
        libc::CLOCK_REALTIME,
        libc::CLOCK_REALTIME_COARSE,
        libc::CLOCK_REALTIME_ALARM,
        libc::CLOCK_TAI,
    ];
    for clock in clocks {
        let time = clock_gettime(clock);
        assert_eq!((time.tv_sec, time.tv_nsec), (MIDNIGHT, 123_456_789));
    }
    let mut micros = MaybeUninit::<libc::timeval>::zeroed();
    let mut precise = MaybeUninit::<libc::timespec>::zeroed();
    let mut millis = MaybeUninit::<Millis>::zeroed();
    let mut second = 0;
    // SAFETY: there is room for what is written, and zeros are times too.
    let (micros, precise, millis) = unsafe {
        assert_eq!(libc::time(&raw mut second), MIDNIGHT);
        assert_eq!(libc::gettimeofday(micros.as_mut_ptr(), ptr::null_mut()), 0);
        assert_eq!(timespec_get(precise.as_mut_ptr(), 1), 1);
        assert_eq!(ftime(millis.as_mut_ptr()), 0);
        (
            micros.assume_init(),
            precise.assume_init(),
            millis.assume_init(),
        )
    };
    assert_eq!(second, MIDNIGHT);
    assert_eq!((micros.tv_sec, micros.tv_usec), (MIDNIGHT, 123_456));
    assert_eq!((precise.tv_sec, precise.tv_nsec), (MIDNIGHT, 123_456_789));
    assert_eq!((millis.seconds, millis.thousandths), (MIDNIGHT, 123));
    assert_eq!((millis.zone, millis.is_summer), (0, 0));
}

/// A static that is initialised before `main`.
static BEFORE_MAIN: AtomicI64 = AtomicI64::new(0);

extern "C" fn before_main() {
    BEFORE_MAIN.store(
        clock_gettime(libc::CLOCK_REALTIME).tv_sec,
        Ordering::Relaxed,
    );
}

#[used]
#[unsafe(link_section = ".init_array")]
static INITIALISER: extern "C" fn() = before_main;

/// The clock runs only once the test has begun, however long its process takes to start: at this speed, a
/// microsecond of the start would be minutes.
#[isolated(clock(at = "2026-02-28T23:59:59Z", speed = 100_000_000))]
#[test]
fn code_before_the_body_sees_it() {
    assert_eq!(BEFORE_MAIN.load(Ordering::Relaxed), MIDNIGHT);
}

#[isolated(clock = "2026-02-28T23:59:59Z")]
#[test]
fn a_running_clock_keeps_step_with_the_monotonic_one() {
    const SLEEP: Duration = Duration::from_millis(20); // Time that passes is what is tested.

    let (outer, start) = (Instant::now(), SystemTime::now());
    thread::sleep(SLEEP);
    let passed = start.elapsed().unwrap();
    assert!(passed >= SLEEP && passed <= outer.elapsed(), "{passed:?}");
    assert!(seconds() < MIDNIGHT + 60);
}

#[isolated(clock(at = "2026-02-28T23:59:59Z", speed = 3600))]
#[test]
fn a_fast_clock_makes_hours_of_seconds() {
    const SLEEP: Duration = Duration::from_millis(20); // Time that passes is what is tested.

    let (outer, start) = (Instant::now(), SystemTime::now());
    thread::sleep(SLEEP);
    let passed = start.elapsed().unwrap();
    let most = outer.elapsed() * 3600;
    assert!(passed >= SLEEP * 3600 && passed <= most, "{passed:?}");
}

#[isolated(clock(at = "1969-12-31T23:59:59.25Z", frozen))]
#[test]
fn times_before_1970() {
    assert_eq!(SystemTime::now(), UNIX_EPOCH - Duration::from_millis(750));
    current().clock().advance(Duration::from_millis(800));
    assert_eq!(SystemTime::now(), UNIX_EPOCH + Duration::from_millis(50));
}

/// Root could set the clock of the machine. The times are invalid, so that the kernel would refuse them with
/// another error.
#[isolated(clock = "2026-02-28T23:59:59Z")]
#[test]
fn a_test_cannot_set_the_clock_of_the_machine() {
    unsafe extern "C" {
        fn settimeofday(time: *const libc::timeval, zone: *const libc::timezone) -> i32;
    }

    let error = |result| (result, std::io::Error::last_os_error().raw_os_error());
    let time = libc::timespec {
        tv_sec: MIDNIGHT,
        tv_nsec: 1_000_000_000,
    };
    // SAFETY: the time can be read.
    let set = unsafe { libc::clock_settime(libc::CLOCK_REALTIME, &raw const time) };
    assert_eq!(error(set), (-1, Some(libc::EPERM)));
    let time = libc::timeval {
        tv_sec: MIDNIGHT,
        tv_usec: 1_000_000,
    };
    // SAFETY: the time can be read, and there is no zone to set.
    let set = unsafe { settimeofday(&raw const time, ptr::null()) };
    assert_eq!(error(set), (-1, Some(libc::EPERM)));
}

#[isolated(seed, clock(at = UNIX_EPOCH + Duration::from_secs(seed >> 32), frozen))]
#[test]
fn an_expression_names_a_resource(seed: u64) {
    assert_eq!(seconds().unsigned_abs(), seed >> 32);
}

#[isolated(clock(at = "2026-02-28T23:59:59Z".parse::<jiff::Timestamp>().unwrap(), frozen))]
#[test]
fn a_time_of_jiff_is_a_time() {
    assert_eq!(seconds(), MIDNIGHT);
}

#[isolated(clock(at = time::OffsetDateTime::from_unix_timestamp(MIDNIGHT).unwrap(), frozen))]
#[test]
fn a_time_of_the_crate_time_is_a_time() {
    assert_eq!(seconds(), MIDNIGHT);
}

/// Nothing replaces the clock of other tests.
#[isolated(process)]
#[test]
fn a_test_without_a_clock_has_that_of_the_machine() {
    assert!(std::env::var_os("LD_PRELOAD").is_none());
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: there is room for what is written, and zeros are a time too.
    let real = unsafe {
        let number = libc::SYS_clock_gettime;
        libc::syscall(number, libc::CLOCK_REALTIME, time.as_mut_ptr());
        time.assume_init().tv_sec
    };
    assert!((real..real + 60).contains(&seconds()), "{real}");
}
