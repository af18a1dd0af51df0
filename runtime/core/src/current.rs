//! The running test, for helpers that it calls.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use crate::lock::owner::Owner;
use crate::name::Name;
use crate::resource::own::OwnSlot;
use crate::spec::Spec;
use crate::state::mark::Mark;

mod handle;

pub use handle::Handle;
pub(crate) use handle::Value;

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

/// The isolated test that runs in this thread, with everything that it was given.
///
/// What all threads may use is on [`Handle`], to which it dereferences.
#[derive(Clone)]
pub struct Current {
    handle: Handle,
    own: Rc<Vec<OwnSlot>>,
}

impl Current {
    /// Begins a test, none of whose resources is provisioned yet. Other processes find it by its mark.
    pub(crate) fn new(
        name: Name,
        spec: &'static Spec,
        caller: Option<Arc<Owner>>,
        mark: Option<Mark>,
    ) -> Self {
        let owner = Owner::new(name.clone(), caller, mark);
        Current::elsewhere(Handle::new(name, spec, owner))
    }

    /// The test as a thread sees it that has no handles of custom resources.
    pub(crate) fn elsewhere(handle: Handle) -> Self {
        let mut own = Vec::new();
        own.resize_with(handle.values().count(), OwnSlot::default);
        let own = Rc::new(own);
        Current { handle, own }
    }

    /// Returns a handle that may be sent to other threads.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Returns the handle of a resource of the user's own.
    ///
    /// There is none when the attribute does not name it, when it is not provisioned yet, when it
    /// has another type, and when a parameter has taken it by value.
    #[must_use]
    pub fn resource<H: 'static>(&self, name: &str) -> Option<Rc<H>> {
        let at = self.handle.values().position(|(other, _)| other == name)?;
        self.own[at].shared.get()?.clone().downcast().ok()
    }

    /// Returns the places of the handles of the user's own resources.
    pub(crate) fn own(&self) -> &[OwnSlot] {
        &self.own
    }

    /// Drops the handle of a resource of the user's own, unless somebody else has it too.
    pub(crate) fn drop_own(&mut self, index: usize) {
        if let Some(own) = Rc::get_mut(&mut self.own) {
            own[index] = OwnSlot::default();
        }
    }

    /// Makes this the test of the thread until the guard is dropped.
    pub(crate) fn enter_thread(&self) -> Entered {
        let number = LAST.get() + 1;
        LAST.set(number);
        let _ = STACK.try_with(|stack| stack.borrow_mut().push((number, self.clone())));
        Entered {
            number,
            thread: PhantomData,
        }
    }
}

impl Deref for Current {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Current")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// Has [`current`] return a test until it is dropped; see [`Handle::enter`].
#[derive(Debug)]
#[must_use = "`current` forgets the test as soon as this is dropped"]
pub struct Entered {
    /// Which of the thread's entries it is: guards may be dropped in any order.
    number: u64,
    /// The test belongs to the thread that has entered it.
    thread: PhantomData<*const ()>,
}

impl Drop for Entered {
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
