//! Copies of templates as overlays, on a server of ours.
//!
//! A copy of all files takes the kernel ten times as long as the rest of `CREATE DATABASE`, although a test changes
//! few of them. So the files of a template are copied once: see [`base`]. An overlay on the directory of each
//! database then shows these files, and keeps what the server writes.
//!
//! The server does not know of this, so its buffers must never outlive the files to which they belong. Before an
//! overlay goes, nothing is connected to the database, nobody can connect any more, because it has another
//! name, and a checkpoint has written its buffers. They only vanish with `DROP DATABASE`, which follows.
//!
//! Where overlays cannot be mounted, templates are copied as everywhere else.

mod base;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use isolated_test_postgres_wire::{Failure, literal};

use self::base::{Base, Bases};
use super::databases::{create, drop_one};
use super::ending::close;
use super::sessions::Sessions;
use crate::mounts::Mounts;

/// The directory of bases and overlays, beside the data.
pub(crate) const LAYERS: &str = "layers";

/// The directory of an overlay that the kernel needs.
const WORK: &str = "work";

/// More bytes than the files have that a session opens, by which they become those of the overlay.
const OVERLAY_SIZE: u64 = 4 * 1024 * 1024;

/// The overlays of a server. Bases, and databases that are being dropped, have a dash in their names.
pub(super) struct Layers {
    mounts: Mounts,
    sessions: Arc<Sessions>,
    version: u32,
    /// The directories of the databases.
    databases: PathBuf,
    /// The directories of bases and overlays.
    dir: PathBuf,
    /// The user of the server and its group.
    owner: (u32, u32),
    last: AtomicU64,
    bases: Bases,
    /// By the numbers of their databases.
    overlays: Mutex<HashMap<String, Overlay>>,
    /// Whether the system has refused to mount an overlay.
    is_refused: AtomicBool,
}

struct Overlay {
    dir: PathBuf,
    /// Its files stay as long as they are seen through the overlay.
    _base: Arc<Base>,
}

/// Why there is no copy.
enum Uncopied {
    Failure(Failure),
    /// The system mounts no overlay.
    Refused(io::Error),
    Files(io::Error),
}

impl Layers {
    pub(super) fn new(
        mounts: Mounts,
        sessions: Arc<Sessions>,
        version: u32,
        data: &Path,
    ) -> io::Result<Self> {
        let owner = fs::metadata(data)?;
        let layers = Layers {
            mounts,
            sessions,
            version,
            databases: data.join("base"),
            dir: data.with_file_name(LAYERS),
            owner: (owner.uid(), owner.gid()),
            last: AtomicU64::new(0),
            bases: Bases::default(),
            overlays: Mutex::default(),
            is_refused: AtomicBool::new(false),
        };
        layers.create_dir(&layers.dir)?;
        Ok(layers)
    }

    /// How many bytes an overlay needs that no test has changed, if there are overlays.
    pub(super) fn overlay_size(&self) -> Option<u64> {
        let is_refused = self.is_refused.load(Ordering::Relaxed);
        (!is_refused).then_some(OVERLAY_SIZE)
    }

    /// Copies a template. Returns false if it has to be copied in another way.
    pub(super) fn copy(&self, new: &str, template: &str) -> Result<bool, Failure> {
        if self.is_refused.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match self.try_copy(new, template) {
            Ok(()) => Ok(true),
            Err(Uncopied::Failure(failure)) => Err(failure),
            // On a full disk, the server fails to copy the files too, and the test is told.
            Err(Uncopied::Files(error)) => {
                report(&error);
                Ok(false)
            }
            Err(Uncopied::Refused(error)) => {
                if !self.is_refused.swap(true, Ordering::Relaxed) {
                    report(&error);
                }
                Ok(false)
            }
        }
    }

    fn try_copy(&self, new: &str, template: &str) -> Result<(), Uncopied> {
        let base = self.base(template)?;
        self.run(&create(self.version, new, base.database()))?;
        let mounted = self.mount(new, base);
        if mounted.is_err() {
            // Without its files, nobody can use it.
            let _ = self.drop_files(new);
        }
        mounted
    }

    fn mount(&self, database: &str, base: Arc<Base>) -> Result<(), Uncopied> {
        let number = self.existing_number(database)?;
        let dir = self.dir.join(self.next().to_string());
        if let Err(uncopied) = self.mount_at(&dir, &number, &base) {
            let _ = remove(&dir);
            return Err(uncopied);
        }
        self.overlays().insert(number, Overlay { dir, _base: base });
        Ok(())
    }

