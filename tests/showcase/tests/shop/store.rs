//! The central store that all branches and all tests share: tables and topics by name.
//!
//! Here it is a database file. Elsewhere it is the one server that everybody uses.

use std::time::Duration;

use rusqlite::{Connection, Result, TransactionBehavior};

use crate::shop::{self, AnyError, digest};

/// A connection to the store.
pub(crate) struct Store(Connection);

impl Store {
    /// Connects to the store.
    pub(crate) fn connect() -> Result<Self, AnyError> {
        let db = Connection::open(shop::data()?.join("store.db"))?;
        db.busy_timeout(Duration::from_secs(60))?;
        let topics = "CREATE TABLE IF NOT EXISTS messages (topic TEXT, body TEXT, signature TEXT)";
        db.execute(topics, [])?;
        Ok(Self(db))
    }

    /// Creates the table `name`.
    pub(crate) fn create_table(&self, name: &str) -> Result<()> {
        self.0
            .execute_batch(&format!("CREATE TABLE {name} (customer TEXT, card TEXT)"))
    }

    /// Drops the table `name`.
    pub(crate) fn drop_table(&self, name: &str) -> Result<()> {
        self.0
            .execute_batch(&format!("DROP TABLE IF EXISTS {name}"))
    }

    /// Inserts a customer into the table `name`, with the digest for the customer's card.
    pub(crate) fn insert(&self, name: &str, customer: &str) -> Result<usize> {
        self.0.execute(
            &format!("INSERT INTO {name} VALUES (?1, ?2)"),
            [customer, &digest::of(customer)],
        )
    }

    /// All customers in the table `name`, sorted.
    pub(crate) fn customers(&self, name: &str) -> Result<Vec<String>> {
        let all = format!("SELECT customer FROM {name} ORDER BY customer");
        self.0
            .prepare(&all)?
            .query_map([], |row| row.get(0))?
            .collect()
    }

    /// Publishes a signed message on `topic`.
    pub(crate) fn publish(&self, topic: &str, body: &str) -> Result<usize> {
        self.0.execute(
            "INSERT INTO messages VALUES (?1, ?2, ?3)",
            [topic, body, &digest::of(body)],
        )
    }

    /// Takes all messages from `topic`, oldest first.
    pub(crate) fn consume(&mut self, topic: &str) -> Result<Vec<String>> {
        let taking = self
            .0
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let all = "SELECT body FROM messages WHERE topic = ?1 ORDER BY rowid";
        let bodies = taking
            .prepare(all)?
            .query_map([topic], |row| row.get(0))?
            .collect();
        taking.execute("DELETE FROM messages WHERE topic = ?1", [topic])?;
        taking.commit()?;
        bodies
    }
}
