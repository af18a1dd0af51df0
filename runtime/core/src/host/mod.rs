//! Resources that are started once and shared by all tests that need them, in however many
//! processes.
//!
//! The first test that uses one starts its *host*: this test binary again, which provisions the
//! resource, publishes the handle as text, and stays until it has had no user for a while.
//! [`using`] is the side of a test, [`serving`] that of the host. They meet in a directory of the
//! state directory: see `state::host`.

use std::fmt;
#[cfg(unix)]
use std::marker::PhantomData;
use std::time::Duration;

use crate::error::BoxError;
#[cfg(unix)]
use crate::error::{Error, ErrorKind};
#[cfg(unix)]
use crate::lock::Mode;
use crate::resource::current::Current;
use crate::resource::{Outcome, Resource, Transfer};

#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod serving;
#[cfg(unix)]
mod using;

#[cfg(unix)]
use self::identity::HostName;
#[cfg(unix)]
use self::using::Use;

/// A resource that is started once and shared by all tests that need it.
///
/// A constant names it. Each test whose attribute names the constant gets the handle, as if the
/// resource were its own:
///
/// ```rust,test_harness
/// use std::io;
/// use std::net::SocketAddr;
///
/// use isolated_test::{BoxError, Current, Once, Outcome, Resource, Transfer, isolated};
///
/// /// A file that takes long to compute.
/// struct Fixture;
///
/// impl Resource for Fixture {
///     type Handle = String;
///
///     fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
///         let path = host.tmpdir().join("primes.txt");
///         std::fs::write(&path, "2 3 5 7")?;
///         Ok(path.display().to_string())
///     }
///
///     fn transfer() -> Transfer<String> {
///         Transfer::as_text()
///     }
/// }
///
/// const FIXTURE: Once<Fixture> = Once::new("primes", || Fixture);
///
/// #[isolated(primes = FIXTURE)]
/// #[test]
/// fn starts_with_two(primes: &str) -> io::Result<()> {
///     assert!(std::fs::read_to_string(primes)?.starts_with("2 "));
///     Ok(())
/// }
///
/// #[isolated(primes = FIXTURE)]
/// #[test]
/// fn contains_five(primes: &str) -> io::Result<()> {
///     assert!(std::fs::read_to_string(primes)?.contains(" 5 "));
///     Ok(())
/// }
/// ```
///
/// # The host
///
/// The first test that needs the resource starts its *host*, a process that runs this test binary
/// again, and waits until the resource is provisioned there. Other tests that need it meanwhile wait
/// too. [`Resource::provision`] runs in the host, and gets a port, a temporary directory (which is
/// never kept) and a namespace of the host, not those of a test. The handle reaches the tests as text,
/// so the resource needs a [`transfer`](Resource::transfer). A test with a network of its own
/// (`network`) gets the handle, but cannot reach the ports of the host.
///
/// When no test has used the host for `ISOLATED_LINGER` (by default 5 seconds), or when it gets
/// `SIGTERM`, it calls [`Resource::release`], which may take up to a minute, and ends. Everything that
/// it has started ends with it. [`linger_after_failure`](Once::linger_after_failure) gives people time
/// to look at what a failed test has left.
///
/// What the host prints goes to a log. Failures that concern the host quote the end of it. After a
/// failed test that has used the host, the log stays until the host has ended and another test begins.
///
/// # Which tests share it
///
/// All tests of one build of a test binary, in however many processes and runs. A binary that was
/// built again has a host of its own, because its code may differ. With a
/// [`fingerprint`](Once::fingerprint), all binaries, checkouts and runs of the user on this machine
/// share one host.
///
/// # When a process dies
///
/// - A test: the kernel releases its use. A host that it was starting goes on if another test waits
///   for it, and else ends.
/// - The host: its supervisor kills everything that it has started. Tests that use it and fail say
///   so. The next test starts a new host. [`Resource::release`] is not called, and what was
///   [recorded](crate::TestHandle::reclaim_after_crash) is reclaimed.
/// - The supervisor (called `isolated-guard`): on Linux, the kernel kills the host, and the next test
///   of the same user kills what is left. Elsewhere, the host goes on.
///
/// # Other systems
///
/// On macOS and BSD, only the process group of the host ends with it. On Windows there are no hosts:
/// each test provisions the resource for itself.
///
/// # Errors
///
/// A host that cannot start fails all tests that wait for it, with the reason. Tests that need it
/// within `ISOLATED_LINGER` fail at once with the same reason; after that one of them tries again.
#[must_use = "a test uses it when its attribute names it"]
pub struct Once<R: Resource> {
    name: &'static str,
    make: fn() -> R,
    fingerprint: Option<Fingerprint>,
    reset: Option<Reset<R>>,
    users: Users,
    after_failure: Duration,
    used: Option<Used<R>>,
}

type Fingerprint = fn() -> Result<String, BoxError>;
type Reset<R> = fn(&<R as Resource>::Handle) -> Result<(), BoxError>;

#[cfg(unix)]
type Used<R> = Box<(Use, PhantomData<fn() -> R>)>;
#[cfg(not(unix))]
type Used<R> = Box<R>;

/// How many tests may use a resource at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Users {
    Any,
    Most(u32),
    One,
}