    fn mount_at(&self, dir: &Path, number: &str, base: &Base) -> Result<(), Uncopied> {
        let (upper, work) = (dir.join("upper"), dir.join(WORK));
        for dir in [dir, &upper, &work] {
            self.create_dir(dir)?;
        }
        let mut options = OsString::from("userxattr,volatile");
        for (option, dir) in [("lower", base.files()), ("upper", &upper), ("work", &work)] {
            options.push(format!(",{option}dir="));
            options.push(dir);
        }
        let mounted = self.mounts.mount(&self.databases.join(number), &options);
        mounted.map_err(Uncopied::Refused)
    }

    /// Drops a database that is an overlay. Returns false if it is none.
    pub(super) fn drop(&self, database: &str) -> Result<bool, Failure> {
        let Some(number) = self.number(database)? else {
            self.remove_dropped()?;
            return Ok(true);
        };
        // Only one thread gets it.
        let Some(overlay) = self.overlays().remove(&number) else {
            return Ok(false);
        };
        let gone = format!("gone-{}", self.next());
        if let Err(failure) = self.close(database, &gone) {
            self.overlays().insert(number, overlay);
            return Err(failure);
        }
        self.remove(&number, &overlay, || self.drop_files(&gone))?;
        Ok(true)
    }

    /// Removes the overlays of databases that tests have dropped themselves.
    fn remove_dropped(&self) -> Result<(), Failure> {
        // Listed before the databases, each of which is older than its overlay.
        let mut numbers: Vec<_> = self.overlays().keys().cloned().collect();
        let rows = self.sessions.run("SELECT oid FROM pg_database")?;
        let left: Vec<_> = rows.into_iter().flatten().flatten().collect();
        numbers.retain(|number| !left.contains(number));
        for number in numbers {
            let Some(overlay) = self.overlays().remove(&number) else {
                continue;
            };
            self.remove(&number, &overlay, || {
                let _ = fs::remove_dir_all(self.databases.join(&number));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Takes an overlay away, then removes what is below it, and its own files.
    ///
    /// If the mounter is dead, the overlay stays, and what is below is removed through it. Then it needs
    /// hardly any space until the server ends.
    fn remove(
        &self,
        number: &str,
        overlay: &Overlay,
        below: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let unmounted = self.mounts.unmount(&self.databases.join(number));
        below()?;
        if unmounted.is_ok() {
            let _ = remove(&overlay.dir);
        }
        Ok(())
    }

    /// Drops a database without an overlay.
    fn drop_files(&self, database: &str) -> Result<(), Failure> {
        drop_one(self.version, database, |sql| self.sessions.run(sql))
    }

    /// Closes a database, and writes its buffers.
    fn close(&self, database: &str, renamed: &str) -> Result<(), Failure> {
        close(&self.sessions, database, renamed, "")?;
        self.run("CHECKPOINT")
    }

    /// The number of a database, which is the name of its directory.
    fn number(&self, database: &str) -> Result<Option<String>, Failure> {
        let sql = format!(
            "SELECT oid FROM pg_database WHERE datname = {}",
            literal(database)
        );
        let rows = self.sessions.run(&sql)?;
        Ok(rows.into_iter().flatten().next().flatten())
    }

    /// The same of a database that this has just made.
    fn existing_number(&self, database: &str) -> Result<String, Uncopied> {
        let number = self.number(database)?;
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{database} is missing"));
        number.ok_or_else(|| missing().into())
    }

    fn run(&self, sql: &str) -> Result<(), Failure> {
        self.sessions.run(sql).map(drop)
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(dir)?;
        self.give(dir)
    }

    /// Gives a file to the user of the server.
    fn give(&self, file: &Path) -> io::Result<()> {
        chown(file, Some(self.owner.0), Some(self.owner.1))
    }

    fn overlays(&self) -> MutexGuard<'_, HashMap<String, Overlay>> {
        self.overlays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the directory of an overlay. The kernel has made some in it that nobody may read.
pub(crate) fn remove(dir: &Path) -> io::Result<()> {
    let mut hidden = dir.join(WORK);
    for name in ["work", "incompat", "volatile"] {
        hidden.push(name);
        if hidden.exists() {
            fs::set_permissions(&hidden, Permissions::from_mode(0o700))?;
        }
    }
    fs::remove_dir_all(dir)
}

impl From<Failure> for Uncopied {
    fn from(failure: Failure) -> Self {
        Uncopied::Failure(failure)
    }
}

impl From<io::Error> for Uncopied {
    fn from(error: io::Error) -> Self {
        Uncopied::Files(error)
    }
}

/// Writes into the log of the host why databases are no overlays.
pub(super) fn report(error: &io::Error) {
    eprintln!(
        "isolated-test-postgres: failed to make an overlay: {error}; the files of the template are copied instead"
    );
}
