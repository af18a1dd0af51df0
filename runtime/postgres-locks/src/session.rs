//! A connection that holds locks.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use isolated_test_postgres_wire::{Connection, Failure, Row};

use crate::holder::Holder;
use crate::id::{Id, MAIN, SLOTS, TERMS};
use crate::server::PATIENCE;

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Without any other holder.
    Exclusive,
    /// Together with all holders that are not exclusive.
    Shared,
    /// Together with shared holders, and with at most this many of this mode in total.
    Limited(u32),
}

/// A lock that was acquired.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// A number above that of every earlier holder of any lock on the server.
    pub fence: u64,
}

/// Why a lock was not acquired, or is no longer held.
#[derive(Debug)]
pub enum Trouble {
    /// The caller did not want to wait any longer.
    GaveUp,
    /// Others hold the lock with this limit.
    OtherLimit(u32),
    /// The server cannot keep locks, or not for this role.
    Unfit(String),
    /// A statement has failed.
    Failed(Failure),
}

/// The time for which an answer is awaited before the caller is asked whether to wait.
const AT_ONCE: Duration = Duration::from_millis(20);

/// Returns the fence: the number of this transaction, which has the lock already.
///
/// The message means nothing. Without it the transaction would write nothing, and its end would not wait until
/// it is on the disk. So a server that crashes could give its number again.
pub(crate) const FENCE: &str = "SELECT pg_catalog.pg_current_xact_id()::text \
     FROM pg_catalog.pg_logical_emit_message(true, 'isolated-test', '')";

/// A connection that holds locks. They are released when it is dropped, and when this process dies.
pub struct Session {
    pub(crate) connection: Connection,
    pub(crate) holder: Holder,
    /// The process of the server that holds the locks.
    pub(crate) backend: i32,
    /// Whether something stands between this process and the server.
    pub(crate) is_proxied: bool,
    pub(crate) held: Vec<Held>,
}

/// A lock that the session holds.
#[derive(Debug)]
pub(crate) struct Held {
    key: String,
    mode: Mode,
    /// The slot, for a limited one.
    slot: u32,
}

impl Session {
    /// Acquires a lock. Asks `pause` again and again for how long to wait; `None` is to give up.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost, and when `pause` gives up. The session is of no use then: drop it, which
    /// releases its other locks too.
    pub fn acquire(
        &mut self,
        key: &str,
        mode: Mode,
        pause: &mut dyn FnMut() -> Option<Duration>,
    ) -> Result<Grant, Trouble> {
        let acquired = self.wait_for(key, mode, pause);
        self.end_if_failed(acquired)
    }

    fn wait_for(
        &mut self,
        key: &str,
        mode: Mode,
        pause: &mut dyn FnMut() -> Option<Duration>,
    ) -> Result<Grant, Trouble> {
        self.held.push(Held {
            key: key.to_owned(),
            mode,
            slot: 0,
        });
        let id = Id::of(key);
        let rows = match mode {
            Mode::Exclusive | Mode::Shared => {
                let lock = format!(
                    "SELECT pg_catalog.pg_advisory_{}({}); {FENCE}",
                    lock(mode),
                    id.part(MAIN)
                );
                self.wait(&lock, pause)?
            }
            Mode::Limited(limit) => {
                let (slot, rows) = self.acquire_limited(id, limit, pause)?;
                self.took_slot(slot);
                rows
            }
        };
        self.granted(&rows)
    }

    /// Acquires a lock if it is free now.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost. The session is of no use then: drop it, which releases its other locks
    /// too.
    pub fn try_acquire(&mut self, key: &str, mode: Mode) -> Result<Option<Grant>, Trouble> {
        let acquired = self.look_for(key, mode);
        self.end_if_failed(acquired)
    }

    fn look_for(&mut self, key: &str, mode: Mode) -> Result<Option<Grant>, Trouble> {
        self.held.push(Held {
            key: key.to_owned(),
            mode,
            slot: 0,
        });
        let id = Id::of(key);
        let is_free = match mode {
            Mode::Exclusive | Mode::Shared => {
                let attempt = format!(
                    "SELECT pg_catalog.pg_try_advisory_{}({})::text",
                    lock(mode),
                    id.part(MAIN)
                );
                column(&self.run(&attempt)?, 0) == Some("true")
            }
            Mode::Limited(limit) => match self.try_acquire_limited(id, limit)? {
                Some(slot) => {
                    self.took_slot(slot);
                    true
                }
                None => false,
            },
        };
        if !is_free {
            self.held.pop();
            return Ok(None);
        }
        let rows = self.run(FENCE)?;
        self.granted(&rows).map(Some)
    }

    /// Leaves all locks to the end of the connection if one of them was not acquired: a statement that releases
    /// them would have to wait behind the one that was given up.
    fn end_if_failed<T>(&mut self, acquired: Result<T, Trouble>) -> Result<T, Trouble> {
        if acquired.is_err() {
            self.held.clear();
        }
        acquired
    }

    fn took_slot(&mut self, slot: u32) {
        if let Some(held) = self.held.last_mut() {
            held.slot = slot;
        }
    }

    fn granted(&mut self, rows: &[Row]) -> Result<Grant, Trouble> {
        if self.is_proxied {
            self.confirm()?;
        }
        let fence = column(rows, 0).and_then(|text| text.parse().ok());
        let fence = fence.ok_or_else(|| Trouble::Unfit("the server gives no fence".to_owned()))?;
        Ok(Grant { fence })
    }

