//! A program with tests but no test runner: it runs all of them, whatever its arguments are.

use std::fs::File;
use std::io::Write;

use isolated_test::isolated;

#[isolated(test_attribute = "called by main", process)]
fn first() {
    note("first");
}

#[isolated(test_attribute = "called by main", process)]
fn second() {
    note("second");
}

#[isolated(test_attribute = "called by main")]
fn in_place() {
    note("in place");
}

#[isolated(test_attribute = "called by main", process)]
#[should_panic(expected = "on purpose")]
fn panics() {
    note("panics");
    panic!("on purpose");
}

/// Appends a line to the file of notes.
fn note(what: &str) {
    let path = std::env::var_os("NOTES").expect("a file for notes");
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .expect("the file opens");
    file.write_all(format!("{what}\n").as_bytes())
        .expect("the file can be written");
}

/// More notes than a correct run writes. A program that keeps starting itself stops there, because
/// each process adds a note.
const TOO_MANY: usize = 50;

fn main() {
    let path = std::env::var_os("NOTES").expect("a file for notes");
    let notes = std::fs::read_to_string(path).unwrap_or_default();
    assert!(notes.lines().count() < TOO_MANY, "{notes}");
    note("process");
    first();
    in_place();
    second();
    let panicked = std::panic::catch_unwind(panics).is_err();
    assert!(panicked, "the runner of such a test expects a panic");
}
