//! The programs for a server that somebody else starts: `cargo isolated`, in the sandbox of a test, on
//! Linux.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use isolated_test_core::BoxError;
use isolated_test_databases::Content;
use isolated_test_postgres_wire::name;

use super::account::Account;
use super::cache::{FORM, plain_version};
use super::cluster::{self, SUPERUSER};
use super::configure;
use crate::binaries::Binaries;

/// The database that `initdb` makes.
const DATABASE: &str = "postgres";

/// `initdb` and `postgres` of one version. They run as another user if this process runs as root.
#[derive(Debug)]
pub struct Programs {
    binaries: Binaries,
    account: Option<Account>,
}

impl Programs {
    /// The line that a server logs when clients can connect.
    pub const READY: &str = "database system is ready to accept connections";

    /// Finds the programs of a major version, or of any.
    ///
    /// # Errors
    ///
    /// The machine has none, or nobody who may run them.
    pub fn find(version: Option<u32>) -> Result<Self, BoxError> {
        let binaries = Binaries::find(version).map_err(|unfound| unfound.into_error(false))?;
        Self::of(binaries)
    }

    /// The programs in a directory that [`Programs::find`] has found.
    ///
    /// # Errors
    ///
    /// The machine has nobody who may run them.
    pub fn at(dir: &Path) -> Result<Self, BoxError> {
        Self::of(Binaries::at(dir))
    }

    fn of(binaries: Binaries) -> Result<Self, BoxError> {
        let account = Account::choose(Path::new("/proc/self"))?;
        Ok(Programs { binaries, account })
    }

    /// Their directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.binaries.dir()
    }

    /// A name of a directory for data with these roles and databases: another one for each version, content
    /// and owner.
    #[must_use]
    pub fn name_of_data(&self, databases: &BTreeSet<(String, String)>) -> String {
        let mut content = Content::new();
        content.add(&format!("{FORM} {:?}", self.account));
        for (role, database) in databases {
            content.add(role);
            content.add(database);
        }
        let version = plain_version(&self.binaries).unwrap_or_default();
        format!("{version}-{}", content.key())
    }

    /// Gives a file or directory to the user that runs the programs.
    ///
    /// # Errors
    ///
    /// The system refuses it.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        self.account.map_or(Ok(()), |account| account.own(path))
    }

    /// Fills an empty directory with data that contain these databases and the roles that own them, which
    /// are superusers. No server is started.
    ///
    /// # Errors
    ///
    /// A program has failed.
    ///
    /// # When the process dies
    ///
    /// The programs end soon, and the directory stays incomplete.
    pub fn fill(&self, data: &Path, databases: &BTreeSet<(String, String)>) -> io::Result<()> {
        cluster::init(&self.binaries, data, self.account)?;
        let roles: BTreeSet<&str> = databases.iter().map(|(role, _)| &**role).collect();
        let roles = roles
            .into_iter()
            .filter(|role| *role != SUPERUSER)
            .map(|role| format!("CREATE ROLE {} SUPERUSER LOGIN\n", name(role)));
        let databases = databases
            .iter()
            .filter(|(_, database)| database != DATABASE)
            .map(|(role, database)| {
                format!("CREATE DATABASE {} OWNER {}\n", name(database), name(role))
            });
        let lines: String = roles.chain(databases).collect();
        self.run_single(data, &lines)
    }

    /// Runs statements, one a line, in a process that opens the data without a server.
    fn run_single(&self, data: &Path, lines: &str) -> io::Result<()> {
        let mut command = Command::new(self.binaries.program("postgres"));
        command.arg("--single");
        configure(&mut command, data, self.account);
        command
            .args(["-c", "exit_on_error=on", DATABASE])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // If the program has ended already, its output says why.
        let _ = child
            .stdin
            .take()
            .map(|mut input| input.write_all(lines.as_bytes()));
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!(
            "`postgres --single` has failed: {}",
            text.trim()
        )))
    }

    /// The server of these data, without addresses: the caller adds them.
    #[must_use]
    pub fn server(&self, data: &Path) -> Command {
        let mut command = Command::new(self.binaries.program("postgres"));
        configure(&mut command, data, self.account);
        command.current_dir("/");
        command
    }
}
