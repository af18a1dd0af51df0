//! Waits that end, and waits that are given up.

use std::fs::File;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Inside, Wait, WaitEnd, block};
use crate::error::{Error, ErrorKind, chain};
use crate::lock::backend::Pause;
use crate::os::flock::{Strength, lock, lock_until_interrupted, unlock};
use crate::os::interrupt::tests::DELIVERED;
use crate::os::interrupt::{settle, this_thread};
use crate::os::loan::Loan;

const LONG: Duration = Duration::from_secs(60);

/// Runs a test that would hang if a thread did not come back.
fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        drop(done);
    });
    let ended: Result<(), _> = is_done.recv_timeout(LONG);
    assert_eq!(
        ended,
        Err(RecvTimeoutError::Disconnected),
        "a thread that is to wait no longer does not come back"
    );
    thread.join().unwrap();
}

fn refusal() -> Error {
    Error::new(ErrorKind::Lock, "wait")
}

/// Opens one file twice, and locks the first.
fn taken() -> (tempfile::TempDir, File, File) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let (one, other) = (File::create(&path).unwrap(), File::open(&path).unwrap());
    lock(&one, Strength::Exclusive).unwrap();
    (dir, one, other)
}

#[test]
fn a_wait_is_given_up_also_when_it_has_not_begun_yet() {
    bounded(|| {
        let (_dir, _one, other) = taken();
        // The signal is sent both before the thread has reached the call and after.
        for round in 0..500 {
            let this = this_thread().unwrap();
            let ended = block(this, Duration::ZERO, &mut || Err(refusal()), || {
                if round % 2 == 0 {
                    let sent = DELIVERED.get() + 1;
                    while DELIVERED.get() < sent {
                        thread::yield_now();
                    }
                }
                lock_until_interrupted(&other, Strength::Exclusive)
            });
            assert!(matches!(ended, WaitEnd::Refused(_)));
        }
    });
}

#[test]
fn no_signal_arrives_after_the_wait() {
    bounded(|| {
        let (_dir, _one, other) = taken();
        for _ in 0..200 {
            let this = this_thread().unwrap();
            let ended = block(this, Duration::ZERO, &mut || Err(refusal()), || {
                lock_until_interrupted(&other, Strength::Exclusive)
            });
            let delivered = DELIVERED.get();
            assert!(matches!(ended, WaitEnd::Refused(_)));
            let until = Instant::now() + Duration::from_millis(3);
            while Instant::now() < until {
                thread::yield_now();
            }
            assert_eq!(
                DELIVERED.get(),
                delivered,
                "it would end a call of the user"
            );
        }
    });
}

#[test]
fn a_signal_of_somebody_else_does_not_end_the_wait() {
    bounded(|| {
        let (_dir, one, other) = taken();
        let (mut calls, mut one) = (0, Some(one));
        let this = this_thread().unwrap();
        let mut pause = || {
            calls += 1;
            match calls {
                1..10 => this.interrupt(),
                // Only a thread that still waits gets the lock.
                _ => one.take().iter().for_each(unlock),
            }
            Ok(Duration::from_millis(1))
        };
        let ended = block(this, Duration::ZERO, &mut pause, || {
            lock_until_interrupted(&other, Strength::Exclusive)
        });
        assert!(matches!(ended, WaitEnd::Called(Ok(()))));
        assert!(calls >= 10);
    });
}

#[test]
fn a_waiter_is_asked_again_after_its_own_pause() {
    bounded(|| {
        let (_dir, one, other) = taken();
        let (begin, mut asked) = (Instant::now(), Vec::new());
        let mut one = Some(one);
        let mut pause = || {
            asked.push(begin.elapsed());
            if asked.len() == 3 {
                one.take().iter().for_each(unlock);
            }
            Ok(Duration::from_millis(30))
        };
        let this = this_thread().unwrap();
        let ended = block(this, Duration::from_millis(20), &mut pause, || {
            lock_until_interrupted(&other, Strength::Exclusive)
        });
        assert!(matches!(ended, WaitEnd::Called(Ok(()))));
        for (asked, least) in asked.iter().zip([20, 50, 80]) {
            assert!(*asked >= Duration::from_millis(least), "{asked:?}");
        }
    });
}

#[test]
fn threads_that_wait_are_watched_at_once() {
    bounded(|| {
        let (dir, _one, _) = taken();
        let path = dir.path().join("file");
        let threads: Vec<_> = (1..=8)
            .map(|number| {
                let file = File::open(&path).unwrap();
                thread::spawn(move || {
                    let this = this_thread().unwrap();
                    let first = Duration::from_millis(10 * number);
                    let ended = block(this, first, &mut || Err(refusal()), || {
                        lock_until_interrupted(&file, Strength::Shared)
                    });
                    matches!(ended, WaitEnd::Refused(_))
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap());
        }
    });
}

#[test]
fn a_thread_that_has_left_is_not_interrupted() {
    let wait = Wait {
        pause: Loan::new(),
        target: this_thread().unwrap(),
        inside: Mutex::new(Inside {
            is_inside: false,
            refused: Some(refusal()),
        }),
    };
    assert_eq!(wait.look(), None);
    settle();
    assert_eq!(DELIVERED.get(), 0);
}

#[test]
fn a_panic_of_the_watcher_ends_one_wait_and_the_others_are_still_watched() {
    bounded(|| {
        let (_dir, _one, other) = taken();
        let wait = |pause: Pause<'_>| {
            let this = this_thread().unwrap();
            block(this, Duration::ZERO, pause, || {
                lock_until_interrupted(&other, Strength::Exclusive)
            })
        };
        for _ in 0..3 {
            let ended = wait(&mut || panic!("on purpose"));
            let WaitEnd::Refused(error) = ended else {
                panic!("a wait that nobody watches goes on");
            };
            assert_eq!(
                chain(&error),
                "failed to look after a wait for a lock, which is a bug of isolated-test; please report \
                 it: on purpose"
            );
            assert!(matches!(wait(&mut || Err(refusal())), WaitEnd::Refused(_)));
        }
    });
}
