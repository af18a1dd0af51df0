//! Values: the resources that they see, the parameters that take them, and their lifetime.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::rc::Rc;

use googletest::prelude::{eq, expect_that, gtest};
use isolated_test::{BoxError, Current, Namespace, Port, Resource, TmpDir, current, isolated};
use isolated_test_tests::attempts::attempts;
use isolated_test_tests::{Finished, State, say};
use rstest::rstest;
use test_case::test_case;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::attempts::fails;
    use isolated_test_tests::say;

    use super::{Noted, Watched};

    #[isolated(watched = Watched, first = value(Noted("first")), second = value(Noted("second")), third = value(Noted("third")))]
    #[test]
    #[ignore = "started by another test"]
    fn has_values_and_passes(second: &mut Noted, third: &Noted, watched: &u32) {
        say(&format!("body {} {} {watched}", second.0, third.0));
    }

    #[isolated(watched = Watched, first = value(Noted("first")), second = value(Noted("second")), third = value(Noted("third")))]
    #[test]
    #[ignore = "started by another test"]
    fn has_values_and_panics(second: Noted) {
        say(&format!("body {}", second.0));
        panic!("on purpose");
    }

    #[isolated(watched = Watched, first = value(Noted::later("first").await), second = value(Noted::later("second").await))]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn has_values_and_panics_later(first: &Noted) {
        tokio::task::yield_now().await;
        say(&format!("body {}", first.0));
        panic!("on purpose");
    }

    #[isolated(namespace, retries = 2, is_last = value(!fails()))]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_value_for_each_attempt(is_last: bool) {
        assert!(is_last);
    }
}

/// A value that says when it is made and dropped.
struct Noted(&'static str);

impl Noted {
    async fn later(name: &'static str) -> Self {
        tokio::task::yield_now().await;
        say(&format!("made {name}"));
        Noted(name)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        let is_inside = current().get_named::<u32>("watched").is_some();
        let runtime = tokio::runtime::Handle::try_current().map_or("outside", |_| "inside");
        say(&format!("dropped {} {is_inside} {runtime}", self.0));
    }
}

/// A resource that says when it is released.
struct Watched;

impl Resource for Watched {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(1)
    }

    fn release(&mut self, _: isolated_test::Outcome) -> Result<(), BoxError> {
        say("released");
        Ok(())
    }
}

/// Checks everything that an inner test said, in order.
#[track_caller]
fn assert_said(run: &Finished, expected: &str) {
    let words = run.output.lines().filter_map(|line| line.strip_prefix('@'));
    let said: Vec<_> = words.collect();
    assert_eq!(said.join(", "), expected);
}

#[test]
fn values_are_dropped_in_reverse_order_before_the_resources_are_released() {
    assert_said(
        &State::new().inner("has_values_and_passes").run().passed(),
        "body second third 1, dropped third true outside, dropped second true outside, \
         dropped first true outside, released",
    );
}

#[test]
fn a_panic_drops_values_too() {
    assert_said(
        &State::new().inner("has_values_and_panics").run().failed(),
        "body second, dropped second true outside, dropped third true outside, \
         dropped first true outside, released",
    );
}

#[test]
fn values_of_an_asynchronous_test_live_in_its_runtime() {
    let run = State::new().inner("has_values_and_panics_later").run();
    assert_said(
        &run.failed(),
        "made first, made second, body first, dropped second true inside, \
         dropped first true inside, released",
    );
}

#[test]
fn each_attempt_makes_its_values() {
    let (_, attempts, _) = attempts("has_a_value_for_each_attempt", "1", &[]);
    assert_eq!(attempts.len(), 2, "{attempts:?}");
}

/// A resource whose handle is not `Send`.
struct Note;

impl Resource for Note {
    type Handle = Rc<str>;

    fn provision(&mut self, _: &Current) -> Result<Rc<str>, BoxError> {
        Ok("note".into())
    }
}

/// Checks the type of a resource that an expression sees.
fn is<T: ?Sized>(_: &T) {}

/// An expression sees every resource, also those that come after it.
#[isolated(
    seen = value({
        is::<Port>(port);
        is::<[Port]>(nodes);
        is::<TmpDir>(tmpdir);
        is::<Namespace>(namespace);
        is::<Rc<str>>(note);
        let _: u64 = seed;
        current().tmpdir().path() == tmpdir.path()
    }),
    port,
    nodes = port(count = 2),
    tmpdir,
    namespace,
    seed,
    note = Note
)]
#[test]
fn an_expression_sees_the_resources(seen: bool) {
    assert!(seen);
}

fn write(dir: &Path, text: &str) -> io::Result<PathBuf> {
    let path = dir.join("file");
    fs::write(&path, text)?;
    Ok(path)
}

#[isolated(tmpdir, file = value(write(tmpdir, "text")?), text = value(fs::read_to_string(file)?), length = value(text.len()))]
#[test]
fn an_expression_sees_earlier_values(
    length: usize,
    text: &str,
    _file: PathBuf,
    tmpdir: &TmpDir,
) -> Result<(), Box<dyn Error>> {
    assert_eq!((length, text), (4, "text"));
    assert_eq!(fs::read_to_string(tmpdir.join("file"))?, "text");
    Ok(())
}

