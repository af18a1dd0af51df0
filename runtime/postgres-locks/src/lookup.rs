//! The holders of locks, and those who wait for them.

use std::time::{SystemTime, UNIX_EPOCH};

use isolated_test_postgres_wire::{Connection, Row};

use crate::holder::Holder;
use crate::id::{Id, MAIN, SLOTS};
use crate::server::Server;
use crate::session::{Mode, Trouble, run};

/// A connection that sees who holds locks.
pub struct Lookup {
    connection: Connection,
    /// By how many milliseconds the clock of the server is ahead.
    ahead: i64,
}

/// A session that holds a lock or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The test. Of sessions of another role only that role may be known, which stands in place of the test.
    /// The process is zero then.
    pub holder: Holder,
    /// The key, if it is known.
    pub key: Option<String>,
    /// How the lock is held or wanted. The number of a limit is not known.
    pub mode: Mode,
    /// Whether it waits for the lock.
    pub waits: bool,
    /// When its last statement began or ended: roughly when it got the lock, or began to wait. In
    /// milliseconds since the Unix epoch, by the clock of this machine.
    pub since: u64,
    /// The process of the server.
    pub backend: i32,
}

/// The locks of all keys in this database, each with the session behind it.
const LOCKS: &str = "SELECT l.pid::text, l.classid::text, l.objid::text, l.mode, l.granted::text, \
     coalesce(a.usename, ''), coalesce(a.query, ''), \
     coalesce((extract(epoch FROM CASE a.state WHEN 'idle' THEN a.state_change ELSE a.query_start END) \
     * 1000)::bigint, 0)::text \
     FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
     WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.pid IS NOT NULL AND l.database = \
     (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

impl Lookup {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Fails when the server cannot be reached or refuses the role.
    pub fn open(server: &Server) -> Result<Self, Trouble> {
        let mut connection = server.connect("isolated-test looks for holders")?;
        let clock = "SELECT pg_catalog.set_config('search_path', 'pg_catalog', false), \
                     pg_catalog.set_config('idle_session_timeout', '0', false), \
                     (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint::text";
        let rows = run(&mut connection, clock)?;
        let theirs: i64 = rows
            .last()
            .and_then(|row| row.get(2)?.as_deref()?.parse().ok())
            .unwrap_or(0);
        let ours = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let ours = i64::try_from(ours.as_millis()).unwrap_or(i64::MAX);
        Ok(Lookup {
            connection,
            ahead: theirs - ours,
        })
    }

    /// Lists the sessions in the way of a lock, those first that have it for the longest time. Leaves out
    /// the session of one process of the server.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost.
    pub fn in_the_way(&mut self, key: &str, mode: Mode, own: i32) -> Result<Vec<Seen>, Trouble> {
        let id = Id::of(key);
        let (upper, _) = id.halves();
        let rows = run(
            &mut self.connection,
            &format!("{LOCKS} AND l.classid::bigint = {upper}"),
        )?;
        let locks = rows.iter().filter_map(|row| self.read(row));
        let of_key = locks.filter_map(|lock| Some((id.part_of(lock.upper, lock.lower)?, lock)));
        let others: Vec<_> = of_key
            .filter(|(_, lock)| lock.seen.backend != own)
            .collect();
        let is_in_the_way = |part: u32, lock: &Lock| match (mode, lock.is_exclusive) {
            _ if lock.seen.waits => false,
            (Mode::Exclusive, _) | (_, true) if part == MAIN => true,
            (Mode::Limited(_), _) => part >= SLOTS,
            _ => false,
        };
        let mut seen: Vec<_> = others
            .iter()
            .filter(|(part, lock)| is_in_the_way(*part, lock))
            .collect();
        if seen.is_empty() {
            // Then it is behind an exclusive lock that waits for these.
            seen = others
                .iter()
                .filter(|(part, lock)| *part == MAIN && !lock.seen.waits)
                .collect();
        }
        let mut seen: Vec<_> = seen
            .into_iter()
            .map(|(_, lock)| lock.seen.clone())
            .collect();
        seen.sort_by_key(|seen| seen.since);
        Ok(seen)
    }

    /// Lists all holders and waiters of locks whose sessions describe themselves.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost.
    pub fn all(&mut self) -> Result<Vec<Seen>, Trouble> {
        let rows = run(&mut self.connection, LOCKS)?;
        let mut all: Vec<Seen> = Vec::new();
        for lock in rows.iter().filter_map(|row| self.read(row)) {
            let named = lock.keys.iter().find_map(|key| {
                let part = Id::of(key).part_of(lock.upper, lock.lower)?;
                Some((key.clone(), part))
            });
            let Some((key, part)) = named else {
                continue;
            };
            let mut seen = Seen {
                key: Some(key),
                ..lock.seen
            };
            let is_same =
                |other: &&mut Seen| other.backend == seen.backend && other.key == seen.key;
            if part != MAIN {
                seen.mode = Mode::Limited(0);
            }
            match all.iter_mut().find(is_same) {
                None => all.push(seen),
                // A limited one has several locks.
                Some(other) if part != MAIN => {
                    other.mode = seen.mode;
                    other.waits |= seen.waits;
                }
                Some(other) => other.waits |= seen.waits,
            }
        }
        all.sort_by(|one, other| {
            (&one.key, one.waits, one.since).cmp(&(&other.key, other.waits, other.since))
        });
        Ok(all)
    }

    fn read(&self, row: &Row) -> Option<Lock> {
        let column = |index: usize| row.get(index)?.as_deref();
        let is_exclusive = column(3)? == "ExclusiveLock";
        let (holder, keys) = Holder::parse(column(6)?).unwrap_or_else(|| {
            let (role, session) = (column(5).unwrap_or_default(), column(0).unwrap_or_default());
            let test = format!("another role (`{role}`, session {session})");
            (
                Holder {
                    test,
                    ..Holder::default()
                },
                Vec::new(),
            )
        });
        let since = column(7)?.parse::<i64>().ok()? - self.ahead;
        Some(Lock {
            upper: column(1)?.parse().ok()?,
            lower: column(2)?.parse().ok()?,
            is_exclusive,
            keys,
            seen: Seen {
                holder,
                key: None,
                mode: if is_exclusive {
                    Mode::Exclusive
                } else {
                    Mode::Shared
                },
                waits: column(4)? != "true",
                since: u64::try_from(since).unwrap_or(0),
                backend: column(0)?.parse().ok()?,
            },
        })
    }
}

/// One row of `pg_locks`.
struct Lock {
    upper: u32,
    lower: u32,
    is_exclusive: bool,
    /// The keys of its session.
    keys: Vec<String>,
    seen: Seen,
}
