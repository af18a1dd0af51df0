//! Less than a database of its own for a test.

use super::Postgres;

/// What a test gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Portion {
    Database,
    /// A schema in a database that tests share.
    Schema,
    /// A transaction in a database that tests share.
    Transaction,
}

impl Postgres {
    /// Gives the test no database of its own, but a schema in one that such tests share, whatever their
    /// migrations.
    ///
    /// The [`url`](crate::Database::url) sets `search_path` to the schema, so statements that name no schema work in
    /// it. Migrations, functions and seeds run for each test, in its schema. That takes longer than a copy
    /// unless they are small.
    ///
    /// It is less than a database:
    ///
    /// - SQL that names the schema `public` or sets `search_path` leaves the test's schema. Tests see each
    ///   other's objects in `public`.
    /// - Extensions belong to the database. A migration has to create one with `IF NOT EXISTS`; all tests see
    ///   it, in the schema `public`.
    /// - Advisory locks, notifications, large objects and settings of the database are shared. `CREATE INDEX
    ///   CONCURRENTLY` waits for the transactions of other tests.
    /// - The URL sets `application_name` too. By that, the sessions which a test leaves behind are found and
    ///   ended.
    ///
    /// On a server that [runs already](crate#which-server), a role that may not create databases has its schemas
    /// in the database of the URL.
    ///
    /// It replaces [`transaction`](Postgres::transaction).
    ///
    /// # Errors
    ///
    /// In a database of the URL with tables in `public`, the test fails before its body, because migrations could
    /// change these. It also fails if a migration creates an extension that cannot be moved to `public`.
    ///
    /// # When the process dies
    ///
    /// The host of the server drops the schema. If that dies too, the next host drops it.
    pub fn schema(mut self) -> Self {
        self.portion = Portion::Schema;
        self
    }

    /// Gives the test no database of its own, but a transaction in one that such tests share, which is rolled
    /// back.
    ///
    /// Everything that clients do at the [`url`](crate::Database::url), in any number of connections, happens in one
    /// session, in turns of one statement or of one transaction: BEGIN to COMMIT. A client that waits
    /// longer than 10 seconds for the transaction of another one gets an error. COMMIT, ROLLBACK and
    /// errors have the effects that they always have, by savepoints; an error outside of a
    /// transaction undoes its own statement only.
    ///
    /// This needs neither a copy nor disk space, but it is less than a database:
    ///
    /// - Two tests that write the same key of a unique index wait for each other: the second one until the
    ///   first is over. In other orders, a test may fail with `deadlock detected`.
    /// - Sequences are not rolled back, so numbers do not begin at 1.
    /// - `now()` is the time at which the test began. Isolation levels and READ ONLY are accepted and have no
    ///   effect. Deferred constraints are checked by COMMIT only.
    /// - Notifications never arrive. LISTEN is refused.
    /// - Statements that PostgreSQL does not allow in a transaction fail: CREATE DATABASE, VACUUM, CREATE INDEX
    ///   CONCURRENTLY, a procedure that commits. The error has a hint.
    /// - Settings (SET) belong to all connections of the test, until the last one is closed.
    /// - A failed test leaves nothing to look at.
    ///
    /// It replaces [`schema`](Postgres::schema).
    ///
    /// # When the process dies
    ///
    /// The server rolls the transaction back.
    pub fn transaction(mut self) -> Self {
        self.portion = Portion::Transaction;
        self
    }
}
