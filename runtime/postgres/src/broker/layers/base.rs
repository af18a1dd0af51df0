//! The files of a template below its overlays.
//!
//! They are a copy of the template, so that it can be dropped while tests still use them. The database of that
//! copy stays without them: a copy of it takes no time, and has everything else that the server knows of the
//! template.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use isolated_test_postgres_wire::Failure;

use super::{Layers, Uncopied, create};

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

/// The base of one template, once it is made.
type Slot = Arc<Mutex<Option<Arc<Base>>>>;

/// By the names of their templates.
#[derive(Default)]
pub(super) struct Bases(Mutex<HashMap<String, Slot>>);

impl Bases {
    /// Nobody waits for the bases of other templates.
    fn slot(&self, template: &str) -> Slot {
        let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bases.entry(template.to_owned()).or_default().clone()
    }

    fn remove(&self, template: &str) -> Option<Arc<Base>> {
        let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = bases.remove(template)?;
        drop(bases);
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
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
        let slot = self.bases.slot(template);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = &*slot {
            return Ok(base.clone());
        }
        let number = self.next();
        let (new, database) = (format!("making-{number}"), format!("base-{number}"));
        self.run(&create(self.version, &new, template))?;
        let made = self.take_files(&new, &database);
        if made.is_err() {
            for database in [&new, &database] {
                let _ = self.drop_files(database);
            }
        }
        let base = Arc::new(made?);
        *slot = Some(base.clone());
        Ok(base)
    }

    /// Takes the files away from a new database, and renames it.
    fn take_files(&self, new: &str, database: &str) -> Result<Base, Uncopied> {
        // The first session writes a file with which all others begin faster.
        drop(self.sessions.open_in(new)?);
        self.close(new, database)?;
        let place = self.databases.join(self.existing_number(database)?);
        let files = self.dir.join(database);
        fs::rename(&place, &files)?;
        let base = Base {
            database: database.to_owned(),
            files,
        };
        self.create_dir(&place)?;
        let version = place.join("PG_VERSION");
        fs::copy(base.files.join("PG_VERSION"), &version)?;
        self.give(&version)?;
        Ok(base)
    }

    /// Forgets a template, which is to be dropped. Its files stay until no copy needs them.
    pub(in crate::broker) fn forget(&self, template: &str) -> Result<(), Failure> {
        let base = self.bases.remove(template);
        base.map_or(Ok(()), |base| self.drop_files(base.database()))
    }
}
