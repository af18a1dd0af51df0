//! The findings of `cargo isolated observe`, as `--json` prints them and `cargo isolated adopt` reads them.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The version of this format. It changes if a field changes its meaning or disappears.
pub(crate) const VERSION: u32 = 1;

/// The tests that were observed, and what they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Findings {
    pub(crate) version: u32,
    pub(crate) tests: Vec<Test>,
    /// Sorted by the number of affected tests, largest first.
    pub(crate) conflicts: Vec<Conflict>,
    /// Conflicts between two runs of one test, in two checkouts or by two users.
    #[serde(default)]
    pub(crate) between_runs: Vec<Conflict>,
}

impl Findings {
    /// All conflicts, between different tests and between two runs of one.
    pub(crate) fn all_conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter().chain(&self.between_runs)
    }
}

/// A test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Test {
    pub(crate) package: String,
    /// The name of the target: `shop` for the library, `api` for `tests/api.rs`.
    pub(crate) target: String,
    /// The root file of the target, relative to the workspace: `crates/shop/tests/api.rs`.
    pub(crate) root: PathBuf,
    /// As libtest prints it: `orders::tests::adds`.
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// The locks that the test held through isolated-test: `serial "db"`.
    pub(crate) locks: Vec<String>,
    /// The processes and files that outlived the test: `process sleep 600`, `file /tmp/shop.db`.
    pub(crate) left_behind: Vec<String>,
    /// All resources that it touched, except for those that the rules ignore.
    #[serde(default)]
    pub(crate) touched: Vec<Touched>,
}

/// A resource, and how a test touched it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Touched {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) how: Vec<Touch>,
}

/// How a test touches a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Touch {
    /// Asks whether it exists.
    Look,
    /// Reads it, or connects to it.
    Use,
    /// Reads the entries of a directory.
    List,
    /// Would create a directory or an empty file, but it exists already.
    Ensure,
    /// Creates a directory, or a file that stays empty, such as a lock file.
    Prepare,
    /// Writes, creates, binds or sets it.
    Change,
    Remove,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// Failed under observation, but passed without it.
    FailedOnlyObserved,
}

/// A resource that two tests, or two runs of one test, share, and that at least one of them changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conflict {
    pub(crate) resource: Resource,
    /// Indices of the tests that change it.
    pub(crate) writers: Vec<usize>,
    /// Indices of the tests that only use it.
    pub(crate) readers: Vec<usize>,
    /// Where the sources name it.
    pub(crate) places: Vec<Place>,
    /// The name of a lock that would keep the tests apart: `port-7835`.
    pub(crate) key: String,
    /// The argument that removes the conflict without changing a test body: `process`,
    /// `port(number = 7835)`. It belongs on the tests of `fixed_at`.
    pub(crate) argument: Option<String>,
    /// Indices of the tests that need the argument.
    pub(crate) fixed_at: Vec<usize>,
    /// A better fix, which requires changing the test bodies: "`tmpdir`, and write to `tmpdir.join(\"db\")`".
    pub(crate) suggestion: Option<String>,
}

/// A resource of the machine or of the process.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) kind: Kind,
    /// A path, a port number, the name of a variable, the path of a static.
    pub(crate) name: String,
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource { kind, name } = self;
        let kind = match kind {
            Kind::File => "file",
            Kind::Directory => "directory",
            Kind::TcpPort => "TCP port",
            Kind::UdpPort => "UDP port",
            Kind::UnixSocket => "Unix socket",
            Kind::AbstractSocket => "abstract socket",
            Kind::SharedMemory => "shared memory",
            Kind::Semaphore => "semaphore",
            Kind::MessageQueue => "message queue",
            Kind::Variable => "variable",
            Kind::WorkingDirectory | Kind::Umask => return formatter.write_str(name),
            Kind::Signal => "handler of",
            Kind::Static => "static",
        };
        write!(formatter, "{kind} {name}")
    }
}

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    File,
    /// The list of entries of a directory.
    Directory,
    TcpPort,
    UdpPort,
    UnixSocket,
    AbstractSocket,
    SharedMemory,
    Semaphore,
    MessageQueue,
    /// An environment variable of the test's process.
    Variable,
    WorkingDirectory,
    Umask,
    /// The handler of a signal.
    Signal,
    Static,
}

/// A line of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Relative to the workspace.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: usize,
}
