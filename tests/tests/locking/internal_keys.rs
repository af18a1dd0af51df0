//! Internal keys: the locks of resources while they are provisioned and released.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use isolated_test::{BoxError, Current, ErrorKind, Key, Outcome, Resource, isolated};
use isolated_test_tests::State;

/// The key that a resource locks, and when it does so.
struct Locks {
    key: Key,
    at_release: bool,
}

impl Locks {
    fn at_provision(key: Key) -> Self {
        let at_release = false;
        Locks { key, at_release }
    }

    fn at_release(key: Key) -> Self {
        let at_release = true;
        Locks { key, at_release }
    }
}

impl Resource for Locks {
    type Handle = ();

    fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
        if !self.at_release {
            drop(self.key.lock()?);
        }
        Ok(())
    }

    fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
        if self.at_release {
            drop(self.key.lock()?);
        }
        Ok(())
    }
}

mod inner {
    use isolated_test::{BoxError, Current, Key, Resource, isolated};

    use super::Locks;

    /// The order of an internal key relative to the keys of the test does not matter.
    #[isolated(serial = "m", one = Locks::at_provision(Key::new("z")))]
    #[test]
    #[ignore = "started by another test"]
    fn provisions_with_a_later_key() {}

    #[isolated(serial = "m", one = Locks::at_provision(Key::new("a")))]
    #[test]
    #[ignore = "started by another test"]
    fn provisions_with_an_earlier_key() {}

    #[isolated(serial = "m", one = Locks::at_release(Key::new("z")))]
    #[test]
    #[ignore = "started by another test"]
    fn releases_with_a_key() {}

    #[isolated(process, serial = "m", one = Locks::at_provision(Key::new("z")))]
    #[test]
    #[ignore = "started by another test"]
    fn provisions_in_its_process_with_a_key() {}

    #[isolated(process, serial = "m", one = Locks::at_release(Key::new("z")))]
    #[test]
    #[ignore = "started by another test"]
    fn releases_in_its_process_with_a_key() {}

    const INTERNAL: Key = Key::new("k").internal();

    #[isolated(serial = INTERNAL)]
    #[test]
    #[ignore = "started by another test"]
    fn names_an_internal_key() {}

    /// Holds an internal key while the test runs.
    struct Holds;

    impl Resource for Holds {
        type Handle = isolated_test::Guard;

        fn provision(&mut self, _: &Current) -> Result<Self::Handle, BoxError> {
            Ok(INTERNAL.lock()?)
        }
    }

    #[isolated(holds = Holds)]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        isolated_test_tests::hold();
    }
}

#[isolated(
    serial = "internal z",
    a = Locks::at_provision(Key::new("internal a").internal()),
    z = Locks::at_release(Key::new("internal z").internal()),
)]
#[test]
fn a_resource_locks_internal_keys_whatever_the_test_holds() {
    drop(Key::new("internal a").internal().lock().unwrap());
}

#[isolated(
    process,
    serial = "internal y",
    a = Locks::at_provision(Key::new("internal a").internal()),
    z = Locks::at_release(Key::new("internal z").internal()),
)]
#[test]
fn a_resource_in_the_process_of_a_test_locks_internal_keys_too() {}

#[test]
fn a_resource_that_waits_for_an_ordinary_key_is_refused_whatever_it_is_called() {
    for (test, verb, key) in [
        ("provisions_with_a_later_key", "provision", "z"),
        ("provisions_with_an_earlier_key", "provision", "a"),
        ("releases_with_a_key", "release", "z"),
        ("provisions_in_its_process_with_a_key", "provision", "z"),
        ("releases_in_its_process_with_a_key", "release", "z"),
    ] {
        let refused = State::new().inner(test).run().failed();
        let message = format!(
            "failed to {verb} the resource `one`: failed to lock serial \"{key}\", because"
        );
        let way_out = format!("; write `Key::new(\"{key}\").internal()`\n");
        assert!(
            refused.errors.contains(&message) && refused.errors.contains(&way_out),
            "{}",
            refused.errors
        );
    }
}

#[test]
fn an_attribute_cannot_name_an_internal_key() {
    let refused = State::new().inner("names_an_internal_key").run().failed();
    assert!(
        refused.errors.contains(
            "failed to lock internal serial \"k\", because internal keys are for resources while they are \
             provisioned or released; write an ordinary key\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn an_internal_key_is_another_lock_than_the_ordinary_one() {
    let ordinary = Key::new("internal keys").lock().unwrap();
    let internal = Key::new("internal keys").internal();
    let guard = thread::spawn(move || internal.try_lock().unwrap());
    assert!(
        guard
            .join()
            .unwrap()
            .is_some_and(|guard| guard.key() == internal)
    );
    drop(ordinary);
}

#[test]
fn internal_keys_exclude_across_processes_and_are_named_as_such() {
    let state = State::new();
    let first = state.holding("holds");
    let mut second = state.inner("holds").start();
    let line = second.hear_error(
        "waiting for internal serial \"k\", held by locking::internal_keys::inner::holds",
    );
    assert!(!second.has_said("held"), "{line}");
    first.release();
    second.hear("held");
    second.release();
}

#[isolated(serial = "internal b")]
#[test]
fn internal_keys_come_after_all_others() {
    let guard = Key::new("internal a").internal().lock().unwrap();
    let refused = Key::new("internal c").lock().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LockOrder);
    drop(Key::new("internal d").internal().lock().unwrap());
    drop(guard);
    drop(Key::new("internal c").lock().unwrap());
}

#[isolated(seed)]
#[test]
fn threads_exclude_each_other_by_internal_keys(seed: u64) {
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let key = Key::intern(&format!("internal {seed}")).unwrap().internal();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let _guard = key.lock().unwrap();
                    assert_eq!(INSIDE.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                    INSIDE.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
}
