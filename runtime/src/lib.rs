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
//! is; on a module it is for every test in it.
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
//! Locks are taken before the test and released after it. A key is a string or a [`Key`].
//!
//! - `serial`, `serial = "tcp"`, `serial = ["tcp", DB]`: no other test has the key.
//! - `shared = "db"`: nobody has the key for `serial`.
//! - `limit("sockets", 4)`: at most four have the key.
//! - `alone`: no other isolated test of this user runs.
//!
//! What a whole process has once, a test gets in a process of its own. All that follow imply it.
//!
//! - `process`: the body runs in a new process of the same test binary.
//! - `env(PORT = port, "odd-name" = 1, unset(HOME), clear)`: variables; the values are expressions that
//!   see the resources.
//! - `cwd`, `cwd = expr`: the working directory; without a value the temporary one.
//! - `timeout = "30s"`, `timeout = LIMIT`: all processes of the test end after that time.
//! - `network`, `network(or = "skip")`, `network(or = "serial")`: a loopback network, on Linux.
//! - `retries = 2`: up to two further attempts after a failure, with everything fresh; what passes at
//!   last is called flaky, aloud and with the output of all attempts.
//! - `quarantine = "why"`: it is run and reported, and a failure does not count.
//!
//! And two for the attribute itself.
//!
//! - `test_attribute`: an attribute that this one does not know counts as a test attribute.
//! - `crate = path`: this crate is found at another path.
//!
//! Helpers reach all of it with [`current`].
//!
//! # What can go wrong
//!
//! A mistake in the attribute is a compile error that says what to write. What cannot be had at run
//! time fails the test with its reason: a lock whose holder has not changed for
//! `ISOLATED_LOCK_TIMEOUT`, a state directory that belongs to somebody else, no port, no space. A
//! test that is annotated with `#[should_panic]` does not pass because of it.
//!
//! A test that fails prints what it had, what it waited for, and the command that repeats it. Its
//! temporary directory is kept.
//!
//! A test in a process of its own passes only when that process says that the body came to its end,
//! and exits as a test that passes does. Whatever it leaves behind is ended, and named.
//!
//! # When the process dies
//!
//! The kernel frees locks and ports at once; those of a test in a process of its own when a
//! supervisor has ended all that the test has started. Directories are removed by the next process
//! that runs an isolated test. Nothing that a dead process leaves ever blocks anybody.
//!
//! # Limits
//!
//! Locks bind those who take them, on one machine, within one state directory: that of the user, or
//! what `ISOLATED_DIR` says. Ports are held by the kernel on Linux only; elsewhere by lock files.
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
