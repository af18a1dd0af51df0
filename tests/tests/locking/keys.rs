//! Keys that the threads of one process lock manually.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isolated_test::{ErrorKind, Key, isolated};

const SCOPED: Key = Key::new("scoped").scoped(env!("CARGO_PKG_NAME"));

#[test]
fn keys_are_any_text() {
    for key in [
        "a b",
        "ü",
        "a/b",
        "../x",
        "A",
        "a",
        "%2f",
        "con",
        ".",
        "key\"quoted\"",
    ] {
        let key = Key::intern(key).unwrap();
        drop(key.lock().unwrap());
    }
}

#[test]
fn keys_that_differ_do_not_exclude_each_other() {
    let _lower = Key::new("locks case").lock_shared().unwrap();
    let upper = Key::new("locks casE").try_lock().unwrap();
    assert!(upper.is_some());
}

#[isolated(seed)]
#[test]
fn threads_exclude_each_other(seed: u64) {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let key = Key::intern(&format!("threads {seed}")).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let _guard = key.lock().unwrap();
                    assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                    INSIDE.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
}

#[isolated(seed)]
#[test]
fn readers_of_one_process_hold_at_the_same_time(seed: u64) {
    let key = Key::intern(&format!("readers {seed}")).unwrap();
    let all_inside = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let _guard = key.lock_shared().unwrap();
                all_inside.wait();
            });
        }
    });
}

#[isolated(seed)]
#[test]
fn trying_never_waits(seed: u64) {
    let key = Key::intern(&format!("trying {seed}")).unwrap();
    let guard = key.lock().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(key.try_lock().unwrap().is_none());
            assert!(key.try_lock_shared().unwrap().is_none());
        });
    });
    drop(guard);
    let reader = key.try_lock_shared().unwrap();
    assert!(reader.is_some());
    thread::scope(|scope| {
        scope.spawn(|| assert!(key.try_lock().unwrap().is_none()));
        scope.spawn(|| assert!(key.try_lock_shared().unwrap().is_some()));
    });
}

#[isolated(seed)]
#[test]
fn readers_that_try_at_the_same_time_are_not_in_each_others_way(seed: u64) {
    let key = Key::intern(&format!("trying together {seed}")).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert!(key.try_lock_shared().unwrap().is_some());
                }
            });
        }
    });
}

#[isolated(serial = ["order b", "order d"])]
#[test]
fn a_lock_out_of_order_is_refused_instead_of_hanging() {
    let error = Key::new("order a").lock().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockOrder);
    assert_eq!(
        Key::new("order b").lock_shared().unwrap_err().kind(),
        ErrorKind::LockHeld
    );
    assert_eq!(
        Key::new("order c").lock().unwrap_err().kind(),
        ErrorKind::LockOrder
    );
    drop(Key::new("order e").lock().unwrap());
    // A call that does not wait cannot deadlock.
    assert!(Key::new("order a").try_lock().unwrap().is_some());
}

#[isolated(seed)]
#[test]
fn a_guard_may_be_dropped_in_another_thread(seed: u64) {
    let key = Key::intern(&format!("sent {seed}")).unwrap();
    let guard = key.lock().unwrap();
    thread::spawn(move || drop(guard)).join().unwrap();
    drop(key.lock().unwrap());
}

#[test]
fn a_limit_of_zero_is_refused() {
    let error = Key::new("zero").lock_limit(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

/// The attribute and the runtime agree on the highest limit, although each has its own constant.
#[isolated(limit("highest", 256))]
#[test]
fn the_highest_limit_is_admitted() {}

#[test]
fn a_limit_that_needs_thousands_of_files_is_refused() {
    let key = Key::new("many");
    let error = key.lock_limit(257).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(
        error.to_string(),
        "failed to lock limit \"many\" (257), because the highest limit is 256; write that, or nothing \
         where so many never meet"
    );
    drop(key.lock_limit(256).unwrap());
}

#[isolated(serial = SCOPED)]
#[test]
fn a_scoped_key_does_not_exclude_the_key_of_everybody() {
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(SCOPED.try_lock().unwrap().is_none());
            assert!(Key::new("scoped").try_lock().unwrap().is_some());
            let other = Key::new("scoped").scoped("another");
            assert!(other.try_lock().unwrap().is_some());
        });
    });
}