    /// Releases a lock.
    ///
    /// # Errors
    ///
    /// Fails when it was no longer held.
    pub fn release(&mut self, key: &str) -> Result<(), Trouble> {
        let Some(at) = self.held.iter().rposition(|held| held.key == key) else {
            return Ok(());
        };
        let held = self.held.remove(at);
        let columns: Vec<_> = held
            .locks()
            .map(|(part, is_shared)| {
                let shared = if is_shared { "_shared" } else { "" };
                let part = Id::of(key).part(part);
                format!("pg_catalog.pg_advisory_unlock{shared}({part})::text")
            })
            .collect();
        let rows = self.run(&format!("SELECT {}", columns.join(", ")))?;
        let is_released = |row: &Row| row.iter().all(|column| column.as_deref() == Some("true"));
        if rows.iter().all(is_released) {
            Ok(())
        } else {
            Err(not_held())
        }
    }

    /// Asks the server whether the session still holds all of its locks.
    ///
    /// # Errors
    ///
    /// Fails when it does not, or when the server does not answer.
    pub fn confirm(&mut self) -> Result<(), Trouble> {
        let mut numbers = Vec::new();
        for held in &self.held {
            let (upper, lower) = Id::of(&held.key).halves();
            numbers.extend(
                held.locks()
                    .map(|(part, _)| format!("({upper}, {})", lower + part)),
            );
        }
        if numbers.is_empty() {
            return Ok(());
        }
        let (all, count) = (numbers.join(", "), numbers.len());
        let rows = self.run(&format!(
            "SELECT pg_catalog.pg_backend_pid()::text, pg_catalog.count(*)::text FROM pg_catalog.pg_locks \
             WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_catalog.pg_backend_pid() \
             AND (classid::bigint, objid::bigint) IN ({all})"
        ))?;
        if number(&rows) != self.backend {
            return Err(shared_connection());
        }
        if column(&rows, 1) == Some(&*count.to_string()) {
            Ok(())
        } else {
            Err(not_held())
        }
    }

    /// Reads what the server has sent although nothing was asked: nothing that matters, or the end of the
    /// connection. Never waits for long.
    ///
    /// # Errors
    ///
    /// Fails when the connection has ended, and the locks are no longer held.
    pub fn listen(&mut self) -> Result<(), Trouble> {
        self.connection
            .set_patience(Some(Duration::from_millis(1)))
            .map_err(Failure::from)?;
        Ok(self.connection.listen()?)
    }

    /// The process of the server that holds the locks.
    #[must_use]
    pub fn backend(&self) -> i32 {
        self.backend
    }

    /// Runs a statement that waits for no lock.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Vec<Row>, Trouble> {
        let sql = self.described(sql);
        run(&mut self.connection, &sql)
    }

    /// Runs a statement that may wait for a lock.
    pub(crate) fn wait(
        &mut self,
        sql: &str,
        pause: &mut dyn FnMut() -> Option<Duration>,
    ) -> Result<Vec<Row>, Trouble> {
        let sql = self.described(sql);
        self.connection.begin(&sql)?;
        let mut time = AT_ONCE;
        loop {
            self.connection
                .set_patience(Some(time))
                .map_err(Failure::from)?;
            if let Some(rows) = self.connection.finish()? {
                return Ok(rows);
            }
            time = pause()
                .ok_or(Trouble::GaveUp)?
                .max(Duration::from_millis(1));
        }
    }

    /// A statement that tells others who holds the locks of the session.
    fn described(&self, sql: &str) -> String {
        let keys = self.held.iter().map(|held| &*held.key);
        self.holder.comment(keys) + sql
    }
}

impl Held {
    /// The locks of the key, and whether each of them is shared.
    fn locks(&self) -> impl Iterator<Item = (u32, bool)> + use<> {
        let main = (MAIN, self.mode != Mode::Exclusive);
        let counted = match self.mode {
            Mode::Limited(limit) => vec![(SLOTS + self.slot, false), (TERMS + limit - 1, true)],
            Mode::Exclusive | Mode::Shared => Vec::new(),
        };
        counted.into_iter().chain([main])
    }
}

impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::GaveUp => formatter.write_str("the wait was given up"),
            Trouble::OtherLimit(limit) => {
                write!(formatter, "others hold it with a limit of {limit}")
            }
            Trouble::Unfit(why) => formatter.write_str(why),
            Trouble::Failed(failure) => failure.fmt(formatter),
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failed(failure)
    }
}

/// Runs a statement that waits for no lock.
pub(crate) fn run(connection: &mut Connection, sql: &str) -> Result<Vec<Row>, Trouble> {
    connection
        .set_patience(Some(PATIENCE))
        .map_err(Failure::from)?;
    connection.begin(sql)?;
    let rows = connection.finish()?;
    rows.ok_or_else(|| {
        Trouble::Unfit(format!(
            "the server did not answer within {}s",
            PATIENCE.as_secs()
        ))
    })
}

/// The end of the name of the function that acquires the main lock.
fn lock(mode: Mode) -> &'static str {
    match mode {
        Mode::Exclusive => "lock",
        Mode::Shared | Mode::Limited(_) => "lock_shared",
    }
}

pub(crate) fn shared_connection() -> Trouble {
    Trouble::Unfit(
        "a proxy lends the connection to the server to several clients in turns; name the server itself, or \
         let the proxy pool sessions (`pool_mode = session`)"
            .to_owned(),
    )
}

fn not_held() -> Trouble {
    Trouble::Unfit("the server no longer knows of the lock".to_owned())
}

/// A column of the last row.
pub(crate) fn column(rows: &[Row], column: usize) -> Option<&str> {
    rows.last()?.get(column)?.as_deref()
}

/// The number in the first column of the last row.
pub(crate) fn number(rows: &[Row]) -> i32 {
    column(rows, 0)
        .and_then(|text| text.parse().ok())
        .unwrap_or(-1)
}
