//! The resource: which database a test wants, and its life.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use isolated_test_core::{BoxError, Current, Outcome, Resource, Transfer};
use isolated_test_databases::{File, Prepare, is_kept, read};

use crate::database::Database;
use crate::files::Files;
use crate::{program, templates};

/// An SQLite database for each test.
///
/// `#[isolated(db = Sqlite::migrations("migrations"))]` gives the test a [`Database`]. See the
/// [documentation of the crate](crate).
///
/// # When the process dies
///
/// The next test with a database removes the files of the dead one.
#[must_use = "a test has a database while its attribute names one"]
pub struct Sqlite {
    prepare: Option<Prepare<Database>>,
    /// Files that are run after that, in order.
    paths: Vec<PathBuf>,
    files: Option<Files>,
}

/// Changes whenever the same content leads to another template.
const FORM: &str = "sqlite 1";

impl Sqlite {
    /// A database without anything in it.
    pub fn empty() -> Self {
        Sqlite {
            prepare: None,
            paths: Vec::new(),
            files: None,
        }
    }

    /// A database with the migrations of a directory, or of one file.
    ///
    /// A relative path is below the package of the test. The directory may have any of these forms:
    ///
    /// | tool | files | order |
    /// |---|---|---|
    /// | none | `*.sql` | by name |
    /// | sqlx | `20240131_name.sql`, or `….up.sql` beside `….down.sql` | by number |
    /// | diesel | `2024-01-31-000000_name/up.sql` | by name |
    /// | refinery | `V1__name.sql` | by number |
    ///
    /// The program `sqlite3` runs them, each file in one transaction, unless it begins with
    /// `-- no-transaction` or, for diesel, `metadata.toml` says so. Foreign keys are not enforced
    /// meanwhile. The tables in which these tools note what has run are not there: if the code under
    /// test runs the migrations itself, use [`prepared`](Sqlite::prepared) and let the tool run them.
    pub fn migrations(path: impl AsRef<Path>) -> Self {
        Self::empty().seed(path)
    }

    /// A database that a function has prepared, such as the migrations of a tool or of your program.
    ///
    /// The function gets an empty database. It runs once for each name and fingerprint, and the result
    /// is kept between runs. **The fingerprint has to change whenever the result would**: a version, or
    /// the content of the files, such as `include_str!("schema.sql")`. While the function runs, it holds
    /// a lock that comes after all keys, so it cannot lock one.
    ///
    /// All connections of the function should end with it. Where some stay open in WAL mode, the
    /// program `sqlite3` is needed to move their log into the database.
    ///
    /// # Examples
    ///
    /// ```
    /// use isolated_test_sqlite::Sqlite;
    /// use rusqlite::Connection;
    ///
    /// const SCHEMA: &str = "CREATE TABLE orders (id int)"; // or `include_str!("schema.sql")`
    ///
    /// fn shop() -> Sqlite {
    ///     Sqlite::prepared("shop", SCHEMA, |db| Connection::open(db)?.execute_batch(SCHEMA))
    /// }
    /// ```
    pub fn prepared<E: Into<BoxError>>(
        name: impl Into<String>,
        fingerprint: impl fmt::Display,
        run: impl FnOnce(&Database) -> Result<(), E> + 'static,
    ) -> Self {
        Sqlite {
            prepare: Some(Prepare::new(name, fingerprint, run)),
            ..Self::empty()
        }
    }

    /// Runs a further file or directory, after everything before it: data that all tests need.
    pub fn seed(mut self, path: impl AsRef<Path>) -> Self {
        self.paths.push(path.as_ref().to_owned());
        self
    }

    /// Makes the database of the test.
    fn make(&mut self, files: &Files, test: &Current) -> Result<(), BoxError> {
        let prepare = self.prepare.take();
        if prepare.is_none() && self.paths.is_empty() {
            return create_empty(&files.database());
        }
        let (sources, mut content) = read(&self.paths)?;
        content.add(FORM);
        if let Some(prepare) = &prepare {
            prepare.add_to(&mut content);
        }
        templates::copy(&content.key(), files, test, |path| {
            build(path, prepare, &sources)
        })
    }
}

/// Creates a database without anything in it. Some clients refuse a file that does not exist.
fn create_empty(path: &Path) -> Result<(), BoxError> {
    fs::File::create_new(path)?;
    Ok(())
}

/// Makes a template.
fn build(path: &Path, prepare: Option<Prepare<Database>>, files: &[File]) -> Result<(), BoxError> {
    create_empty(path)?;
    if let Some(prepare) = prepare {
        prepare.run(&Database::at(path.to_owned())?)?;
    }
    if !files.is_empty() {
        program::run(files, path)?;
    }
    if has_log(path) {
        let settled = program::settle(path);
        settled.map_err(|why| format!("what has prepared the database has left it open: {why}"))?;
    }
    Ok(())
}

/// Whether a connection that is still open has a log, in which a part of the database may be.
fn has_log(path: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|ending| {
        let mut log = path.as_os_str().to_owned();
        log.push(ending);
        fs::metadata(log).is_ok_and(|log| log.len() > 0)
    })
}

impl Resource for Sqlite {
    type Handle = Database;

    fn provision(&mut self, test: &Current) -> Result<Database, BoxError> {
        let files = Files::create(test)?;
        self.make(&files, test)?;
        let database = Database::at(files.database())?;
        self.files = Some(files);
        Ok(database)
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let ended = self.files.take().map(|files| files.finish(outcome));
        ended.unwrap_or(Ok(()))
    }

    fn describe(&self) -> Option<String> {
        let files = self.files.as_ref()?;
        let is_kept = is_kept(Outcome::Failed);
        let kept = is_kept.then(|| files.kept_database().ok()).flatten();
        Some(match kept {
            Some(path) => format!("sqlite3 '{}' (kept)", path.display()),
            None => format!("{} (removed)", files.database().display()),
        })
    }

    fn transfer() -> Transfer<Database> {
        Transfer::with(
            |database| database.path().display().to_string(),
            |path| Ok(Database::at(path.into())?),
        )
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sqlite")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}