impl<R: Resource> Once<R> {
    /// Names a resource, and gives the function that makes it, in the host.
    ///
    /// Two constants with the same name and type are the same resource.
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, if the name is empty, longer than 30 bytes or contains
    /// control characters.
    pub const fn new(name: &'static str, make: fn() -> R) -> Self {
        check(name);
        Once {
            name,
            make,
            fingerprint: None,
            reset: None,
            users: Users::Any,
            after_failure: Duration::ZERO,
            used: None,
        }
    }

    /// Shares the resource between all test binaries, checkouts and runs for which this function
    /// returns the same text.
    ///
    /// The text has to identify everything on which the resource depends, such as the version of the
    /// program and the content of its configuration, and the form of the handle. The first test that
    /// needs the resource starts it, with the code of its binary. Without a fingerprint, each build
    /// of a test binary has its own.
    ///
    /// An error fails the test.
    ///
    /// # Examples
    ///
    /// ```
    /// # use isolated_test::{Once, Service};
    /// # fn redis() -> Service { Service::new("redis-server") }
    /// const REDIS: Once<Service> = Once::new("redis", redis).fingerprint(|| Ok("7".to_owned()));
    /// # let _ = REDIS;
    /// ```
    pub const fn fingerprint(mut self, fingerprint: fn() -> Result<String, BoxError>) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// Lets at most this many tests use the resource at the same time. Others wait, and several such
    /// resources are named in the same order as with [`serial`](Once::serial).
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, if the limit is zero or above 256.
    pub const fn limit(mut self, limit: u32) -> Self {
        assert!(
            limit > 0 && limit <= 256,
            "the limit of users is from 1 to 256"
        );
        self.users = Users::Most(limit);
        self
    }

    /// Lets one test at a time use the resource. Others wait.
    ///
    /// A test that needs several such resources names them in the order of their names, or is
    /// refused, because two tests could wait for each other.
    pub const fn serial(mut self) -> Self {
        self.users = Users::One;
        self
    }

    /// Gives each test a fresh start: calls this function with the handle before the test, in the
    /// process of the test. One test at a time uses the resource, as with [`serial`](Once::serial).
    ///
    /// So the traces of a test that was killed are removed too. An error fails the test.
    pub const fn reset(mut self, reset: fn(&R::Handle) -> Result<(), BoxError>) -> Self {
        self.reset = Some(reset);
        self.serial()
    }

    /// Lets the host linger this long, if that is longer than `ISOLATED_LINGER`, once a test that used
    /// it has failed, so that people can look at what the test has left there.
    ///
    /// `cargo isolated clean` ends the host earlier. With `ISOLATED_KEEP=never`, failures do not count.
    pub const fn linger_after_failure(mut self, time: Duration) -> Self {
        self.after_failure = time;
        self
    }
}

impl<R: Resource> Resource for Once<R> {
    type Handle = R::Handle;

    #[cfg(unix)]
    fn provision(&mut self, test: &Current) -> Result<R::Handle, BoxError> {
        let way = R::transfer().way.ok_or_else(|| {
            format!(
                "the handle of `{}` cannot leave its host; implement `Resource::transfer` for its resource",
                self.name
            )
        })?;
        let name = HostName::of::<R>(self.name, self.fingerprint)?;
        if let Some(asked) = serving::asked() {
            serving::serve(asked, &name, self.make, self.after_failure)?;
        }
        using::refuse_itself(&name)?;
        let mode = match self.users {
            Users::Any => None,
            Users::Most(limit) => Some(Mode::Limit(limit)),
            Users::One => Some(Mode::Exclusive),
        };
        let used = Box::new((Use::begin(name, test, mode)?, PhantomData));
        let handle = (way.read)(used.0.handle())?;
        if let Some(reset) = self.reset {
            reset(&handle).map_err(|error| {
                Error::new(ErrorKind::Resource, format!("reset `{}`", self.name)).because(error)
            })?;
        }
        self.used = Some(used);
        Ok(handle)
    }

    #[cfg(unix)]
    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        if let (Some(used), Outcome::Passed) = (self.used.take(), outcome) {
            used.0.pass();
        }
        Ok(())
    }

    #[cfg(unix)]
    fn describe(&self) -> Option<String> {
        Some(self.used.as_ref()?.0.to_string())
    }

    #[cfg(not(unix))]
    fn provision(&mut self, test: &Current) -> Result<R::Handle, BoxError> {
        let mut resource = (self.make)();
        let handle = resource.provision(test)?;
        self.used = Some(Box::new(resource));
        Ok(handle)
    }

    #[cfg(not(unix))]
    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let used = self.used.take();
        used.map_or(Ok(()), |mut resource| resource.release(outcome))
    }

    #[cfg(not(unix))]
    fn describe(&self) -> Option<String> {
        self.used.as_ref()?.describe()
    }

    fn transfer() -> Transfer<R::Handle> {
        R::transfer()
    }
}

/// Panics if a resource cannot have this name.
const fn check(name: &str) {
    assert!(
        !name.is_empty() && name.len() <= 30,
        "the name of a shared resource is 1 to 30 bytes long"
    );
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        assert!(
            bytes[at] >= b' ' && bytes[at] != 0x7f,
            "the name of a shared resource has no control characters; remove them"
        );
        at += 1;
    }
}

impl<R: Resource> fmt::Debug for Once<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Once")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
