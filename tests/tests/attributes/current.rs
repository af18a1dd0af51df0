//! `current()`: the running test, for its helpers, its threads and its futures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use isolated_test::{Port, TestHandle, current, isolated, try_current};
use isolated_test_tests::State;

mod inner {
    use std::cell::RefCell;
    use std::thread;

    use isolated_test::{EnterGuard, current, isolated, try_current};

    thread_local! {
        static ENTERED: RefCell<Option<EnterGuard>> = const { RefCell::new(None) };
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn leaves_a_guard_in_its_thread() {
        let test = current().handle();
        thread::spawn(move || {
            // Initialized first, so that it is destroyed last, when `current` no longer exists.
            ENTERED.with_borrow(|entered| assert!(entered.is_none()));
            let entered = test.enter();
            ENTERED.set(Some(entered));
        })
        .join()
        .unwrap();
        assert!(try_current().is_some());
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_what_it_has_not() {
        let _ = current().port();
    }

    #[test]
    #[ignore = "started by another test"]
    fn asks_outside_of_a_test() {
        let _ = current();
    }
}

fn helper() -> (u16, PathBuf) {
    let current = current();
    (current.port().number(), current.tmpdir().join("file"))
}

#[isolated(port, tmpdir)]
#[test]
fn a_helper_reaches_the_resources(port: u16, tmpdir: PathBuf) {
    assert_eq!(helper(), (port, tmpdir.join("file")));
}

#[isolated(port, other = port(count = 2), seed, late = seed, tmpdir, namespace)]
#[test]
fn the_first_of_a_kind_needs_no_name_and_the_others_have_theirs(
    port: u16,
    other: &[Port],
    seed: u64,
    late: u64,
) {
    let current = current();
    assert_eq!(current.port().number(), port);
    let numbers = |ports: &[Port]| ports.iter().map(Port::number).collect::<Vec<_>>();
    assert_eq!(numbers(&current.ports("other")), numbers(other));
    assert_eq!(
        (current.seed(), current.seed_named("late")),
        (seed, Some(late))
    );
    assert_eq!(
        current.tmpdir_named("tmpdir").unwrap().path(),
        current.tmpdir().path()
    );
    assert_eq!(
        current.namespace_named("namespace").unwrap(),
        current.namespace()
    );
}

#[isolated(port)]
#[test]
fn a_name_that_is_not_there_is_no_error() {
    let current = current();
    assert!(current.ports("prot").is_empty() && current.ports("seed").is_empty());
    assert!(current.tmpdir_named("port").is_none());
    assert!(current.namespace_named("port").is_none());
    assert_eq!(current.seed_named("port"), None);
}

#[test]
fn outside_of_a_test_there_is_none() {
    assert!(try_current().is_none());
    let panic = catch_unwind(|| drop(current())).unwrap_err();
    assert_eq!(
        panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or(panic.downcast_ref().cloned())
            .unwrap(),
        "no isolated test runs in this thread: it has not begun yet, as in a fixture, or is not annotated with \
         `#[isolated]`, or runs in another thread; send its `current().handle()` to this one and call `enter` here"
    );
}

#[isolated]
#[test]
fn a_thread_of_the_test_has_none_until_it_enters() {
    let test = current().handle();
    thread::spawn(move || {
        assert!(try_current().is_none());
        let entered = test.enter();
        assert_eq!(
            current().name(),
            "attributes::current::a_thread_of_the_test_has_none_until_it_enters"
        );
        drop(entered);
        assert!(try_current().is_none());
    })
    .join()
    .unwrap();
}

#[test]
fn asking_for_what_the_attribute_does_not_name_says_what_to_write() {
    let run = State::new()
        .inner("asks_for_what_it_has_not")
        .run()
        .failed();
    let message = "\nattributes::current::inner::asks_for_what_it_has_not has no port; write `#[isolated(port)]`\n";
    assert!(run.errors.contains(message), "{}", run.errors);
}

#[test]
fn a_panic_of_ours_is_shown_where_the_test_asked() {
    for test in ["asks_for_what_it_has_not", "asks_outside_of_a_test"] {
        let run = State::new().inner(test).run().failed();
        assert!(
            run.errors
                .contains("panicked at tests/tests/attributes/current.rs:"),
            "{}",
            run.errors
        );
    }
}

static LEFT: Mutex<Option<TestHandle>> = Mutex::new(None);

#[isolated(port, tmpdir)]
#[test]
#[ignore = "called by another test"]
fn leaves_its_handle() {
    *LEFT.lock().unwrap() = Some(current().handle());
}

#[test]
fn a_handle_answers_after_the_test() {
    leaves_its_handle();
    let left = LEFT.lock().unwrap().take().unwrap();
    assert_eq!(left.name(), "attributes::current::leaves_its_handle");
    assert!(left.port().number() > 0);
    assert!(
        !left.tmpdir().exists(),
        "but what it returns belongs to nobody"
    );
    assert!(try_current().is_none());
}

#[isolated(seed)]
#[test]
#[ignore = "called by another test"]
fn panics() {
    panic!("on purpose");
}

#[isolated(seed)]
#[test]
fn a_test_that_is_called_is_the_current_one_until_it_ends(seed: u64) {
    leaves_its_handle();
    assert_eq!(current().seed(), seed);
    catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    assert_eq!(current().seed(), seed);
}

/// Asserts that the current test is the same before and after other tests run.
async fn stays_itself() -> u64 {
    let seed = current().seed();
    for _ in 0..10 {
        tokio::task::yield_now().await;
        assert_eq!(current().seed(), seed);
    }
    seed
}

#[isolated(seed)]
#[tokio::test]
async fn an_asynchronous_test_is_current_across_awaits(seed: u64) {
    assert_eq!(stays_itself().await, seed);
}

#[isolated(seed)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_with_many_threads_changes_nothing(seed: u64) {
    assert_eq!(stays_itself().await, seed);
    let test = current().handle();
    let task = tokio::spawn(async move {
        assert!(try_current().is_none(), "a task belongs to no test");
        let _entered = test.enter();
        current().seed()
    });
    assert_eq!(task.await.unwrap(), seed);
}

#[isolated(seed)]
#[tokio::test]
async fn a_task_in_the_thread_of_the_test_sees_the_test(seed: u64) {
    let task = tokio::spawn(async { try_current().map(|test| test.seed()) });
    assert_eq!(task.await.unwrap(), Some(seed));
}

#[isolated(seed, test_attribute = "called by a test")]
async fn one_of_two(seed: u64) {
    assert_eq!(stays_itself().await, seed);
}

#[isolated(seed, test_attribute = "called by a test")]
async fn another_of_two(seed: u64) {
    assert_eq!(stays_itself().await, seed);
}

#[tokio::test]
async fn two_tests_that_take_turns_in_one_thread_are_not_mixed_up() {
    tokio::join!(one_of_two(), another_of_two());
    assert!(try_current().is_none());
}

#[isolated(seed)]
#[tokio::test]
async fn a_panic_of_a_called_test_gives_the_thread_back(seed: u64) {
    let called = tokio::task::spawn_blocking(panics);
    assert!(called.await.unwrap_err().is_panic());
    assert_eq!(current().seed(), seed);
}

/// Runs another test to its end, and returns its seed and handle.
fn has_another_seed() -> (u64, TestHandle) {
    static HAD: Mutex<Option<(u64, TestHandle)>> = Mutex::new(None);

    #[isolated(seed, test_attribute = "called by a test")]
    fn another(seed: u64) {
        *HAD.lock().unwrap() = Some((seed, current().handle()));
    }

    another();
    HAD.lock().unwrap().take().unwrap()
}

#[isolated(seed)]
#[test]
fn guards_of_enter_may_be_dropped_in_any_order(seed: u64) {
    let (other_seed, other) = has_another_seed();
    let mine = current().handle();
    let first = other.enter();
    let second = mine.enter();
    drop(first);
    assert_eq!(current().seed(), seed, "the second is still there");
    let third = other.enter();
    drop(second);
    assert_eq!(current().seed(), other_seed, "the third is still there");
    drop(third);
    assert_eq!(current().seed(), seed);
}

#[test]
fn a_guard_of_enter_may_stay_in_a_thread_that_ends() {
    let _ = State::new()
        .inner("leaves_a_guard_in_its_thread")
        .run()
        .passed();
}
