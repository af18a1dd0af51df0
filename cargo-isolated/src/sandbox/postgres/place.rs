//! Where the data and the socket of a server are in a sandbox.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use isolated_test_postgres::__private::Programs;

use crate::sandbox::enter::{UPPER, WORK, bind, mount_memory, mount_overlay};

/// Where clients of Debian and Fedora look for the socket by default.
const RUN: &str = "/var/run/postgresql";

/// The directories of this machine where clients look for the socket by default.
pub(super) fn sockets() -> Vec<PathBuf> {
    let dirs = [RUN, "/tmp"].into_iter();
    dirs.filter_map(|dir| Path::new(dir).canonicalize().ok())
        .collect()
}

/// The directories of a server, which only this sandbox sees.
pub(super) struct Place {
    /// The directories of the sockets.
    pub(super) sockets: Vec<PathBuf>,
    /// The directory of the data.
    pub(super) data: PathBuf,
    files: PathBuf,
}

impl Place {
    /// Creates the directories, in which there are no data yet.
    pub(super) fn new(programs: &Programs) -> io::Result<Place> {
        if let Ok(dir) = Path::new(RUN).canonicalize() {
            // The socket of the machine's server is hidden.
            mount_memory(&dir)?;
            programs.own(&dir)?;
        }
        let sockets = sockets();
        let files = sockets.first().ok_or(io::ErrorKind::NotFound)?;
        let files = files.join("isolated-postgres");
        fs::create_dir(&files)?;
        let data = files.join("data");
        new_dir(&data, programs)?;
        Ok(Place {
            sockets,
            data,
            files,
        })
    }

    /// Shows other data there: what is written is written to them.
    pub(super) fn bind(&self, data: &Path) -> io::Result<()> {
        bind(data, &self.data)
    }

    /// Shows other data there: what is written stays in memory.
    pub(super) fn cover(&self, data: &Path, programs: &Programs, is_user: bool) -> io::Result<()> {
        new_dir(&self.files.join(UPPER), programs)?;
        fs::create_dir(self.files.join(WORK))?;
        let mounted = mount_overlay(data, &self.files, &self.data, is_user);
        mounted.map_err(|error| {
            io::Error::other(format!(
                "the system refuses to mount an overlay on the data of PostgreSQL, for which an ordinary user \
                 needs Linux 6.6: {error}"
            ))
        })
    }
}

/// Creates a directory for data, as PostgreSQL demands: only the owner can enter it.
pub(super) fn new_dir(path: &Path, programs: &Programs) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    programs.own(path)
}
