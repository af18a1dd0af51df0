//! Tests with `#[should_panic]`. Like rusty-fork, they pass on any end of the process but success.
//!
//! A panic is checked in the subprocess, as the test runner would check it. A process that dies cannot
//! report anything, so the body leaves marks in a directory: one when it begins and one when it ends.
//! The parent reads them.

use std::any::Any;
use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use isolated_test::{BoxError, Current, Outcome, Resource, Transfer, try_current};

/// The name of the directory in the attribute.
const MARKS: &str = "marks";
const BEGUN: &str = "begun";
const OVER: &str = "over";

thread_local! {
    /// Whether the body of this thread's test has begun.
    static HAS_BEGUN: Cell<bool> = const { Cell::new(false) };
    /// Whether the subprocess of this thread's test died during the body.
    static HAS_DIED: Cell<bool> = const { Cell::new(false) };
}

/// Reads the marks in the parent when the subprocess of the test has ended.
#[derive(Debug, Default)]
pub struct Witness {
    marks: PathBuf,
}

impl Witness {
    /// Creates a witness that has no directory yet.
    #[must_use]
    pub fn new() -> Self {
        Witness::default()
    }
}

impl Resource for Witness {
    type Handle = ();

    fn provision(&mut self, test: &Current) -> Result<(), BoxError> {
        let marks = test.tmpdir_named(MARKS).ok_or("no directory for marks")?;
        marks.path().clone_into(&mut self.marks);
        Ok(())
    }

    fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
        let has = |mark| self.marks.join(mark).exists();
        HAS_DIED.set(has(BEGUN) && !has(OVER));
        Ok(())
    }

    /// Lets the parent provision and release it.
    fn transfer() -> Transfer<()> {
        Transfer::with(|()| String::new(), |_| Ok(()))
    }
}

/// Lives as long as the body, and is dropped at its end even if it panics.
#[derive(Debug)]
#[must_use = "the body is over when this is dropped"]
pub struct Begun {
    marks: PathBuf,
}

impl Begun {
    /// Marks the beginning of the body.
    ///
    /// # Panics
    ///
    /// Panics if the mark cannot be written.
    pub fn now() -> Self {
        let marks = try_current().and_then(|test| test.tmpdir_named(MARKS));
        let marks = marks.map(|marks| marks.path().to_owned());
        let begun = Begun {
            marks: marks.expect("the directory for marks"),
        };
        mark(&begun.marks, BEGUN);
        HAS_BEGUN.set(true);
        begun
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        mark(&self.marks, OVER);
    }
}

/// Writes a mark or exits, because a missing mark could make a failing test pass.
fn mark(marks: &Path, name: &str) {
    if let Err(error) = fs::write(marks.join(name), "") {
        eprintln!("failed to mark the test as {name}: {error}");
        std::process::exit(0); // Never counts as a death.
    }
}

/// Checks the panic of a body, in the subprocess.
///
/// # Panics
///
/// Panics if the body did not panic, lacked the expected text, or panicked before it began.
#[track_caller]
pub fn expect_panic(body: impl FnOnce(), expected: Option<&str>) {
    HAS_BEGUN.set(false);
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else {
        panic!("the test did not panic as expected");
    };
    if !HAS_BEGUN.take() {
        resume_unwind(payload);
    }
    let message = message(payload.as_ref());
    if let Some(expected) = expected {
        assert!(
            message.is_some_and(|message| message.contains(expected)),
            "expected a panic that contains {expected:?}, found {message:?}"
        );
    }
}

/// Runs a test that passes if its subprocess dies during the body.
///
/// # Panics
///
/// Panics if the test fails for another reason.
pub fn expect_death(test: fn(), expected: Option<&str>) {
    HAS_DIED.set(false);
    let Err(payload) = catch_unwind(test) else {
        return;
    };
    // In rusty-fork, `exit(0)` is a success, so it is not the expected failure.
    let is_success =
        message(payload.as_ref()).is_none_or(|text| text.contains("exited with status 0 "));
    if HAS_DIED.take() && expected.is_none() && !is_success {
        println!("the process of the test died, as `#[should_panic]` expects");
        return;
    }
    resume_unwind(payload);
}

fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