#[isolated(list = value(vec![1, 2]), boxed = value(Box::new(3)), counted = value(Rc::new(4)))]
#[test]
fn a_parameter_takes_or_borrows_a_value(list: &mut Vec<u8>, boxed: &u8, counted: Rc<u8>) {
    list.push(*boxed);
    assert_eq!(*list, [1, 2, 3]);
    assert_eq!(Rc::strong_count(&counted), 1);
}

#[isolated(length = value(note.len()), note = Note)]
#[test]
fn a_parameter_may_take_the_handle_that_a_value_used(note: Rc<str>, length: usize) {
    assert_eq!((&*note, length), ("note", 4));
}

#[isolated(note = Note, other = value(Rc::clone(note)))]
#[test]
fn a_parameter_may_change_the_handle_that_a_value_used(note: &mut Rc<str>, other: &str) {
    *note = "changed".into();
    assert_eq!(other, "note");
}

/// The names of the function and of an item mean the value inside of other values.
#[isolated(pool = value(pool_of(1)), size = value(*pool + 1))]
#[test]
fn pool(pool: u32, size: u32) {
    assert_eq!((pool, size), (1, 2));
}

fn pool_of(size: u32) -> u32 {
    size
}

/// Errors of all types that a test may return.
#[isolated(
    boxed = value(fine::<Box<dyn Error>>()?),
    sent = value(fine::<BoxError>()?),
    text = value(fine::<&str>()? + fine::<io::Error>()?)
)]
#[test]
fn a_question_mark_takes_any_error(boxed: u8, sent: u8, text: u8) {
    assert_eq!((boxed, sent, text), (1, 1, 2));
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is about the type of the error"
)]
fn fine<E>() -> Result<u8, E> {
    Ok(1)
}

#[isolated(process, id = value(process::id()), env(PARENT = process::id()))]
#[test]
fn a_value_is_made_in_the_process_of_the_body(id: u32) {
    assert_eq!(id, process::id());
    assert_ne!(std::env::var("PARENT").as_deref(), Ok(&*id.to_string()));
}

#[isolated(process, timeout = "60s", tmpdir, note = Note, file = value(later(write(tmpdir, note)).await?))]
#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_awaited_in_the_process_of_the_body(file: &Path) -> io::Result<()> {
    assert_eq!(fs::metadata(file)?.len(), 4);
    Ok(())
}

async fn later<T>(value: T) -> T {
    tokio::task::yield_now().await;
    value
}

#[isolated(tmpdir, file = value(later(write(tmpdir, &"x".repeat(length))).await?))]
#[rstest]
#[case(1)]
#[case(2)]
#[tokio::test]
async fn an_expression_sees_the_parameters_of_rstest(#[case] length: usize, file: PathBuf) {
    assert_eq!(fs::read(file).unwrap().len(), length);
}

#[isolated(process, doubled = value(number * 2))]
#[test_case(1 => 3; "one")]
#[test_case(2 => 6; "two")]
fn an_expression_sees_the_parameters_of_test_case(number: u64, doubled: u64) -> u64 {
    doubled + number
}

#[isolated(doubled = value(number * 2))]
#[test_case(1 => 2; "one")]
fn an_expression_sees_the_parameters_of_test_case_in_place(number: u64, doubled: u64) -> u64 {
    assert_eq!(number, 1);
    doubled
}

#[isolated(note = Note, length = value(note.len()))]
#[gtest]
fn googletest_gets_values(length: usize) {
    expect_that!(length, eq(4));
}

#[isolated_test::test(one = value(1))]
#[should_panic(expected = "body 1")]
fn a_body_that_is_to_panic_gets_values(one: u8) {
    panic!("body {one}");
}

const PLACE: &str = "outside";

fn port() -> &'static str {
    "not the resource"
}

#[isolated(port, place = value(PLACE), number = value(port.number()), pool = value(later(number + 1).await))]
mod of_a_module {
    use isolated_test::isolated;

    #[expect(dead_code, reason = "the expression does not mean it")]
    const PLACE: &str = "inside";

    #[tokio::test]
    async fn awaits(pool: u16, number: u16, place: &str) {
        assert_eq!((pool, place), (number + 1, "outside"));
    }

    /// It cannot await, and need not.
    #[test]
    fn does_not_await(number: u16) {
        assert_ne!(number, 0);
    }

    #[isolated(pool = value(7_u8))]
    #[test]
    fn has_another_pool(pool: u8, port: u16) {
        assert_eq!((pool, super::port()), (7, "not the resource"), "{port}");
    }

    #[isolated(off)]
    #[test]
    fn has_nothing() {
        assert!(isolated_test::try_current().is_none());
    }

    mod deeper {
        #[tokio::test]
        async fn awaits(pool: u16) {
            assert_ne!(pool, 0);
        }
    }
}
