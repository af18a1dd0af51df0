//! The functions that wait until a time of day. They wait as long as the clock of the test says that
//! it is until then, in real time: a clock that stands still lets nobody wait for ever, and one that
//! runs fast shortens no wait.
//!
//! # Safety
//!
//! The caller passes a time that is null or valid.

use core::ffi::{c_char, c_int, c_uint, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::next::next;
use crate::real::real;
use crate::{CLOCK_MONOTONIC, Time, is_of_day, shared};

/// The real time at which a wait ends. A time that is not valid stays so.
pub(crate) fn real_deadline(until: Time) -> Time {
    const SECOND: i64 = 1_000_000_000;

    if !(0..SECOND).contains(&until.nanos) {
        return until;
    }
    let (now, real) = (shared::now(), real());
    // Each part is below three seconds.
    let nanos = until.nanos - now.nanos + real.nanos;
    let seconds = until
        .seconds
        .saturating_sub(now.seconds)
        .saturating_add(real.seconds);
    let seconds = seconds.saturating_add(nanos.div_euclid(SECOND));
    if seconds < 0 {
        return Time {
            seconds: 0,
            nanos: 0,
        };
    }
    Time {
        seconds,
        nanos: nanos.rem_euclid(SECOND),
    }
}

/// Defines functions whose last argument is a time of day, perhaps only on a certain clock.
macro_rules! waits {
    ($($name:ident($($argument:ident: $type:ty),*; until) -> $result:ty $(, if $of_day:expr)?;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type,)* until: *const Time) -> $result {
            let mut deadline = until;
            let real;
            if !until.is_null() $(&& $of_day)? {
                // SAFETY: it is not null, so the caller passes a valid one.
                real = real_deadline(unsafe { *until });
                deadline = &real;
            }
            next!($name: fn($($type,)* *const Time) -> $result, $($argument,)* deadline)
        }
    )*};
}

type Object = *mut c_void;

waits! {
    // SAFETY: the caller passes a condition variable.
    pthread_cond_timedwait(condition: Object, mutex: Object; until) -> c_int, if !unsafe { is_monotonic(condition) };
    pthread_cond_clockwait(condition: Object, mutex: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    pthread_mutex_timedlock(mutex: Object; until) -> c_int;
    pthread_mutex_clocklock(mutex: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    pthread_rwlock_timedrdlock(lock: Object; until) -> c_int;
    pthread_rwlock_timedwrlock(lock: Object; until) -> c_int;
    pthread_rwlock_clockrdlock(lock: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    pthread_rwlock_clockwrlock(lock: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    pthread_timedjoin_np(thread: usize, value: Object; until) -> c_int;
    pthread_clockjoin_np(thread: usize, value: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    sem_timedwait(semaphore: Object; until) -> c_int;
    sem_clockwait(semaphore: Object, clock: c_int; until) -> c_int, if is_of_day(clock);
    cnd_timedwait(condition: Object, mutex: Object; until) -> c_int;
    mtx_timedlock(mutex: Object; until) -> c_int;
    mq_timedsend(queue: c_int, text: *const c_char, size: usize, priority: c_uint; until) -> c_int;
    mq_timedreceive(queue: c_int, text: *mut c_char, size: usize, priority: *mut c_uint; until) -> isize;
}

const TIMER_ABSTIME: c_int = 1;

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: c_int,
    flags: c_int,
    time: *const Time,
    rest: *mut Time,
) -> c_int {
    let mut deadline = time;
    let real;
    if is_of_day(clock) && flags & TIMER_ABSTIME != 0 && !time.is_null() {
        // SAFETY: it is not null, so the caller passes a valid one.
        real = real_deadline(unsafe { *time });
        deadline = &real;
    }
    next!(clock_nanosleep: fn(c_int, c_int, *const Time, *mut Time) -> c_int, clock, flags, deadline, rest)
}

/// A condition variable, as large as that of every architecture.
type Condition = [u64; 8];

/// Whether a condition variable waits by the monotonic clock.
///
/// The C library keeps this in a bit of the variable, at a place that differs between versions, and
/// has no function that reads it. So compare two variables of both kinds.
///
/// # Safety
///
/// It is a condition variable.
unsafe fn is_monotonic(condition: Object) -> bool {
    /// One more than the number of the bit; 0 if it was not looked for.
    static BIT: AtomicUsize = AtomicUsize::new(0);

    let mut bit = BIT.load(Ordering::Relaxed);
    if bit == 0 {
        // A bit that no variable has stands for a library that has none.
        bit = find_bit().map_or(usize::MAX, |bit| bit + 1);
        BIT.store(bit, Ordering::Relaxed);
    }
    let bit = bit - 1;
    if bit >= size_of_bits() {
        return false;
    }
    // SAFETY: the C library sets this bit in variables, so it is part of each. They are aligned for
    // numbers of 64 bits. Other threads may change other bits, so the access is atomic.
    let bits = unsafe { AtomicU64::from_ptr(condition.cast::<u64>().add(bit / 64)) };
    bits.load(Ordering::Relaxed) >> (bit % 64) & 1 == 1
}

const fn size_of_bits() -> usize {
    core::mem::size_of::<Condition>() * 8
}

/// The only bit in which two new condition variables of different clocks differ.
fn find_bit() -> Option<usize> {
    let (mut plain, mut monotonic): (Condition, Condition) = ([0; 8], [0; 8]);
    let mut attributes = MaybeUninit::<[u64; 4]>::zeroed();
    let attributes = attributes.as_mut_ptr().cast::<u64>();
    // A direct call would find the oldest version of each function.
    let init = |condition: *mut u64| {
        next!(pthread_cond_init: fn(*mut u64, *mut u64) -> c_int, condition, attributes);
    };
    next!(pthread_condattr_init: fn(*mut u64) -> c_int, attributes);
    init(plain.as_mut_ptr());
    next!(pthread_condattr_setclock: fn(*mut u64, c_int) -> c_int, attributes, CLOCK_MONOTONIC);
    init(monotonic.as_mut_ptr());
    let mut found = None;
    for (index, (one, other)) in plain.iter().zip(&monotonic).enumerate() {
        let different = one ^ other;
        if different == 0 {
            continue;
        }
        if found.is_some() || different & (different - 1) != 0 {
            return None;
        }
        found = Some(index * 64 + different.trailing_zeros() as usize);
    }
    found
}
