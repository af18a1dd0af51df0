//! The resource: which database a test wants, and its life.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use isolated_test_core::{BoxError, Current, Once, Outcome, Resource, Transfer};
use isolated_test_databases::{File, chain, is_kept, read};

use isolated_test_postgres_wire::Connection;

use crate::broker::EMPTY;
use crate::database::Database;
use crate::lease::{BuildError, Lease};
use crate::migrations::{self, MigrationError};
use crate::server::{Server, Wanted};

/// A PostgreSQL database for each test.
///
/// `#[isolated(db = Postgres::migrations("migrations"))]` gives the test a [`Database`]. See the
/// [documentation of the crate](crate).
#[must_use = "a test has a database while its attribute names one"]
pub struct Postgres {
    prepare: Option<Prepare>,
    /// Files that are run after that, in order.
    paths: Vec<PathBuf>,
    version: Option<u32>,
    used: Option<Used>,
}

/// A function of the user.
struct Prepare {
    name: String,
    fingerprint: String,
    run: Run,
}

type Run = Box<dyn FnOnce(&str) -> Result<(), BoxError>>;

/// The database of a test, and the server with it.
struct Used {
    database: Database,
    lease: Lease,
    // Dropped last: until then, the host stays.
    server: Once<Server>,
}

impl Postgres {
    fn new() -> Self {
        Postgres {
            prepare: None,
            paths: Vec::new(),
            version: None,
            used: None,
        }
    }

