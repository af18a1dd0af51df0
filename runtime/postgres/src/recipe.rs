//! The steps that make a template.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use isolated_test_databases::{File, Prepare, read};
use isolated_test_postgres_wire::Connection;

use crate::broker::EMPTY;
use crate::database::Database;
use crate::lease::BuildError;
use crate::migrations::{self, MigrationError};

/// The steps that fill an empty database. Without any, it stays empty.
#[derive(Default)]
pub(crate) struct Recipe {
    prepare: Option<Prepare<str>>,
    /// Files that are run after that, in order.
    paths: Vec<PathBuf>,
}

impl Recipe {
    /// Begins with a function.
    pub(crate) fn prepare(&mut self, prepare: Prepare<str>) {
        self.prepare = Some(prepare);
    }

    /// Adds a file or a directory.
    pub(crate) fn run(&mut self, path: &Path) {
        self.paths.push(path.to_owned());
    }

    /// Reads the files.
    pub(crate) fn read(self) -> Result<Steps, String> {
        let is_empty = self.prepare.is_none() && self.paths.is_empty();
        let (files, mut content) = read(&self.paths)?;
        if let Some(prepare) = &self.prepare {
            prepare.add_to(&mut content);
        }
        Ok(Steps {
            key: if is_empty {
                EMPTY.to_owned()
            } else {
                content.key()
            },
            prepare: self.prepare,
            files,
        })
    }
}

/// The steps, with the content of all files.
pub(crate) struct Steps {
    /// The same for the same content.
    pub(crate) key: String,
    prepare: Option<Prepare<str>>,
    files: Arc<Vec<File>>,
}

impl fmt::Debug for Recipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prepared = self.prepare.as_ref().map(Prepare::name);
        formatter
            .debug_struct("Recipe")
            .field("prepared", &prepared)
            .field("paths", &self.paths)
            .finish()
    }
}

impl Steps {
    /// Fills the database or the schema at a URL.
    pub(crate) fn run(self, url: &str) -> Result<(), BuildError> {
        let passing = |why: String| BuildError {
            why,
            is_lasting: false,
        };
        if let Some(prepare) = self.prepare {
            prepare.run(url).map_err(|why| BuildError {
                why,
                is_lasting: true,
            })?;
        }
        if self.files.is_empty() {
            return Ok(());
        }
        let database: Database = url.parse().map_err(passing)?;
        let session = database.session();
        let connected = Connection::open_for(database.address(), database.name(), &session);
        let mut connection = connected.map_err(|failure| passing(failure.to_string()))?;
        for file in &*self.files {
            let ran = migrations::run(file, &mut connection);
            ran.map_err(|MigrationError { text, is_lasting }| BuildError {
                why: text,
                is_lasting,
            })?;
        }
        Ok(())
    }
}
