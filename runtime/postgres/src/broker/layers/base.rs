//! The files of a template below its overlays.
//!
//! They are a copy of the template, so that it can be dropped while tests still use them. The database of that
//! copy stays without them: a copy of it takes no time, and has everything else that the server knows of the
//! template.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use isolated_test_postgres_wire::Failure;

use super::{Layers, MISSING, Uncopied, create};

/// The files of a template, and the database without them.
pub(super) struct Base {
    database: String,
    files: PathBuf,
}

impl Base {
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    pub(super) fn files(&self) -> &Path {
        &self.files
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.files);
    }
}

impl Layers {
    /// The base of a template, which the first copy makes.
    pub(super) fn base(&self, template: &str) -> Result<Arc<Base>, Uncopied> {
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = bases.get(template) {
            return Ok(base.clone());
        }
        let number = self.next();
        let (new, database) = (format!("making-{number}"), format!("base-{number}"));
        self.run(&create(self.version, &new, template))?;
        let files = self.take_files(&new, &database);
        if files.is_err() {
            for database in [&new, &database] {
                let _ = self.drop_files(database);
            }
        }
        let files = files?;
        let base = Arc::new(Base { database, files });
        bases.insert(template.to_owned(), base.clone());
        Ok(base)
    }

    /// Takes the files away from a new database, and renames it. Returns where they are.
    fn take_files(&self, new: &str, database: &str) -> Result<PathBuf, Uncopied> {
        // The first session writes a file with which all others begin faster.
        drop(self.sessions.open_in(new)?);
        let number = self.close(new, database)?.ok_or(MISSING)?;
        let place = self.databases.join(number);
        let files = self.dir.join(database);
        fs::rename(&place, &files)?;
        self.create_dir(&place)?;
        let version = place.join("PG_VERSION");
        fs::copy(files.join("PG_VERSION"), &version)?;
        self.give(&version)?;
        Ok(files)
    }

    /// Forgets a template, which is to be dropped. Its files stay until no copy needs them.
    pub(in crate::broker) fn forget(&self, template: &str) -> Result<(), Failure> {
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        let base = bases.remove(template);
        drop(bases);
        base.map_or(Ok(()), |base| self.drop_files(base.database()))
    }
}
