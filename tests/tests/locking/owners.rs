//! Owners of locks: a test, its helper threads, and tests that take turns in one thread.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;

use isolated_test::{ErrorKind, Key, current, isolated};
use isolated_test_tests::State;

mod inner {
    use std::future::Future;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::thread;

    use isolated_test::{ErrorKind, Key, current, isolated};
    use tokio::task::yield_now;

    /// Number of bodies that have begun.
    static BEGUN: AtomicUsize = AtomicUsize::new(0);

    #[isolated(serial = "k", test_attribute = "called by a test")]
    async fn has_the_key() {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
    }

    #[isolated(serial = "k", test_attribute = "called by a test")]
    async fn has_the_key_too() {
        BEGUN.fetch_add(1, Ordering::SeqCst);
    }

    #[isolated(serial = "j", test_attribute = "called by a test")]
    async fn has_an_earlier_key() {
        BEGUN.fetch_add(1, Ordering::SeqCst);
    }

    fn poll(future: Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Begins one test, and then another while the first is suspended, as `join!` does.
    fn join(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
        let (mut first, mut second) = (pin!(first), pin!(second));
        assert!(poll(first.as_mut()).is_pending());
        let refused = catch_unwind(AssertUnwindSafe(|| poll(second.as_mut())));
        assert!(refused.is_err(), "the second test was not refused");
        assert_eq!(BEGUN.load(Ordering::SeqCst), 1, "both ran");
        assert!(poll(first.as_mut()).is_ready());
    }

    #[test]
    #[ignore = "started by another test"]
    fn joins_two_with_one_key() {
        join(has_the_key(), has_the_key_too());
    }

    #[test]
    #[ignore = "started by another test"]
    fn joins_two_out_of_order() {
        join(has_the_key(), has_an_earlier_key());
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn asks_in_a_helper_thread_for_its_own_key() {
        let test = current().handle();
        let asked = thread::spawn(move || {
            let _entered = test.enter();
            Key::new("k").lock().map(drop)
        });
        let error = asked.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LockHeld, "{error}");
        assert_eq!(
            error.to_string(),
            "failed to lock serial \"k\", because \
             `locking::owners::inner::asks_in_a_helper_thread_for_its_own_key` already holds serial \"k\"; \
             remove this call, or release the other lock first"
        );
    }
}

#[test]
fn two_tests_with_one_key_never_both_run_in_one_thread() {
    let run = State::new().inner("joins_two_with_one_key").run().passed();
    assert!(
        run.errors.contains(
            "locking::owners::inner::has_the_key_too: failed to lock serial \"k\", because \
             `locking::owners::inner::has_the_key`, which takes turns with it in one thread, holds serial \
             \"k\" and could never release it; run them one after the other, or in threads of their own\n"
        ),
        "{}",
        run.errors
    );
}

#[test]
fn tests_that_take_turns_in_one_thread_keep_the_order_of_locks() {
    let run = State::new().inner("joins_two_out_of_order").run().passed();
    assert!(
        run.errors.contains(
            "locking::owners::inner::has_an_earlier_key: failed to lock serial \"j\", because \
             `locking::owners::inner::has_the_key` holds serial \"k\", which comes later"
        ),
        "{}",
        run.errors
    );
}

/// Each reader holds the lock while it runs, whichever ends first.
#[test]
fn readers_that_take_turns_in_one_thread_all_hold_the_key() {
    let key = Key::new("owners readers");
    let mut context = Context::from_waker(Waker::noop());
    let is_free = || {
        thread::spawn(move || key.try_lock().unwrap().is_some())
            .join()
            .unwrap()
    };
    let mut second = pin!(holds_across_a_yield());
    {
        let mut first = pin!(holds_across_a_yield());
        assert!(first.as_mut().poll(&mut context).is_pending());
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(first.as_mut().poll(&mut context).is_ready());
    }
    assert!(!is_free(), "the second still runs");
    assert!(second.as_mut().poll(&mut context).is_ready());
    assert!(is_free());
}

#[isolated(shared = "owners readers", test_attribute = "called by a test")]
async fn holds_across_a_yield() {
    tokio::task::yield_now().await;
}

#[test]
fn a_helper_thread_that_asks_for_a_key_of_its_test_is_refused_at_once() {
    let state = State::new();
    let inner = state.inner("asks_in_a_helper_thread_for_its_own_key");
    let _ = inner.env("ISOLATED_LOCK_TIMEOUT", "2s").run().passed();
}

#[isolated(serial = "owners b")]
#[test]
fn a_helper_thread_keeps_the_order_of_its_test() {
    let test = current().handle();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _entered = test.enter();
            // The key is free, but another test might hold it and request `owners b` in the same
            // way.
            let error = Key::new("owners a").lock().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LockOrder);
            drop(Key::new("owners c").lock().unwrap());
            assert!(Key::new("owners a").try_lock().unwrap().is_some());
        });
    });
}

#[isolated(seed)]
#[test]
fn helper_threads_of_one_test_exclude_each_other(seed: u64) {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let key = Key::intern(&format!("owners helpers {seed}")).unwrap();
    let test = current().handle();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let _entered = test.enter();
                for _ in 0..50 {
                    let _guard = key.lock().unwrap();
                    assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                    INSIDE.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
}

#[isolated(serial = "owners called")]
#[test]
#[ignore = "called by another test"]
fn is_called() {
    assert_eq!(current().name(), "locking::owners::is_called");
}

#[isolated(serial = "owners called")]
#[test]
fn a_test_that_is_called_in_a_helper_thread_has_the_locks_of_its_caller() {
    let test = current().handle();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _entered = test.enter();
            is_called();
        });
    });
}
