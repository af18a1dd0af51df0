//! What a running test was given.

use std::fmt;
use std::ops::Deref;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use super::custom::CustomSlot;
use super::request::Request;
use crate::config;
use crate::location::SourceLocation;
use crate::lock::owner::Owner;
use crate::name::Name;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;

/// An isolated test with its ports, directories, namespaces and seeds; may be sent to other threads.
///
/// Methods without a name return the first resource of their kind. After the test it goes on to
/// answer, but what it returns belongs to nobody.
#[derive(Clone)]
pub struct Handle {
    test: Arc<TestContext>,
}

/// The annotated function has not begun.
const AWAITED: u8 = 0;

/// The annotated function has begun.
const RUNNING: u8 = 1;

/// The annotated function has returned.
const OVER: u8 = 2;

struct TestContext {
    name: Name,
    function: (&'static SourceLocation, &'static str),
    /// How far the annotated function is.
    stage: AtomicU8,
    owner: Arc<Owner>,
    values: Vec<(&'static str, OnceLock<Value>)>,
}

/// A provisioned resource.
#[derive(Debug)]
pub(crate) enum Value {
    /// One port or several.
    Ports(Vec<Port>),
    TmpDir(TmpDir),
    Namespace(Namespace),
    Seed(u64),
    /// One of the user's own, whose handle only the thread of the test may have.
    Custom,
}

impl Handle {
    /// Begins a test, none of whose resources is provisioned yet.
    pub(crate) fn new(
        name: Name,
        function: (&'static SourceLocation, &'static str),
        requests: &[Request],
        owner: Arc<Owner>,
    ) -> Self {
        let mut values = Vec::with_capacity(requests.len());
        for request in requests {
            values.push((request.name, OnceLock::new()));
        }
        Handle {
            test: Arc::new(TestContext {
                name,
                function,
                owner,
                stage: AtomicU8::new(AWAITED),
                values,
            }),
        }
    }

    /// Returns the name of the test: the crate, then what the test runner calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.test.name.full()
    }

    /// Returns the test as an owner of locks.
    pub(crate) fn owner(&self) -> &Arc<Owner> {
        &self.test.owner
    }

    /// Returns the name that the test runner has.
    pub(crate) fn runner_name(&self) -> &str {
        self.test.name.runner()
    }

    /// The source location and the name of the annotated function.
    pub(crate) fn function(&self) -> (&'static SourceLocation, &'static str) {
        self.test.function
    }

    /// Whether the annotated function has not begun.
    pub(crate) fn awaits_body(&self) -> bool {
        self.test.stage.load(Ordering::Relaxed) == AWAITED
    }

    /// Takes note that the annotated function begins; what calls it from there begins another run.
    pub(crate) fn begin_body(&self) {
        self.test.stage.store(RUNNING, Ordering::Relaxed);
    }

    /// Takes note that the annotated function has returned.
    pub(crate) fn end_body(&self) {
        self.test.stage.store(OVER, Ordering::Relaxed);
    }

    /// Whether the annotated function has begun and not returned.
    pub(crate) fn is_in_body(&self) -> bool {
        self.test.stage.load(Ordering::Relaxed) == RUNNING
    }

    /// Whether both are handles of the same run.
    pub(crate) fn is_same(&self, other: &Handle) -> bool {
        Arc::ptr_eq(&self.test, &other.test)
    }

    /// Returns the port, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics when the attribute asks for none.
    #[must_use]
    #[track_caller]
    pub fn port(&self) -> Port {
        self.first("port", |value| match value {
            Value::Ports(ports) => ports.first().cloned(),
            _ => None,
        })
    }

