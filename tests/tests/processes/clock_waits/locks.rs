//! Waits for condition variables, locks and semaphores.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::thread;

use super::{CLOCKS, assert_waits, error};

type Condition = libc::pthread_cond_t;
type Mutex = libc::pthread_mutex_t;
type RwLock = libc::pthread_rwlock_t;
type Until = *const libc::timespec;

// Those that `libc` does not declare.
unsafe extern "C" {
    fn pthread_cond_clockwait(
        condition: *mut Condition,
        mutex: *mut Mutex,
        clock: i32,
        until: Until,
    ) -> i32;
    fn pthread_mutex_clocklock(mutex: *mut Mutex, clock: i32, until: Until) -> i32;
    fn pthread_rwlock_timedrdlock(lock: *mut RwLock, until: Until) -> i32;
    fn pthread_rwlock_timedwrlock(lock: *mut RwLock, until: Until) -> i32;
    fn pthread_rwlock_clockrdlock(lock: *mut RwLock, clock: i32, until: Until) -> i32;
    fn pthread_rwlock_clockwrlock(lock: *mut RwLock, clock: i32, until: Until) -> i32;
    fn sem_clockwait(semaphore: *mut libc::sem_t, clock: i32, until: Until) -> i32;
    // In glibc, `cnd_t` and `mtx_t` are as large as the types of POSIX.
    fn cnd_init(condition: *mut Condition) -> i32;
    fn cnd_timedwait(condition: *mut Condition, mutex: *mut Mutex, until: Until) -> i32;
    fn mtx_init(mutex: *mut Mutex, kind: i32) -> i32;
    fn mtx_lock(mutex: *mut Mutex) -> i32;
    fn mtx_timedlock(mutex: *mut Mutex, until: Until) -> i32;
}

pub(super) fn wait_for_each() {
    wait_for_conditions();
    wait_for_mutexes();
    wait_for_rwlocks();
    wait_for_semaphores();
    wait_as_in_standard_c();
}

/// A mutex that its thread locks, and a condition variable for it.
struct Locked {
    mutex: UnsafeCell<Mutex>,
    condition: UnsafeCell<Condition>,
}

impl Locked {
    fn new() -> Self {
        Locked {
            mutex: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            condition: UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER),
        }
    }

    /// Initialises the objects, which must not move any more.
    fn begin(&self, clock: libc::clockid_t) {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the objects stay where they are, and the attributes are initialised first.
        unsafe {
            libc::pthread_condattr_init(attributes.as_mut_ptr());
            libc::pthread_condattr_setclock(attributes.as_mut_ptr(), clock);
            libc::pthread_cond_init(self.condition.get(), attributes.as_ptr());
            libc::pthread_mutex_lock(self.mutex.get());
        }
    }
}

fn wait_for_conditions() {
    for clock in CLOCKS {
        let locked = Locked::new();
        locked.begin(clock);
        let (condition, mutex) = (locked.condition.get(), locked.mutex.get());
        // SAFETY: the objects are initialised, and this thread has locked the mutex.
        assert_waits(clock, |until| unsafe {
            libc::pthread_cond_timedwait(condition, mutex, until)
        });
        for clock in CLOCKS {
            // SAFETY: as above.
            assert_waits(clock, |until| unsafe {
                pthread_cond_clockwait(condition, mutex, clock, until)
            });
        }
    }
}

fn wait_for_mutexes() {
    let locked = Locked::new();
    locked.begin(libc::CLOCK_REALTIME);
    let mutex = locked.mutex.get();
    // SAFETY: the mutex is of the kind that its own thread cannot lock again, and waits instead.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        libc::pthread_mutex_timedlock(mutex, until)
    });
    for clock in CLOCKS {
        // SAFETY: as above.
        assert_waits(clock, |until| unsafe {
            pthread_mutex_clocklock(mutex, clock, until)
        });
    }
}

fn wait_for_rwlocks() {
    let lock = UnsafeCell::new(libc::PTHREAD_RWLOCK_INITIALIZER);
    let lock = lock.get();
    // A thread that has ended keeps the lock; one that has locked it itself gets an error instead of waiting.
    let shared = AtomicPtr::new(lock);
    thread::scope(|scope| {
        // SAFETY: the lock is initialised and stays where it is.
        scope.spawn(|| unsafe { libc::pthread_rwlock_wrlock(shared.load(Ordering::Relaxed)) });
    });
    for wait in [pthread_rwlock_timedrdlock, pthread_rwlock_timedwrlock] {
        // SAFETY: the lock is initialised and stays where it is.
        assert_waits(libc::CLOCK_REALTIME, |until| unsafe { wait(lock, until) });
    }
    for wait in [pthread_rwlock_clockrdlock, pthread_rwlock_clockwrlock] {
        for clock in CLOCKS {
            // SAFETY: as above.
            assert_waits(clock, |until| unsafe { wait(lock, clock, until) });
        }
    }
}

fn wait_for_semaphores() {
    let mut semaphore = MaybeUninit::uninit();
    let semaphore = semaphore.as_mut_ptr();
    // SAFETY: the semaphore stays where it is, and is initialised first.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        libc::sem_init(semaphore, 0, 0);
        error(libc::sem_timedwait(semaphore, until))
    });
    for clock in CLOCKS {
        // SAFETY: the semaphore was initialised above.
        assert_waits(clock, |until| unsafe {
            error(sem_clockwait(semaphore, clock, until))
        });
    }
}

/// The functions of `<threads.h>`, which know no other clock.
fn wait_as_in_standard_c() {
    const MTX_TIMED: i32 = 2;

    let locked = Locked::new();
    let (condition, mutex) = (locked.condition.get(), locked.mutex.get());
    // SAFETY: the objects stay where they are, and the mutex is initialised before it is locked.
    let results = unsafe {
        [
            cnd_init(condition),
            mtx_init(mutex, MTX_TIMED),
            mtx_lock(mutex),
        ]
    };
    assert_eq!(results, [0; 3]);
    // SAFETY: the objects are initialised, and this thread has locked the mutex.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        of_posix(cnd_timedwait(condition, mutex, until))
    });
    // SAFETY: the mutex is of a kind that its own thread cannot lock again, and waits instead.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        of_posix(mtx_timedlock(mutex, until))
    });
}

/// The result of a function of `<threads.h>` as POSIX has it, if it is that of a wait.
fn of_posix(result: i32) -> i32 {
    const THRD_TIMEDOUT: i32 = 4;

    if result == THRD_TIMEDOUT {
        return libc::ETIMEDOUT;
    }
    result
}