    /// A database without anything in it.
    pub fn empty() -> Self {
        Self::new()
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
    /// Each file runs in one transaction, unless it begins with `-- no-transaction` or, for diesel,
    /// `metadata.toml` says so. The tables in which these tools note what has run are not there: if
    /// the code under test runs the migrations itself, use [`prepared`](Postgres::prepared) and let the
    /// tool run them.
    pub fn migrations(path: impl AsRef<Path>) -> Self {
        Self::new().seed(path)
    }

    /// A database that a function has prepared, such as the migrations of a tool or of your program.
    ///
    /// The function gets the URL of an empty database. It runs once for each name and fingerprint, as
    /// long as the server lives. **The fingerprint has to change whenever the result would**: a version,
    /// or the content of the files, such as `include_str!("schema.sql")`.
    ///
    /// All connections of the function have to end with it; those that do not are ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use isolated_test_postgres::Postgres;
    ///
    /// # struct Client;
    /// # impl Client {
    /// #     fn connect(_: &str) -> std::io::Result<Client> { Ok(Client) }
    /// #     fn batch_execute(&self, _: &str) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// const SCHEMA: &str = "CREATE TABLE orders (id int)"; // or `include_str!("schema.sql")`
    ///
    /// fn shop() -> Postgres {
    ///     Postgres::prepared("shop", SCHEMA, |url| Client::connect(url)?.batch_execute(SCHEMA))
    /// }
    /// ```
    pub fn prepared<E: Into<BoxError>>(
        name: impl Into<String>,
        fingerprint: impl fmt::Display,
        run: impl FnOnce(&str) -> Result<(), E> + 'static,
    ) -> Self {
        Postgres {
            prepare: Some(Prepare {
                name: name.into(),
                fingerprint: fingerprint.to_string(),
                run: Box::new(|url| run(url).map_err(Into::into)),
            }),
            ..Self::new()
        }
    }

    /// The same with a function that awaits.
    ///
    /// It runs in a runtime of its own, of Tokio, which ends with it, and so do the connections and tasks that it
    /// leaves behind. So synchronous tests and the argument `env` can have this database too. With another
    /// runtime, use [`prepared`](Postgres::prepared) and its `block_on`.
    ///
    /// # Examples
    ///
    /// ```
    /// use isolated_test_postgres::Postgres;
    ///
    /// # struct Client;
    /// # impl Client {
    /// #     async fn connect(_: &str) -> std::io::Result<Client> { Ok(Client) }
    /// #     async fn batch_execute(&self, _: &str) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// const SCHEMA: &str = "CREATE TABLE orders (id int)";
    ///
    /// async fn migrate(url: &str) -> std::io::Result<()> {
    ///     Client::connect(url).await?.batch_execute(SCHEMA).await
    /// }
    ///
    /// fn shop() -> Postgres {
    ///     Postgres::prepared_async("shop", SCHEMA, migrate)
    /// }
    /// ```
    #[cfg(feature = "tokio")]
    pub fn prepared_async<E: Into<BoxError>>(
        name: impl Into<String>,
        fingerprint: impl fmt::Display,
        run: impl AsyncFnOnce(&str) -> Result<(), E> + Send + 'static,
    ) -> Self {
        Self::prepared(name, fingerprint, |url| {
            crate::asynchronous::block_on(run, url)
        })
    }

    /// Runs a further file or directory, after everything before it: data that all tests need.
    pub fn seed(mut self, path: impl AsRef<Path>) -> Self {
        self.paths.push(path.as_ref().to_owned());
        self
    }

    /// Chooses the major version of PostgreSQL.
    ///
    /// By default it is the one of `postgres` in `PATH`, or else the newest that is installed.
    pub fn version(mut self, major: u32) -> Self {
        self.version = Some(major);
        self
    }

    /// The key of the template, and the files that it consists of.
    fn content(&self) -> Result<(String, Arc<Vec<File>>), String> {
        if self.prepare.is_none() && self.paths.is_empty() {
            return Ok((EMPTY.to_owned(), Arc::default()));
        }
        let (files, mut content) = read(&self.paths)?;
        if let Some(prepare) = &self.prepare {
            content.add("prepared");
            content.add(&prepare.name);
            content.add(&prepare.fingerprint);
        }
        Ok((content.key(), files))
    }
}

/// Fills the template.
fn build(url: &str, prepare: Option<Prepare>, files: &[File]) -> Result<(), BuildError> {
    let passing = |why: String| BuildError {
        why,
        is_lasting: false,
    };
    if let Some(Prepare { name, run, .. }) = prepare {
        run(url).map_err(|error| BuildError {
            why: format!("failed to prepare `{name}`: {}", chain(&*error)),
            is_lasting: true,
        })?;
    }
    if files.is_empty() {
        return Ok(());
    }
    let database: Database = url.parse().map_err(passing)?;
    let connected = Connection::open(database.address(), database.name());
    let mut connection = connected.map_err(|failure| passing(failure.to_string()))?;
    for file in files {
        let ran = migrations::run(file, &mut connection);
        ran.map_err(|MigrationError { text, is_lasting }| BuildError {
            why: text,
            is_lasting,
        })?;
    }
    Ok(())
}

/// The part of a database's name that reminds of its test: the end of the test's name.
fn wish(test: &str) -> String {
    const LONGEST: usize = 32;

    let plain = |one: char| {
        if one.is_ascii_alphanumeric() {
            one.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let name: String = test.replace("::", "_").chars().map(plain).collect();
    let begin = name.len().saturating_sub(LONGEST);
    name[begin..].trim_matches('_').to_owned()
}

impl Resource for Postgres {
    type Handle = Database;

    fn provision(&mut self, test: &Current) -> Result<Database, BoxError> {
        let mut server = Wanted::find(self.version)?.shared();
        let host = server.provision(test)?;
        let (key, files) = self.content()?;
        let prepare = self.prepare.take();
        let words = [&*key, &wish(test.name()), test.name()];
        let (lease, given) =
            Lease::take(Path::new(&host), words, |url| build(url, prepare, &files))?;
        if let Some(version) = self.version.filter(|version| *version != given.version) {
            return Err(format!(
                "the test wants PostgreSQL {version}, and the server in `{}` is of version {}",
                crate::server::VARIABLE,
                given.version
            )
            .into());
        }
        let database: Database = given.url.parse()?;
        self.used = Some(Used {
            database: database.clone(),
            lease,
            server,
        });
        Ok(database)
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let Some(mut used) = self.used.take() else {
            return Ok(());
        };
        let ended = used.lease.end(is_kept(outcome));
        used.server.release(outcome)?;
        ended.map_err(|error| format!("failed to give the database back: {error}").into())
    }

    fn describe(&self) -> Option<String> {
        let used = self.used.as_ref()?;
        let url = used.database.shown();
        Some(if is_kept(Outcome::Failed) {
            format!("psql '{url}' (kept)")
        } else {
            format!("{url} (removed)")
        })
    }

    fn transfer() -> Transfer<Database> {
        Transfer::as_text()
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("paths", &self.paths)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::wish;

    #[test]
    fn databases_are_called_after_their_tests() {
        for (test, name) in [
            ("shop::orders::are_stored", "shop_orders_are_stored"),
            ("a::Größe", "a_gr__e"),
            (
                "x::rejects_an_order_without_a_single_item",
                "_order_without_a_single_item",
            ),
        ] {
            assert!(
                wish(test).ends_with(name.trim_matches('_')),
                "{}",
                wish(test)
            );
            assert!(wish(test).len() <= 32);
        }
    }
}
