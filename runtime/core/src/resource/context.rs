//! The context of a running test: its name and its resources.

use std::any;
use std::fmt;
use std::mem;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::body::Body;
#[cfg(feature = "clock")]
use super::clock::Clock;
use super::reclaim::Recorder;
use super::request::Request;
use super::should_panic::ShouldPanic;
use super::value::Value;
use crate::config;
use crate::location::SourceLocation;
use crate::lock::owner::Owner;
use crate::mutex::lock;
use crate::name::Name;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;

/// A handle to an isolated test with its resources.
///
/// It can be sent to other threads. Methods without a `name` parameter return the first resource of
/// their kind. The handle works even after the test, but then the resources are no longer reserved
/// for anyone, and custom resources have been released.
#[derive(Clone)]
pub struct TestHandle {
    test: Arc<TestContext>,
}

struct TestContext {
    name: Name,
    function: (&'static SourceLocation, &'static str),
    body: Body,
    owner: Arc<Owner>,
    values: Vec<(&'static str, OnceLock<Value>)>,
    /// The directories that were created during the test without the attribute.
    adopted: Mutex<Vec<TmpDir>>,
    recorder: Recorder,
    has_network: bool,
    #[cfg(feature = "clock")]
    clock: OnceLock<Clock>,
}

impl TestHandle {
    /// Begins a test. None of its resources is provisioned yet.
    pub(crate) fn new(
        name: Name,
        function: (&'static SourceLocation, &'static str),
        should_panic: ShouldPanic,
        requests: &[Request],
        owner: Arc<Owner>,
        recorder: Recorder,
        has_network: bool,
    ) -> Self {
        let mut values = Vec::with_capacity(requests.len());
        for request in requests {
            values.push((request.name, OnceLock::new()));
        }
        TestHandle {
            test: Arc::new(TestContext {
                name,
                function,
                owner,
                body: Body::new(should_panic),
                values,
                adopted: Mutex::default(),
                recorder,
                has_network,
                #[cfg(feature = "clock")]
                clock: OnceLock::new(),
            }),
        }
    }

    /// Returns the name of the test: the crate, then the name that the test runner uses.
    #[must_use]
    pub fn name(&self) -> &str {
        self.test.name.full()
    }

    /// The test as an owner of locks.
    pub(crate) fn owner(&self) -> &Arc<Owner> {
        &self.test.owner
    }

    /// The name that the test runner uses.
    pub(crate) fn runner_name(&self) -> &str {
        self.test.name.runner()
    }

    /// Whether this is no test, but the host of a resource that tests share.
    pub(crate) fn is_host(&self) -> bool {
        self.test.name.is_host()
    }

    /// Returns whether the body has the network to itself, as `network` asks for: a network of its own,
    /// or with `or = "serial"` its turn in that of the machine.
    ///
    /// A [resource](crate::Resource) that serves a fixed address, such as `127.0.0.1:5432`, needs this. It
    /// begins to listen in the function that reads its [transferred](crate::Resource::transfer) handle,
    /// because that runs in the subprocess, and so in its network.
    #[must_use]
    pub fn has_network(&self) -> bool {
        self.test.has_network
    }

    /// The source location and the name of the annotated function.
    pub(crate) fn function(&self) -> (&'static SourceLocation, &'static str) {
        self.test.function
    }

    /// The state of the body.
    pub(crate) fn body(&self) -> &Body {
        &self.test.body
    }

    /// Whether both are handles to the same run.
    pub(crate) fn is_same(&self, other: &TestHandle) -> bool {
        Arc::ptr_eq(&self.test, &other.test)
    }

    /// Returns the port of the test, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics if the attribute requests none, or none is provisioned yet.
    #[must_use]
    #[track_caller]
    pub fn port(&self) -> Port {
        self.first("port", |value| value.ports()?.first()).clone()
    }

    /// Returns the ports with this name: one, or as many as `count` specifies. The list is empty if
    /// no port has this name.
    #[must_use]
    pub fn ports(&self, name: &str) -> Vec<Port> {
        let ports = self.value(name).and_then(Value::ports);
        ports.unwrap_or_default().to_vec()
    }

    /// Returns the temporary directory of the test, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics if the attribute requests none, or none is provisioned yet.
    #[must_use]
    #[track_caller]
    pub fn tmpdir(&self) -> TmpDir {
        self.first("tmpdir", Value::tmpdir).clone()
    }

    /// Returns the temporary directory with this name, if there is one.
    #[must_use]
    pub fn tmpdir_named(&self, name: &str) -> Option<TmpDir> {
        self.value(name)?.tmpdir().cloned()
    }

    /// Returns the namespace of the test, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics if the attribute requests none, or none is provisioned yet.
    #[must_use]
    #[track_caller]
    pub fn namespace(&self) -> Namespace {
        self.first("namespace", Value::namespace).clone()
    }

    /// Returns the namespace with this name, if there is one.
    #[must_use]
    pub fn namespace_named(&self, name: &str) -> Option<Namespace> {
        self.value(name)?.namespace().cloned()
    }

    /// Returns the seed of the test, or the first of several.
    ///
    /// # Panics
    ///
    /// Panics if the attribute requests none, or none is provisioned yet.
    #[must_use]
    #[track_caller]
    pub fn seed(&self) -> u64 {
        self.first("seed", Value::seed)
    }

