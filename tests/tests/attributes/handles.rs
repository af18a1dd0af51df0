//! Handles of custom resources, reached by helpers and threads.

use std::rc::Rc;
use std::thread;

use isolated_test::{BoxError, Current, Resource, Transfer, current, isolated};
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
fn a_resource_of_ones_own_is_had_by_name_and_type(taken: Rc<str>) {
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
fn a_thread_that_entered_has_all_but_the_handles_of_ones_own(port: u16) {
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
fn a_handle_is_had_by_its_type_in_every_thread() {
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
fn a_handle_from_the_parent_is_had_in_every_thread() {
    let test = current().handle();
    let other = thread::spawn(move || *test.get::<&str>());
    assert_eq!((account(), other.join().unwrap()), ("one", "one"));
}

#[isolated(taken = Account("one"), seed)]
#[test]
fn a_handle_that_is_not_there_is_no_error_by_name(taken: &mut &str) {
    assert_eq!(*taken, "one");
    let test = current();
    assert!(
        test.get_named::<&str>("taken").is_none(),
        "the parameter has it"
    );
    assert!(
        test.get_named::<u64>("seed").is_none(),
        "not a resource of ours"
    );
    assert!(test.get_named::<&str>("other").is_none());
}

#[test]
fn asking_for_a_handle_that_is_not_there_says_what_to_write() {
    let run = State::new()
        .inner("asks_for_a_handle_that_is_not_there")
        .run()
        .failed();
    let message = "\nattributes::handles::inner::asks_for_a_handle_that_is_not_there has no resource with a handle of \
                   type `alloc::string::String`; write `#[isolated(name = ...)]`\n";
    assert!(run.errors.contains(message), "{}", run.errors);
    let place = "panicked at tests/tests/attributes/handles.rs:";
    assert!(run.errors.contains(place), "{}", run.errors);
}
