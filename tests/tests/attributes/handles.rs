//! Handles of custom resources, reached by helpers and threads.

use std::rc::Rc;
use std::sync::Mutex;
use std::thread;

use isolated_test::{BoxError, Current, Resource, TestHandle, Transfer, current, isolated};
use isolated_test_tests::State;

mod inner {
    use isolated_test::{current, isolated};

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn asks_for_a_handle_that_is_not_there() {
        let _ = current().get::<String>();
    }
}

/// A resource with a handle that must stay on one thread.
struct Note(&'static str);

impl Resource for Note {
    type Handle = Rc<str>;

    fn provision(&mut self, _: &Current) -> Result<Rc<str>, BoxError> {
        Ok(self.0.into())
    }
}

#[isolated(note = Note("text"), taken = Note("taken"))]
#[test]
fn a_handle_is_found_by_name_and_type(taken: Rc<str>) {
    assert_eq!(&**current().resource::<Rc<str>>("note").unwrap(), "text");
    assert!(
        current().resource::<String>("note").is_none(),
        "another type"
    );
    assert!(
        current().resource::<Rc<str>>("other").is_none(),
        "another name"
    );
    assert!(
        current().resource::<Rc<str>>("taken").is_none(),
        "{taken} was taken by value"
    );
}

#[isolated(port, note = Note("text"))]
#[test]
fn a_thread_that_entered_gets_no_handle_that_is_not_send(port: u16) {
    let test = current().handle();
    thread::spawn(move || {
        let _entered = test.enter();
        assert_eq!(current().port().number(), port);
        assert!(current().resource::<Rc<str>>("note").is_none());
    })
    .join()
    .unwrap();
}

/// A resource with a handle that all threads may use.
struct Account(&'static str);

impl Resource for Account {
    type Handle = &'static str;

    fn provision(&mut self, _: &Current) -> Result<&'static str, BoxError> {
        Ok(self.0)
    }

    fn transfer() -> Transfer<&'static str> {
        Transfer::with(ToString::to_string, |text| Ok(text.to_owned().leak()))
    }
}

fn account() -> &'static str {
    *current().get()
}

#[isolated(note = Note("text"), first = Account("one"), second = Account("two"))]
#[test]
fn every_thread_gets_a_handle_by_type() {
    assert_eq!(account(), "one");
    let test = current().handle();
    thread::spawn(move || {
        assert_eq!(*test.get::<&str>(), "one");
        assert_eq!(test.get_named::<&str>("second").as_deref(), Some(&"two"));
        let _entered = test.enter();
        assert_eq!(account(), "one");
    })
    .join()
    .unwrap();
}

#[isolated(process, first = Account("one"))]
#[test]
fn every_thread_gets_a_handle_from_the_parent() {
    let test = current().handle();
    let other = thread::spawn(move || *test.get::<&str>());
    assert_eq!((account(), other.join().unwrap()), ("one", "one"));
}

#[isolated(taken = Account("one"), seed)]
#[test]
fn get_named_returns_none_without_a_matching_handle(taken: &mut &str) {
    assert_eq!(*taken, "one");
    let test = current();
    assert!(
        test.get_named::<&str>("taken").is_none(),
        "the parameter has it"
    );
    assert!(
        test.get_named::<u64>("seed").is_none(),
        "not a custom resource"
    );
    assert!(test.get_named::<&str>("other").is_none());
}

/// A resource that looks for one that comes after it.
struct Early;

impl Resource for Early {
    type Handle = bool;

    fn provision(&mut self, test: &Current) -> Result<bool, BoxError> {
        Ok(test.get_named::<&str>("late").is_some())
    }
}

static LEFT: Mutex<Option<TestHandle>> = Mutex::new(None);

#[isolated(early = Early, late = Account("one"))]
#[test]
#[ignore = "called by another test"]
fn leaves_its_handle(early: &bool) {
    assert!(!early, "it was not provisioned yet");
    assert!(current().get_named::<&str>("late").is_some());
    *LEFT.lock().unwrap() = Some(current().handle());
}

#[test]
fn a_handle_is_gone_after_the_test() {
    leaves_its_handle();
    let left = LEFT.lock().unwrap().take().unwrap();
    assert!(left.get_named::<&str>("late").is_none());
}

#[test]
fn asking_for_a_handle_that_is_not_there_says_what_to_write() {
    let run = State::new()
        .inner("asks_for_a_handle_that_is_not_there")
        .run()
        .failed();
    let message = "\nattributes::handles::inner::asks_for_a_handle_that_is_not_there has no handle of type \
                   `alloc::string::String` to share; write `#[isolated(name = ...)]`, take it as `&T` and not by value or \
                   as `&mut`, and call this while the test runs\n";
    assert!(run.errors.contains(message), "{}", run.errors);
    let place = "panicked at tests/tests/attributes/handles.rs:";
    assert!(run.errors.contains(place), "{}", run.errors);
}
