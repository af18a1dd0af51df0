//! Programs that serve a test: how one is described, started, and ended.
//!
//! `ready` decides when a program is ready, `watched` knows its output and its end, and `running` is
//! the handle of the test. `os::supervised` starts and ends the processes.

mod ready;
mod running;
mod served;
mod watched;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use self::ready::Goal;
pub use self::ready::Ready;
pub use self::running::Running;
pub use self::served::Served;
use crate::config;
use crate::error::{BoxError, Error, ErrorKind};
use crate::resource::current::Current;
use crate::resource::{Outcome, Resource};

/// A program that serves a test: the program under test, or a tool such as `redis-server`.
///
/// The program starts before the body of the test, which begins once the program is [`Ready`]. After
/// the body, the program is ended with everything that it has started. Its output is kept in memory,
/// and the end of it is shown if the test fails. The test gets a [`Running`].
///
/// The program must stay in the foreground: when it ends, everything that it has started is killed.
/// The program acts for the test, as [`delegate_to`](crate::TestHandle::delegate_to) describes: except
/// on Windows, it has the locks of the test.
///
/// # Examples
///
/// A server that gets its port as an argument. The test begins when the server listens on it:
///
/// ```rust,test_harness,no_run
/// use std::net::TcpStream;
///
/// use isolated_test::{Port, Service, isolated};
///
/// fn shop() -> Service {
///     // A binary of the same package: `Service::new(env!("CARGO_BIN_EXE_shop"))`.
///     Service::new("shop").with(|shop, test| {
///         shop.arg("--port").arg(test.port().to_string());
///         shop.arg("--data").arg(test.tmpdir().path());
///     })
/// }
///
/// #[isolated(port, tmpdir, shop = shop())]
/// #[test]
/// fn answers(port: Port) -> std::io::Result<()> {
///     TcpStream::connect(port.addr()).map(drop)
/// }
/// ```
///
/// A program that prints when it is ready:
///
/// ```rust,test_harness
/// use isolated_test::{Ready, Running, Service, isolated};
///
/// fn worker() -> Service {
///     let script = "echo ready to work; exec sleep 1000";
///     Service::new("sh")
///         .with(move |sh, _| {
///             sh.args(["-c", script]);
///         })
///         .ready(Ready::prints("ready"))
/// }
///
/// #[isolated(worker = worker())]
/// #[test]
/// fn works(worker: &Running) {
///     assert_eq!(worker.output(), "ready to work\n");
/// }
/// ```
///
/// # When the process dies
///
/// The program and everything that it has started are killed at once, however the process dies. On
/// Linux this includes daemons; on macOS and BSD, only the process group of the program. If the
/// supervisor of the program is killed (a process called `isolated-guard`), Linux kills the program,
/// and the processes that the program has started go on.
#[must_use = "a service runs while a test has it as a resource"]
pub struct Service {
    program: OsString,
    set_up: Vec<SetUp>,
    ready: Ready,
    ready_within: Duration,
    grace: Duration,
    /// The started program, and the name of its test.
    running: Option<(Running, String)>,
}

type SetUp = Box<dyn FnOnce(&mut Command, &Current)>;

/// The default of [`Service::ready_within`].
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The default of [`Service::grace`].
const GRACE: Duration = Duration::from_secs(5);

impl Service {
    /// Describes a program. [`Command::new`] explains how it is found.
    ///
    /// In tests of the folder `tests`, the path of a binary of the same package is
    /// `env!("CARGO_BIN_EXE_name")`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Service {
            program: program.as_ref().to_owned(),
            set_up: Vec::new(),
            ready: Ready::listens(),
            ready_within: READY_WITHIN,
            grace: GRACE,
            running: None,
        }
    }

    /// Sets arguments, variables and the working directory. The second argument gives access to the
    /// ports, directories, namespaces and other resources that precede the service in the attribute.
    ///
    /// The program inherits the variables and the working directory of the test. Standard streams
    /// that are set here have no effect. A server that sets neither `SO_REUSEADDR` nor `SO_REUSEPORT`
    /// needs [`test.port().release()`](crate::Port::release) here.
    pub fn with(mut self, set_up: impl FnOnce(&mut Command, &Current) + 'static) -> Self {
        self.set_up.push(Box::new(set_up));
        self
    }

    /// Sets how the program shows that it is ready. By default it [listens](Ready::listens) on the
    /// port of the test.
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = ready;
        self
    }

    /// Sets how long the program may take to be ready: by default 30 seconds.
    ///
    /// `ISOLATED_TIMEOUT_SCALE` applies. A program that ends before it is ready fails the test at once.
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }

    /// Sets how long the program and everything that it has started may take to end: by default 5
    /// seconds.
    ///
    /// At the end of the test they get `SIGTERM`, and after this time `SIGKILL`. On Windows they are
    /// ended at once.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The name of the program without its directory.
    fn name(&self) -> String {
        let path = Path::new(&self.program);
        let name = path.file_name().unwrap_or(&self.program);
        name.to_string_lossy().into_owned()
    }

    fn start(&mut self, test: &Current) -> Result<(Running, Goal), BoxError> {
        let (mut command, input) = self.ready.command(&self.program, test)?;
        test.delegate_to(&mut command);
        for set_up in self.set_up.drain(..) {
            set_up(&mut command, test);
        }
        command.stdin(input.unwrap_or_else(Stdio::null));
        let goal = self.ready.goal(test)?;
        let running = Running::start(self.name(), command, &goal, self.grace, test.is_host())
            .map_err(|cause| self.not_started(cause))?;
        Ok((running, goal))
    }

    fn not_started(&self, cause: io::Error) -> Error {
        let error = Error::new(ErrorKind::Resource, format!("start `{}`", self.name()));
        let way_out = match cause.kind() {
            io::ErrorKind::NotFound => {
                "write its path or install it in `PATH`, and check its working directory"
            }
            io::ErrorKind::PermissionDenied => "make it executable",
            _ => return error.because(cause),
        };
        error.because(format!("{cause}; {way_out}"))
    }
}

impl Resource for Service {
    type Handle = Running;

    fn provision(&mut self, test: &Current) -> Result<Running, BoxError> {
        let limit = config::variables()?.scaled(self.ready_within);
        let (running, goal) = self.start(test)?;
        if let Err(error) = running.wait_until_ready(&goal, limit) {
            let _ = running.kill();
            running.show_output(test.name());
            return Err(error);
        }
        self.running = Some((running.clone(), test.name().to_owned()));
        Ok(running)
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let Some((running, test)) = self.running.take() else {
            return Ok(());
        };
        let result = running.finish();
        if outcome == Outcome::Failed || result.is_err() {
            running.show_output(&test);
        }
        result
    }

    fn describe(&self) -> Option<String> {
        let (running, _) = self.running.as_ref()?;
        Some(running.to_string())
    }
}

impl Drop for Service {
    /// Kills a program that was not released, because a resource that contains the service has failed.
    fn drop(&mut self) {
        if let Some((running, _)) = self.running.take() {
            let _ = running.kill();
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("program", &self.program)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
