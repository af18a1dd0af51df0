//! The resource: which database a test wants, and its life.

mod portion;

use std::fmt;
use std::path::Path;

use isolated_test_core::{BoxError, Current, Once, Outcome, Resource, Transfer};
use isolated_test_databases::{Prepare, is_kept};

use self::portion::Portion;
use crate::at::At;
use crate::database::Database;
use crate::lease::{Fate, Lease};
use crate::proxy::gate::Gate;
use crate::proxy::received;
use crate::proxy::rollback::Rollback;
use crate::recipe::Recipe;
use crate::server::{Server, Wanted};

/// A PostgreSQL database for each test.
///
/// `#[isolated(db = Postgres::migrations("migrations"))]` gives the test a [`Database`]. See the
/// [documentation of the crate](crate).
#[must_use = "a test has a database while its attribute names one"]
pub struct Postgres {
    recipe: Recipe,
    version: Option<u32>,
    at: Option<String>,
    portion: Portion,
    may_skip: bool,
    used: Option<Used>,
}

/// The database of a test, and the server with it.
struct Used {
    database: Database,
    rollback: Option<Rollback>,
    _gate: Option<Gate>,
    lease: Lease,
    // Dropped last: until then, the host stays.
    server: Once<Server>,
}

impl Postgres {
    fn new() -> Self {
        Postgres {
            recipe: Recipe::default(),
            version: None,
            at: None,
            portion: Portion::Database,
            may_skip: false,
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
        let mut postgres = Self::new();
        postgres
            .recipe
            .prepare(Prepare::new(name, fingerprint, run));
        postgres
    }

    /// Like [`prepared`](Postgres::prepared), for an async function.
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
        self.recipe.run(path.as_ref());
        self
    }

    /// Chooses the major version of PostgreSQL.
    ///
    /// By default it is the one of `postgres` in `PATH`, or else the newest that is installed.
    pub fn version(mut self, major: u32) -> Self {
        self.version = Some(major);
        self
    }

    /// Skips the test where PostgreSQL, or the version that is asked for, is not installed.
    ///
    /// The test passes without having run, and a line that no test runner captures says so: see [`Skip`]. Any
    /// other failure still fails the test, a wrong `ISOLATED_POSTGRES_BIN` or `ISOLATED_POSTGRES` too.
    ///
    /// [`Skip`]: isolated_test_core::Skip
    pub fn or_skip(mut self) -> Self {
        self.may_skip = true;
        self
    }

    /// Lets clients reach the database at a fixed address of the loopback interface, for code whose
    /// configuration a test cannot reach: `localhost:5432`.
    ///
    /// The test has to have a network of its own: `#[isolated(network, db = …)]`. Every connection to the
    /// address, by the test and by the programs that it starts, leads to the database of the test, whatever
    /// database, user and password the client names.
    ///
    /// A server that [runs already](crate#which-server) is reached from there too.
    ///
    /// # Errors
    ///
    /// Without `network`, and with an address that is not one of the loopback interface, the test fails
    /// before its body.
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.at = Some(address.into());
        self
    }

    /// The address at which the forwarder of the test listens.
    fn served(&self, test: &Current) -> Result<Option<At>, String> {
        let Some(address) = &self.at else {
            return Ok(None);
        };
        if !test.has_network() {
            return Err(format!(
                "`at` needs a network in which nobody else has {address}; write `network` in the attribute, \
                 and do not turn subprocesses off"
            ));
        }
        address.parse().map(Some)
    }
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
        let wanted = Wanted::find(self.version);
        let wanted = wanted.map_err(|unfound| unfound.into_error(self.may_skip))?;
        let mut server = wanted.shared();
        // A host does not get beyond this.
        let host = server.provision(test)?;
        let at = self.served(test)?;
        let steps = std::mem::take(&mut self.recipe).read()?;
        let key = steps.key.clone();
        let wish = wish(test.name());
        let words = match self.portion {
            Portion::Database => ["take", &*key, &*wish, test.name()],
            Portion::Schema => ["schema", &*key, &*wish, test.name()],
            Portion::Transaction => ["share", &*key, "shared", test.name()],
        };
        let (lease, given) = Lease::take(Path::new(&host), words, |url| steps.run(url))?;
        if let Some(version) = self.version.filter(|version| *version != given.version) {
            return Err(format!(
                "the test wants PostgreSQL {version}, and the server in `{}` is of version {}",
                crate::server::VARIABLE,
                given.version
            )
            .into());
        }
        let mut database = given.url.parse::<Database>()?.with_schema(&given.schema);
        let (mut rollback, mut gate) = (None, None);
        if self.portion == Portion::Transaction {
            let begun = Rollback::begin(&database, given.version, &given.dir)?;
            database = begun.1;
            rollback = Some(begun.0);
        } else if test.has_network() && database.address().is_in_network() {
            let opened = Gate::open(&database, &given.dir)?;
            database = opened.1;
            gate = Some(opened.0);
        }
        let database = database.served_at(at);
        self.used = Some(Used {
            database: database.clone(),
            rollback,
            _gate: gate,
            lease,
            server,
        });
        Ok(database)
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let Some(mut used) = self.used.take() else {
            return Ok(());
        };
        let undone = used.rollback.take().map(Rollback::end);
        let fate = match &undone {
            None if is_kept(outcome) => Fate::Keep,
            Some(Err(_)) => Fate::Spoiled,
            _ => Fate::Drop,
        };
        let ended = used.lease.end(fate);
        // It waits for people only if there is something to see.
        let is_kept = fate == Fate::Keep;
        used.server
            .release(if is_kept { outcome } else { Outcome::Passed })?;
        undone.unwrap_or(Ok(()))?;
        ended.map_err(|error| format!("failed to give the database back: {error}").into())
    }

    fn describe(&self) -> Option<String> {
        let used = self.used.as_ref()?;
        let url = used.database.shown();
        Some(if self.portion == Portion::Transaction {
            format!("{url} (rolled back)")
        } else if is_kept(Outcome::Failed) {
            format!("psql '{url}' (kept)")
        } else {
            format!("{url} (removed)")
        })
    }

    fn transfer() -> Transfer<Database> {
        Transfer::with(Database::to_text, received)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgres")
            .field("recipe", &self.recipe)
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
