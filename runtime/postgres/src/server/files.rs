//! The directory of a server: its data and its sockets, in memory if there is enough.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolated_test_core::{BoxError, Current, Reclaim};
use isolated_test_databases::memory;

use super::account::Account;
use crate::broker::{LAYERS, remove_layer};

/// The directory of one server.
///
/// # When the process dies
///
/// The host has recorded the directory, and the next test with a database removes it.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    pub(super) account: Option<Account>,
}

/// The beginning of the names of these directories.
const PREFIX: &str = "isolated-postgres-";

/// The longest path of a directory for which its socket has a valid path.
const LONGEST: usize = 60;

impl Files {
    /// Creates the directory, which only this user and the server can enter.
    pub(super) fn create(host: &Current) -> Result<Self, BoxError> {
        let root = place().join(format!("{PREFIX}{}", host.namespace()));
        let path = root
            .to_str()
            .ok_or("the path of the temporary directory is not UTF-8")?;
        host.reclaim_after_crash::<Files>(path)?;
        DirBuilder::new().mode(0o700).create(&root)?;
        let account = Account::choose(&root)?;
        let files = Files { root, account };
        if account.is_some() {
            // The server passes through it as another user.
            fs::set_permissions(&files.root, fs::Permissions::from_mode(0o711))?;
        }
        for dir in [files.data(), files.sockets()] {
            DirBuilder::new().mode(0o700).create(&dir)?;
            if let Some(account) = account {
                account.own(&dir)?;
            }
        }
        Ok(files)
    }

    /// The data of the server.
    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The directory of the socket of the server.
    pub(super) fn sockets(&self) -> PathBuf {
        self.root.join("socket")
    }

    /// The socket of the host.
    pub(super) fn broker(&self) -> PathBuf {
        self.root.join("host")
    }

    /// Lets nobody but this user connect, although the socket belongs to another one.
    pub(super) fn close_socket(&self) -> io::Result<()> {
        if self.account.is_some() {
            let socket = self.sockets().join(".s.PGSQL.5432");
            std::os::unix::fs::chown(&socket, Some(0), Some(0))?;
            fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        remove(&self.root)
    }
}

impl Reclaim for Files {
    const KIND: &'static str = "isolated-postgres-files";

    fn reclaim(text: &str) -> Result<(), BoxError> {
        let root = Path::new(text);
        let name = root.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with(PREFIX)) {
            return Err("the path is not one of ours".into());
        }
        remove(root)?;
        Ok(())
    }
}

/// Removes a directory with what the server has left elsewhere.
fn remove(root: &Path) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    if let Err(error) = fs::symlink_metadata(root) {
        return gone(Err(error));
    }
    remove_shared_memory(root)?;
    if let Ok(layers) = fs::read_dir(root.join(LAYERS)) {
        for layer in layers.flatten() {
            gone(remove_layer(&layer.path()))?;
        }
    }
    gone(fs::remove_dir_all(root))
}

/// Removes the System V segment by which a server guards its data: 56 bytes that outlive a `SIGKILL`.
///
/// Fails if the program for that was killed: then the files stay, which name the segment.
fn remove_shared_memory(root: &Path) -> io::Result<()> {
    let Ok(lock) = fs::read_to_string(root.join("data/postmaster.pid")) else {
        return Ok(());
    };
    // The seventh line is the key of the segment, and its number.
    let mut words = lock.lines().nth(6).unwrap_or_default().split_whitespace();
    let (Some(key), Some(id)) = (words.next(), words.next()) else {
        return Ok(());
    };
    let segments = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    let is_left = segments.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(key) && fields.next() == Some(id)
    });
    if is_left {
        // Processes of a killed server may end a little later: then the system removes it with the last.
        let status = Command::new("ipcrm").args(["-m", id]).status();
        if status.is_ok_and(|status| status.signal().is_some()) {
            return Err(io::Error::other("`ipcrm` was killed"));
        }
    }
    Ok(())
}

/// Where the directory is created.
fn place() -> PathBuf {
    if let Some(memory) = memory().filter(|memory| is_open(memory)) {
        return memory.to_owned();
    }
    let temporary = std::env::temp_dir();
    if temporary.as_os_str().len() <= LONGEST && is_open(&temporary) {
        return temporary;
    }
    "/tmp".into()
}

/// Whether every user can create directories there, and pass through all directories above.
fn is_open(dir: &Path) -> bool {
    let mode = |dir: &Path| fs::metadata(dir).map_or(0, |metadata| metadata.mode());
    mode(dir) & 0o777 == 0o777 && dir.ancestors().all(|above| mode(above) & 0o001 != 0)
}
