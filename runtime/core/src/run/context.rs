//! The running test, for helpers that it calls.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::lock::owner::Owner;
use crate::resource::context::{Current, Handle};

thread_local! {
    /// The tests that this thread has entered, each under a number of its own.
    static STACK: RefCell<Vec<(u64, Current)>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Returns the isolated test that runs in this thread.
///
/// # Panics
///
/// Panics when none does. A thread that the test has started gets a [`Handle`] from it; see
/// [`Current::handle`].
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::{current, isolated};
///
/// fn start_server() -> std::io::Result<std::net::TcpListener> {
///     current().port().listen()
/// }
///
/// #[isolated(port)]
/// #[test]
/// fn serves() -> std::io::Result<()> {
///     let server = start_server()?;
///     assert_eq!(server.local_addr()?.port(), current().port().number());
///     Ok(())
/// }
/// ```
#[must_use]
#[track_caller]
pub fn current() -> Current {
    match try_current() {
        Some(current) => current,
        None => panic!(
            "no isolated test runs in this thread: it has not begun yet, as in a fixture, or is not annotated with \
             `#[isolated]`, or runs in another thread; send its `current().handle()` to this one and call `enter` here"
        ),
    }
}

/// Returns the isolated test that runs in this thread, if one does.
#[must_use]
pub fn try_current() -> Option<Current> {
    // A thread that ends has forgotten it before its other values are dropped.
    let last = STACK.try_with(|stack| stack.borrow().last().map(|(_, current)| current.clone()));
    last.ok().flatten()
}

/// Returns the test for which this thread acts, as an owner of locks.
pub(crate) fn owner() -> Option<Arc<Owner>> {
    let top = STACK.try_with(|stack| {
        let stack = stack.borrow();
        stack.last().map(|(_, current)| current.owner().clone())
    });
    top.ok().flatten()
}

/// Returns the name under which a lock is held that a program takes by itself.
pub(crate) fn name_of_caller() -> String {
    if let Some(current) = try_current() {
        return current.name().to_owned();
    }
    let program = std::env::current_exe().unwrap_or_default();
    program
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

impl Current {
    /// Makes this the test of the thread until the guard is dropped.
    pub(crate) fn enter_thread(&self) -> EnterGuard {
        let number = LAST.get() + 1;
        LAST.set(number);
        let _ = STACK.try_with(|stack| stack.borrow_mut().push((number, self.clone())));
        EnterGuard {
            number,
            thread: PhantomData,
        }
    }
}

impl Handle {
    /// Makes [`current`] return this test in this thread until the guard is dropped.
    ///
    /// The handles of the user's own resources stay with the thread of the test.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{current, isolated};
    ///
    /// #[isolated(tmpdir)]
    /// #[test]
    /// fn writes_in_a_thread() {
    ///     let test = current().handle();
    ///     let thread = std::thread::spawn(move || {
    ///         let _entered = test.enter();
    ///         std::fs::write(current().tmpdir().join("log"), "ready")
    ///     });
    ///     assert!(thread.join().is_ok_and(|written| written.is_ok()));
    /// }
    /// ```
    pub fn enter(&self) -> EnterGuard {
        Current::elsewhere(self.clone()).enter_thread()
    }
}

/// Has [`current`] return a test until it is dropped; see [`Handle::enter`].
#[derive(Debug)]
#[must_use = "`current` forgets the test as soon as this is dropped"]
pub struct EnterGuard {
    /// Which of the thread's entries it is: guards may be dropped in any order.
    number: u64,
    /// The test belongs to the thread that has entered it.
    thread: PhantomData<*const ()>,
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        // There is nothing to forget when the thread has ended and its stack is gone. What is
        // forgotten is dropped outside, because handles of the user's may ask for the current test.
        let forgotten = STACK.try_with(|stack| {
            let mut stack = stack.borrow_mut();
            let at = stack.iter().rposition(|(number, _)| *number == self.number);
            at.map(|at| stack.remove(at))
        });
        drop(forgotten);
    }
}
