//! The orders of one branch, in a separate database file.

use std::path::Path;

use rusqlite::{Connection, Result};

use crate::shop::digest;

const TOTAL: &str = "SELECT count(*), ifnull(sum(cents), 0) FROM orders";

/// An open order book.
pub(crate) struct Orders(Connection);

impl Orders {
    /// Opens the order book at `path`, and creates it if necessary.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let db = Connection::open(path)?;
        for table in [
            "orders (id INTEGER PRIMARY KEY, cents INTEGER, receipt TEXT, paid INTEGER)",
            "closings (cents INTEGER, digest TEXT)",
        ] {
            db.execute(&format!("CREATE TABLE IF NOT EXISTS {table}"), [])?;
        }
        Ok(Self(db))
    }

    /// Removes all orders.
    pub(crate) fn clear(&self) -> Result<usize> {
        self.0.execute("DELETE FROM orders", [])
    }

    /// Adds an order, with the digest for its receipt.
    pub(crate) fn add(&self, cents: u32) -> Result<usize> {
        let receipt = digest::of(&cents.to_string());
        let order = "INSERT INTO orders (cents, receipt, paid) VALUES (?1, ?2, 0)";
        self.0.execute(order, (cents, receipt))
    }

    /// Marks all unpaid orders as paid and returns their number.
    pub(crate) fn pay_all(&mut self) -> Result<usize> {
        let payment = self.0.transaction()?;
        let unpaid: Vec<i64> = payment
            .prepare("SELECT id FROM orders WHERE paid = 0")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_>>()?;
        for id in &unpaid {
            payment.execute("UPDATE orders SET paid = 1 WHERE id = ?1", [id])?;
        }
        payment.commit()?;
        Ok(unpaid.len())
    }

    /// Records the total value of all orders and returns the number of closings so far.
    pub(crate) fn close_the_books(&mut self) -> Result<u32> {
        let closing = self.0.transaction()?;
        let cents: i64 = closing.query_row(TOTAL, [], |row| row.get(1))?;
        let digest = digest::of(&cents.to_string());
        closing.execute("INSERT INTO closings VALUES (?1, ?2)", (cents, digest))?;
        let count = closing.query_row("SELECT count(*) FROM closings", [], |row| row.get(0))?;
        closing.commit()?;
        Ok(count)
    }

    /// The number of orders and their total value in cents.
    pub(crate) fn total(&self) -> Result<(i64, i64)> {
        self.0
            .query_row(TOTAL, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
