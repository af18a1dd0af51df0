//! One attribute makes a test safe to run beside every other test on the machine.
//!
//! ```rust,test_harness
//! use isolated_test::{Port, TmpDir, isolated};
//!
//! #[isolated(port, tmpdir, serial = "tcp")]
//! #[test]
//! fn serves_files(port: Port, tmpdir: &TmpDir) {
//!     let server = port.listen().unwrap();
//!     assert_eq!(server.local_addr().unwrap(), port.addr());
//!     assert_eq!(tmpdir.read_dir().unwrap().count(), 0);
//! }
//! ```
//!
//! The test gets a port that nobody else has, a directory of its own, and runs while no other test
//! has the key `"tcp"`: under `cargo test`, under `cargo nextest run`, in several checkouts at once,
//! and after any process was killed. The attribute stands **above** the test attribute, whichever it
//! is. On a module it applies to every test in it. `#[isolated_test::test(...)]` is
//! `#[isolated(...)]` and `#[test]` in one line.
//!
//! # Arguments
//!
//! Resources are bound to parameters by name; the type of a parameter says in which form.
//!
//! - `port`, `port(udp)`, `port(tcp, udp)`, `port(count = 3)`: a [`Port`], as itself, as `u16`,
//!   `SocketAddr`, or already bound as `TcpListener` or `UdpSocket`; several as an array or `Vec`.
//! - `tmpdir`, `tmpdir(from = "fixtures/site", keep = "always")`: a [`TmpDir`], as itself, as `&Path`
//!   or `PathBuf`. `from` is relative to the root of the package. `keep` is `"never"`, `"failure"`
//!   or `"always"`.
//! - `namespace`: a [`Namespace`], as itself, as `&str` or `String`.
//! - `seed`: a `u64` that is new each time, printed when the test fails, and repeated by the variable
//!   `ISOLATED_SEED`. Further seeds of a test follow from its first.
//! - `name = Expr`: anything that implements [`Resource`].
//! - `name = port`, `name = tmpdir(...)` and so on: the same under another name.
//!
//! Locks are taken before the test and released after it. A key is a string or a [`Key`], which your
//! own code can lock as well.
//!
//! - `serial`, `serial = "tcp"`, `serial = ["tcp", DB]`: no other test has the key.
//! - `shared = "db"`: nobody has the key for `serial`.
//! - `limit("sockets", 4)`: at most four have the key; a limit is from 1 to 256.
//! - `alone`: no other isolated test of this user runs.
//!
//! For what a whole process has only once, a test gets a subprocess. All of these imply it.
//!
//! - `process`: the body runs in a new process of the same test binary.
//! - `env(PORT = port, "odd-name" = 1, unset(HOME), clear)`: variables; the values are expressions that
//!   see the resources.
//! - `cwd`, `cwd = expr`: the working directory; without a value the temporary one.
//! - `timeout = "30s"`, `timeout = LIMIT`: all processes of the test end after that time.
//! - `network`, `network(or = "skip")`, `network(or = "serial")`: a loopback network, on Linux.
//! - `retries = 2`: up to two more attempts after a failure, each with fresh resources; a test that
//!   passes then is reported as flaky, with the output of all attempts.
//! - `quarantine = "why"`: the test is run and reported, and a failure does not count.
//!
//! And two for the attribute itself.
//!
//! - `test_attribute`: an attribute that this one does not know counts as a test attribute.
//!   `test_attribute = "called by main"`: there is none, because other code calls the function.
//! - `crate = path`: this crate is found at another path.
//!
//! Helpers reach the resources with [`current`], and other threads with a [`Handle`] of it. A program
//! that a test starts acts for that test: see [`Handle::delegate_to`].
//!
//! # What can go wrong
//!
//! A mistake in the attribute is a compile error that says what to write. At run time, a test that
//! cannot get what it asks for fails with the reason: a lock whose holder has not changed for
//! `ISOLATED_LOCK_TIMEOUT`, a state directory that belongs to somebody else, no port, no space.
//! `#[should_panic]` does not make such a test pass.
//!
//! A failed test prints its resources, what it waited for, and the command that repeats it. Its
//! temporary directory is kept.
//!
//! A test in a subprocess passes only if the subprocess reports the end of the body and exits like a
//! test that passes. Processes that it leaves behind are ended and named.
//!
//! # When the process dies
//!
//! The kernel frees locks and ports at once; those of a test in a subprocess when a supervisor has
//! ended everything that the test has started. The next process that runs an isolated test removes
//! the directories. Nothing that a dead process leaves ever blocks anybody.
//!
//! # Limits
//!
//! Locks bind only the code that takes them, on one machine, within one state directory: that of the
//! user, or the one that `ISOLATED_DIR` names. The kernel holds ports on Linux only; elsewhere lock
//! files do.
//! The README has the whole list, and a page on platforms.

#[cfg(target_family = "wasm")]
compile_error!(
    "`isolated-test` cannot isolate tests on WebAssembly, because there are no file locks, processes \
     and ports; depend on it in `[target.'cfg(not(target_family = \"wasm\"))'.dev-dependencies]` and \
     write `#[cfg_attr(not(target_family = \"wasm\"), isolated_test::isolated(...))]`"
);

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use isolated_test_core::__private;
#[cfg(not(target_family = "wasm"))]
#[doc(inline)]
pub use isolated_test_core::{
    BoxError, Current, Entered, Error, ErrorKind, Guard, Handle, Key, Namespace, Outcome, Port,
    Resource, TmpDir, Travel, current, try_current,
};
#[doc(hidden)]
pub use isolated_test_macros::__around;
pub use isolated_test_macros::{isolated, test};

/// The examples of the README, which run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
