//! The context of a thread: the running test, for helpers that it calls.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use crate::lock::owner::Owner;
use crate::resource::context::TestHandle;
use crate::resource::current::Current;

thread_local! {
    /// The tests that this thread has entered, each under a unique number.
    static STACK: RefCell<Vec<(u64, Current)>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Returns the isolated test that runs in this thread.
///
/// # Panics
///
/// Panics when no isolated test runs in this thread. A thread started by a test needs a [`TestHandle`]
/// from it; see [`Current::handle`].
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
    // When a thread exits, `STACK` may be dropped before the thread's other local values.
    let last = STACK.try_with(|stack| stack.borrow().last().map(|(_, current)| current.clone()));
    last.ok().flatten()
}

/// The current test of this thread, as an owner of locks.
pub(crate) fn owner() -> Option<Arc<Owner>> {
    try_current().map(|current| current.owner().clone())
}

/// The name that a record shows for a guard: that of the current test, or of the program.
pub(crate) fn name_of_caller() -> String {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    if let Some(current) = try_current() {
        return current.name().to_owned();
    }
    let program = PROGRAM.get_or_init(|| {
        let program = std::env::current_exe().unwrap_or_default();
        let name = program.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    program.clone()
}

impl Current {
    /// Makes this the current test of the thread until the guard is dropped.
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

impl TestHandle {
    /// Makes [`current`] return this test in this thread until the guard is dropped.
    ///
    /// Handles of custom resources stay in the thread of the test.
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

/// Keeps a test as [`current`] of its thread until it is dropped; see [`TestHandle::enter`].
#[derive(Debug)]
#[must_use = "`current` forgets the test as soon as this is dropped"]
pub struct EnterGuard {
    /// The number of the entry in the thread's stack, because guards may be dropped in any order.
    number: u64,
    /// Keeps the guard in the thread that entered the test.
    thread: PhantomData<*const ()>,
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        // When the thread exits, the stack may be gone, and with it the entry. The entry is dropped
        // outside the borrow, because dropping a user's handle may call `current`.
        let forgotten = STACK.try_with(|stack| {
            let mut stack = stack.borrow_mut();
            let at = stack.iter().rposition(|(number, _)| *number == self.number);
            at.map(|at| stack.remove(at))
        });
        drop(forgotten);
    }
}
