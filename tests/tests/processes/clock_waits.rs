//! `clock`: waits until a time of day take as long as that time is away, in real time.

#![expect(unsafe_code, reason = "only the C library waits until a time of day")]

mod locks;
mod queues;

use std::mem::MaybeUninit;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use isolated_test::isolated;

/// How long each function waits. Nobody ends a wait, because its end by time is what is tested.
const WAIT: Duration = Duration::from_millis(30);

/// The clocks of which a function can wait for either.
const CLOCKS: [libc::clockid_t; 2] = [libc::CLOCK_REALTIME, libc::CLOCK_MONOTONIC];

/// The time on a clock after the wait.
fn after_the_wait(clock: libc::clockid_t) -> libc::timespec {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: there is room for what is written, and zeros are a time too.
    let mut time = unsafe {
        libc::clock_gettime(clock, time.as_mut_ptr());
        time.assume_init()
    };
    time.tv_nsec += i64::from(WAIT.subsec_nanos());
    time.tv_sec += time.tv_nsec / 1_000_000_000;
    time.tv_nsec %= 1_000_000_000;
    time
}

/// Checks that a function waits for as long as its deadline on this clock is away.
#[track_caller]
fn assert_waits(clock: libc::clockid_t, wait: impl FnOnce(*const libc::timespec) -> i32) {
    let begun = Instant::now();
    let deadline = after_the_wait(clock);
    assert_eq!(wait(&raw const deadline), libc::ETIMEDOUT);
    assert!(begun.elapsed() >= WAIT, "{:?}", begun.elapsed());
}

/// The result of a function that returns its error in `errno`.
fn error(result: i32) -> i32 {
    if result == 0 {
        return 0;
    }
    std::io::Error::last_os_error().raw_os_error().unwrap()
}

extern "C" fn sleep_long(_: *mut libc::c_void) -> *mut libc::c_void {
    thread::sleep(Duration::from_secs(600)); // Ends with the process, long after the wait.
    ptr::null_mut()
}

fn wait_for_threads() {
    unsafe extern "C" {
        fn pthread_clockjoin_np(
            thread: libc::pthread_t,
            value: *mut *mut libc::c_void,
            clock: libc::clockid_t,
            until: *const libc::timespec,
        ) -> i32;
    }

    let mut other = MaybeUninit::uninit();
    // SAFETY: the function needs no argument, and there is room for the thread.
    let other = unsafe {
        let (other, none) = (other.as_mut_ptr(), ptr::null_mut());
        assert_eq!(
            libc::pthread_create(other, ptr::null(), sleep_long, none),
            0
        );
        *other
    };
    // SAFETY: the thread runs, and nobody joins it.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        libc::pthread_timedjoin_np(other, ptr::null_mut(), until)
    });
    for clock in CLOCKS {
        // SAFETY: as above.
        assert_waits(clock, |until| unsafe {
            pthread_clockjoin_np(other, ptr::null_mut(), clock, until)
        });
    }
}

fn sleep_and_wait_for_timers() {
    for clock in CLOCKS {
        let begun = Instant::now();
        let deadline = after_the_wait(clock);
        let flags = libc::TIMER_ABSTIME;
        // SAFETY: the time is valid.
        let slept =
            unsafe { libc::clock_nanosleep(clock, flags, &raw const deadline, ptr::null_mut()) };
        assert_eq!(slept, 0);
        assert!(begun.elapsed() >= WAIT, "{:?}", begun.elapsed());

        let begun = Instant::now();
        let zero = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let timer = libc::itimerspec {
            it_interval: zero,
            it_value: after_the_wait(clock),
        };
        let mut count = 0_u64;
        // SAFETY: the descriptor is new, and there is room for what is read.
        unsafe {
            let file = libc::timerfd_create(clock, 0);
            let flags = libc::TFD_TIMER_ABSTIME;
            assert_eq!(
                libc::timerfd_settime(file, flags, &raw const timer, ptr::null_mut()),
                0
            );
            assert_eq!(libc::read(file, (&raw mut count).cast(), 8), 8);
            libc::close(file);
        }
        assert_eq!(count, 1);
        assert!(begun.elapsed() >= WAIT, "{:?}", begun.elapsed());
    }
}

fn wait_everywhere() {
    locks::wait_for_each();
    queues::wait_for_each();
    wait_for_threads();
    sleep_and_wait_for_timers();
}

/// With the real clock, each deadline would be over.
#[isolated(namespace, clock(at = "2001-01-01", frozen), timeout = "60s")]
#[test]
fn a_clock_in_the_past_ends_no_wait_at_once() {
    wait_everywhere();
}

/// With the real clock, nobody would wake up for decades.
#[isolated(namespace, clock = "2099-01-01", timeout = "60s")]
#[test]
fn a_clock_in_the_future_lets_nobody_wait_for_ever() {
    wait_everywhere();
}

/// If the wait took as long as the clock needs, it would take hours.
#[isolated(namespace, clock(at = "2001-01-01", speed = 0.000001), timeout = "60s")]
#[test]
fn the_speed_of_a_clock_does_not_change_waits() {
    wait_everywhere();
}

/// A deadline that is over, or no time at all, is treated as always.
#[isolated(clock(at = "2001-01-01", frozen), timeout = "60s")]
#[test]
fn deadlines_that_are_over_or_invalid() {
    let mut semaphore = MaybeUninit::uninit();
    let mut wait = |seconds: i64, nanos: i64| {
        let until = libc::timespec {
            tv_sec: seconds,
            tv_nsec: nanos,
        };
        // SAFETY: the semaphore is initialised first.
        unsafe {
            libc::sem_init(semaphore.as_mut_ptr(), 0, 0);
            error(libc::sem_timedwait(
                semaphore.as_mut_ptr(),
                &raw const until,
            ))
        }
    };
    assert_eq!(wait(0, 0), libc::ETIMEDOUT);
    assert_eq!(wait(978_307_199, 999_999_999), libc::ETIMEDOUT);
    assert_eq!(wait(i64::MAX, 1_000_000_000), libc::EINVAL);
}
