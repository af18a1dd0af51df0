//! Asynchronous functions, tests and helpers.

use std::sync::atomic::{AtomicBool, Ordering};

use serial_test::{file_parallel, file_serial, is_locked_serially, parallel, serial};

use crate::meeting::{Meeting, Room, crowd, once};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[tokio::test]
#[serial]
async fn below_the_test_attribute() {
    tokio::task::yield_now().await;
    assert!(is_locked_serially(None));
}

#[serial(asynchronous)]
#[tokio::test(flavor = "multi_thread")]
async fn above_the_test_attribute() -> Result<(), std::num::ParseIntError> {
    tokio::task::yield_now().await;
    assert!(is_locked_serially(Some("asynchronous")));
    assert_eq!("7".parse::<u8>()?, 7);
    Ok(())
}

#[tokio::test]
#[file_serial(asynchronous_file)]
async fn file_serial_below_it() {
    tokio::task::yield_now().await;
}

#[test]
fn serial_futures_never_meet() {
    static ROOM: Room = Room::new();

    #[serial(asynchronous_one)]
    async fn one() {
        tokio::task::yield_now().await;
        ROOM.be_alone();
    }

    #[serial(asynchronous_one)]
    async fn another(number: &u8) -> Option<u8> {
        ROOM.be_alone();
        tokio::task::yield_now().await;
        ROOM.be_alone();
        number.checked_add(1)
    }

    crowd(&[
        || run(one()),
        || assert_eq!(run(another(&1)), Some(2)),
        || run(one()),
    ]);
}

#[test]
fn file_serial_futures_never_meet_and_parallel_ones_do() {
    static ROOM: Room = Room::new();
    static MEETING: Meeting = Meeting::new();

    #[file_serial(asynchronous_two)]
    async fn serial() {
        ROOM.be_alone();
        tokio::task::yield_now().await;
        ROOM.be_alone();
    }

    #[file_parallel(asynchronous_two)]
    async fn file_parallel(number: u8) -> Result<u8, String> {
        ROOM.be_alone();
        tokio::task::yield_now().await;
        Ok(number)
    }

    #[parallel(asynchronous_two)]
    async fn parallel() {
        MEETING.wait_for(2);
    }

    crowd(&[
        || run(serial()),
        || assert_eq!(run(file_parallel(3)), Ok(3)),
        || run(serial()),
    ]);
    once(&[|| run(parallel()), || run(parallel())]);
}

/// A lock that belongs to no thread is that of the future, so the future may move.
#[test]
fn futures_other_than_serial_ones_may_be_sent() {
    fn sent<T: Send>(_future: T) {}

    #[parallel(asynchronous_sent)]
    async fn parallel() {}

    #[file_serial(asynchronous_sent)]
    async fn file_serial(number: u8) -> u8 {
        tokio::task::yield_now().await;
        number
    }

    sent(parallel());
    sent(file_serial(1));
}

#[test]
fn a_future_that_moves_keeps_its_lock_and_leaves_none_behind() {
    static ROOM: Room = Room::new();

    #[file_serial(asynchronous_moves)]
    async fn moves() {
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        ROOM.be_alone();
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    // One after the other: a future that waits for a lock blocks its thread, as in serial_test.
    for _ in 0..20 {
        runtime.block_on(runtime.spawn(moves())).unwrap();
    }
}

#[test]
fn serial_futures_of_one_thread_share_a_key() {
    #[serial(asynchronous_joined)]
    async fn one() {
        tokio::task::yield_now().await;
        assert!(is_locked_serially(Some("asynchronous_joined")));
    }

    run(async { tokio::join!(one(), one(), one()) });
}

#[test]
fn parallel_futures_of_one_thread_meet() {
    #[parallel(asynchronous_parallel)]
    async fn one() {
        tokio::task::yield_now().await;
    }

    run(async { tokio::join!(one(), one()) });
}

#[test]
fn a_serial_future_calls_a_serial_helper() {
    #[serial(asynchronous_nested)]
    async fn helper() -> u8 {
        tokio::task::yield_now().await;
        7
    }

    #[serial(asynchronous_nested)]
    async fn caller() -> u8 {
        helper().await + helper().await
    }

    assert_eq!(run(caller()), 14);
}

#[test]
fn a_file_serial_future_calls_a_file_serial_helper() {
    #[file_serial(asynchronous_nested_file)]
    async fn helper() -> u8 {
        tokio::task::yield_now().await;
        7
    }

    #[file_serial(asynchronous_nested_file)]
    async fn caller() -> u8 {
        tokio::task::yield_now().await;
        helper().await + helper().await
    }

    assert_eq!(run(caller()), 14);
}

/// The second would block the thread that the first one needs.
#[test]
#[should_panic(expected = "this thread already holds serial \"asynchronous_joined_file\"")]
fn two_file_serial_futures_of_one_thread_are_refused() {
    #[file_serial(asynchronous_joined_file)]
    async fn one() {
        tokio::task::yield_now().await;
    }

    run(async { tokio::join!(one(), one()) });
}

#[test]
fn a_future_that_is_dropped_releases_its_lock() {
    static IS_BEGUN: AtomicBool = AtomicBool::new(false);

    #[serial(asynchronous_dropped)]
    async fn pending() {
        IS_BEGUN.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }

    #[serial(asynchronous_dropped)]
    fn next() {}

    run(async {
        tokio::select! {
            biased;
            () = pending() => {}
            () = tokio::task::yield_now() => {}
        }
    });
    assert!(IS_BEGUN.load(Ordering::Relaxed));
    std::thread::spawn(next).join().unwrap();
}

/// Tells at its end whether the lock was still held.
struct Leaves(&'static str, &'static AtomicBool);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.1
            .store(is_locked_serially(Some(self.0)), Ordering::Relaxed);
    }
}

async fn leaves(key: &'static str, was_locked: &'static AtomicBool) {
    tokio::spawn(async move {
        let _leaves = Leaves(key, was_locked);
        std::future::pending::<()>().await;
    });
    tokio::task::yield_now().await;
}

static ABOVE: AtomicBool = AtomicBool::new(false);
static BELOW: AtomicBool = AtomicBool::new(false);

#[serial(asynchronous_above)]
#[tokio::test]
async fn leaves_a_task_above() {
    leaves("asynchronous_above", &ABOVE).await;
}

#[tokio::test]
#[serial(asynchronous_below)]
async fn leaves_a_task_below() {
    leaves("asynchronous_below", &BELOW).await;
}

/// The runtime drops its tasks inside the lock, after the body has ended.
#[test]
fn the_lock_is_around_the_runtime() {
    leaves_a_task_above();
    leaves_a_task_below();
    assert!(ABOVE.load(Ordering::Relaxed) && BELOW.load(Ordering::Relaxed));
}