    /// Returns the seed with this name, if there is one.
    #[must_use]
    pub fn seed_named(&self, name: &str) -> Option<u64> {
        self.value(name)?.seed()
    }

    /// Returns the item that the test has from the pool with this name: `device` for
    /// `device = pool(...)`. `None` if the attribute requests no such pool.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{current, isolated};
    ///
    /// fn dial() -> String {
    ///     format!("calls by {}", current().item("phone").unwrap_or("nobody"))
    /// }
    ///
    /// #[isolated(phone = pool("phones", ["left", "right"]))]
    /// #[test]
    /// fn calls(phone: &str) {
    ///     assert_eq!(dial(), format!("calls by {phone}"));
    /// }
    /// ```
    #[must_use]
    pub fn item(&self, name: &str) -> Option<&'static str> {
        self.value(name)?.item()
    }

    /// The clock of the test, if it has one and has begun.
    #[cfg(feature = "clock")]
    pub(crate) fn clock_if_any(&self) -> Option<&Clock> {
        self.test.clock.get()
    }

    /// Gives the test its clock.
    #[cfg(feature = "clock")]
    pub(crate) fn give_clock(&self, clock: Clock) {
        let _ = self.test.clock.set(clock);
    }

    /// Returns the handle of the first custom resource whose handle has type `H`. Works from any thread.
    ///
    /// For a handle that is not `Send` and `Sync`, see [`Current::resource`](crate::Current::resource). The
    /// resource is released at the end of the test even if a clone of its handle is still alive.
    ///
    /// # Panics
    ///
    /// Panics if no resource in the attribute has such a handle, if it is not provisioned yet or
    /// already released, or if a parameter takes it by value or as `&mut`.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{BoxError, Current, Resource, current, isolated};
    ///
    /// struct Db;
    ///
    /// struct Table(String);
    ///
    /// impl Resource for Db {
    ///     type Handle = Table;
    ///
    ///     fn provision(&mut self, test: &Current) -> Result<Table, BoxError> {
    ///         Ok(Table(test.namespace().to_string()))
    ///     }
    /// }
    ///
    /// fn table_name() -> String {
    ///     current().get::<Table>().0.clone()
    /// }
    ///
    /// #[isolated(namespace, db = Db)]
    /// #[test]
    /// fn reads_in_a_thread() {
    ///     let test = current().handle();
    ///     let other = std::thread::spawn(move || test.get::<Table>().0.clone());
    ///     assert_eq!(other.join().ok(), Some(table_name()));
    /// }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn get<H: Send + Sync + 'static>(&self) -> Arc<H> {
        let mut values = self.values().filter_map(|(_, value)| value);
        let Some(found) = values.find_map(Value::custom) else {
            panic!(
                "{} has no handle of type `{}` to share; write `#[isolated(name = ...)]`, take it as `&T` and not by \
                 value or as `&mut`, and call this while the test runs",
                self.name(),
                any::type_name::<H>()
            );
        };
        found
    }

    /// Returns the handle of the custom resource with this name, if it has type `H`. Works from any
    /// thread.
    ///
    /// Returns `None` where [`get`](TestHandle::get) panics.
    #[must_use]
    pub fn get_named<H: Send + Sync + 'static>(&self, name: &str) -> Option<Arc<H>> {
        self.value(name)?.custom()
    }

    /// Lets a program act for this test.
    ///
    /// Sets a variable of the command. Isolated tests in that program then share the locks of this
    /// test instead of waiting for them, and take turns where a lock is exclusive.
    ///
    /// Without this call, a program that has to wait searches its ancestors for the test. That
    /// works only on Linux, and only while no other isolated test runs in this process. A test with
    /// a subprocess needs no call, because every program that it starts inherits the variable.
    ///
    /// # When the process dies
    ///
    /// The program no longer acts for any test, and waits for locks like any other program.
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

    /// All resources by name; `None` for those that are not provisioned yet.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, Option<&Value>)> {
        self.test
            .values
            .iter()
            .map(|(name, value)| (*name, value.get()))
    }

    /// The resource at an index, if it is provisioned.
    pub(crate) fn value_at(&self, index: usize) -> Option<&Value> {
        self.test.values.get(index)?.1.get()
    }

    /// Stores a provisioned resource at its index.
    pub(crate) fn provide(&self, index: usize, value: Value) {
        let _ = self.test.values[index].1.set(value);
    }

    /// Where the record of the test is written.
    pub(super) fn recorder(&self) -> &Recorder {
        &self.test.recorder
    }

    /// Lets a directory live until the test ends.
    pub(crate) fn adopt(&self, dir: TmpDir) {
        self.adopted().push(dir);
    }

    /// The directories that were created during the test without the attribute.
    pub(crate) fn adopted(&self) -> MutexGuard<'_, Vec<TmpDir>> {
        lock(&self.test.adopted)
    }

    /// Takes over these directories, at the end of the test.
    pub(crate) fn take_adopted(&self) -> Vec<TmpDir> {
        mem::take(&mut *self.adopted())
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values().find(|(other, _)| *other == name)?.1
    }

    #[track_caller]
    fn first<'v, T>(&'v self, kind: &str, pick: impl Fn(&'v Value) -> Option<T>) -> T {
        let Some(found) = self.values().filter_map(|(_, value)| value).find_map(pick) else {
            panic!("{} has no {kind}; write `#[isolated({kind})]`", self.name());
        };
        found
    }
}

impl fmt::Debug for TestHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TestHandle")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