    /// Returns the ports of this name: one, or as many as `count` says; none when there is no such
    /// name.
    #[must_use]
    pub fn ports(&self, name: &str) -> Vec<Port> {
        match self.value(name) {
            Some(Value::Ports(ports)) => ports.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns the temporary directory, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics when the attribute asks for none.
    #[must_use]
    #[track_caller]
    pub fn tmpdir(&self) -> TmpDir {
        self.first("tmpdir", |value| match value {
            Value::TmpDir(dir) => Some(dir.clone()),
            _ => None,
        })
    }

    /// Returns the temporary directory of this name.
    #[must_use]
    pub fn tmpdir_named(&self, name: &str) -> Option<TmpDir> {
        match self.value(name)? {
            Value::TmpDir(dir) => Some(dir.clone()),
            _ => None,
        }
    }

    /// Returns the namespace, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics when the attribute asks for none.
    #[must_use]
    #[track_caller]
    pub fn namespace(&self) -> Namespace {
        self.first("namespace", |value| match value {
            Value::Namespace(namespace) => Some(namespace.clone()),
            _ => None,
        })
    }

    /// Returns the namespace of this name.
    #[must_use]
    pub fn namespace_named(&self, name: &str) -> Option<Namespace> {
        match self.value(name)? {
            Value::Namespace(namespace) => Some(namespace.clone()),
            _ => None,
        }
    }

    /// Returns the seed, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics when the attribute asks for none.
    #[must_use]
    #[track_caller]
    pub fn seed(&self) -> u64 {
        self.first("seed", |value| match value {
            Value::Seed(seed) => Some(*seed),
            _ => None,
        })
    }

    /// Returns the seed of this name.
    #[must_use]
    pub fn seed_named(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            Value::Seed(seed) => Some(*seed),
            _ => None,
        }
    }

    /// Lets a program act for this test.
    ///
    /// The isolated tests in that program hold the locks of this test instead of waiting for them,
    /// and take turns where a lock is exclusive.
    ///
    /// Without this call, a program that has to wait looks for the test among its ancestors: on
    /// Linux only, and only while no other isolated test runs in this process. A test with a
    /// subprocess needs no call, because every program that it starts inherits the variable.
    ///
    /// # When the process dies
    ///
    /// The program acts for nobody from then on, and waits for locks as any other.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{current, isolated};
    ///
    /// #[isolated(serial = "cargo")]
    /// #[test]
    /// fn knows_cargo() -> std::io::Result<()> {
    ///     let mut cargo = std::process::Command::new("cargo");
    ///     current().delegate_to(&mut cargo); // `cargo test` could lock "cargo" now
    ///     assert!(cargo.arg("--version").status()?.success());
    ///     Ok(())
    /// }
    /// ```
    pub fn delegate_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(mark) = self.test.owner.mark() {
            command.env(config::OWNER, mark.to_string());
        }
        command
    }

    /// Returns all resources by name, as far as they are provisioned.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, Option<&Value>)> {
        self.test
            .values
            .iter()
            .map(|(name, value)| (*name, value.get()))
    }

    /// Returns the resource at a place.
    pub(crate) fn value_at(&self, index: usize) -> Option<&Value> {
        self.test.values.get(index)?.1.get()
    }

    /// Puts a provisioned resource at its place.
    pub(crate) fn provide(&self, index: usize, value: Value) {
        let _ = self.test.values[index].1.set(value);
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values().find(|(other, _)| *other == name)?.1
    }

    #[track_caller]
    fn first<T>(&self, kind: &str, pick: impl Fn(&Value) -> Option<T>) -> T {
        let Some(found) = self.values().filter_map(|(_, value)| value).find_map(pick) else {
            panic!("{} has no {kind}; write `#[isolated({kind})]`", self.name());
        };
        found
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handle")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// The isolated test that runs in this thread, with everything that it was given.
///
/// What all threads may use is on [`Handle`], to which it dereferences.
#[derive(Clone)]
pub struct Current {
    handle: Handle,
    own: Rc<Vec<CustomSlot>>,
}

impl Current {
    /// The test as a thread sees it that has no handles of custom resources.
    pub(crate) fn elsewhere(handle: Handle) -> Self {
        let mut own = Vec::new();
        own.resize_with(handle.values().count(), CustomSlot::default);
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
    pub(crate) fn own(&self) -> &[CustomSlot] {
        &self.own
    }

    /// Drops the handle of a resource of the user's own, unless somebody else has it too.
    pub(crate) fn drop_own(&mut self, index: usize) {
        if let Some(own) = Rc::get_mut(&mut self.own) {
            own[index] = CustomSlot::default();
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
