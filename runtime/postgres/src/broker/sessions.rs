//! The connections of the host to its server, of which there are never more than it has a share of.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use isolated_test_postgres_wire::{Address, Connection, Failure, Row, literal};

use super::bounds::Bounds;
use super::visitor::{GLANCE, Visitor};

/// Connections that run one statement each, and are used again.
pub(super) struct Sessions {
    pub(super) address: Address,
    pub(super) database: String,
    /// The beginning of the names of all databases of the host.
    prefix: String,
    pub(super) bounds: Bounds,
    pool: Mutex<Pool>,
    /// A connection or a permit is free.
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    /// How many connections there are, with those in use.
    open: usize,
    /// How many tests build a template.
    builders: usize,
}

impl Sessions {
    /// Connects for the first time. Returns the major version of the server too.
    pub(super) fn start(
        address: Address,
        database: String,
        prefix: String,
    ) -> Result<(Self, u32), Failure> {
        let mut first = open(&address, &database, &prefix)?;
        let (version, bounds) = (first.version(), Bounds::ask(&mut first)?);
        let pool = Pool {
            idle: vec![first],
            open: 1,
            builders: 0,
        };
        let sessions = Sessions {
            address,
            database,
            prefix,
            bounds,
            pool: Mutex::new(pool),
            freed: Condvar::new(),
        };
        Ok((sessions, version))
    }

    /// A further connection, which is not one of the pool.
    pub(super) fn open(&self) -> Result<Connection, Failure> {
        self.open_in(&self.database)
    }

    /// The same in another database.
    pub(super) fn open_in(&self, database: &str) -> Result<Connection, Failure> {
        open(&self.address, database, &self.prefix)
    }

    pub(super) fn run(&self, sql: &str) -> Result<Vec<Row>, Failure> {
        self.with(|connection| connection.run(sql))
    }

    /// Does something with a connection of the pool. Waits for one if all are in use.
    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut connection = self.take()?;
        let result = act(&mut connection);
        let mut pool = self.lock();
        if matches!(result, Err(Failure::Lost(_))) {
            // The server was probably restarted, so the idle ones are lost too.
            pool.open -= 1 + pool.idle.len();
            pool.idle.clear();
        } else {
            pool.idle.push(connection);
        }
        drop(pool);
        self.freed.notify_all();
        result
    }

    fn take(&self) -> Result<Connection, Failure> {
        let mut pool = self.lock();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(connection);
            }
            if pool.open < self.bounds.pool {
                pool.open += 1;
                drop(pool);
                let opened = self.open();
                pool = self.lock();
                match opened {
                    Ok(connection) => return Ok(connection),
                    Err(failure) => {
                        pool.open -= 1;
                        self.freed.notify_all();
                        // Tests may have taken more than their share: then the others have to do.
                        if pool.open == 0 || !failure.is_full() {
                            return Err(failure);
                        }
                        if !pool.idle.is_empty() {
                            continue;
                        }
                    }
                }
            }
            pool = self.wait(pool);
        }
    }

    /// Permits a test to build a template, for which there is one further connection. Waits for others that
    /// build.
    pub(super) fn permit(&self, client: &mut impl Visitor) -> io::Result<Permit<'_>> {
        let mut pool = self.lock();
        while pool.builders >= self.bounds.builders {
            client.wait_for("tests that build other templates on this server")?;
            pool = client.wait(&self.freed, pool, GLANCE)?;
        }
        pool.builders += 1;
        Ok(Permit { sessions: self })
    }

    /// How many of these connections are open.
    pub(super) fn open_count(&self) -> usize {
        let pool = self.lock();
        pool.open + pool.builders
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, pool: MutexGuard<'a, Pool>) -> MutexGuard<'a, Pool> {
        self.freed
            .wait(pool)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to build a template.
pub(super) struct Permit<'a> {
    sessions: &'a Sessions,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.sessions.lock().builders -= 1;
        self.sessions.freed.notify_all();
    }
}

/// Connects. As long as one of these connections lives, so does the host: see `outlive_sessions`.
fn open(address: &Address, database: &str, prefix: &str) -> Result<Connection, Failure> {
    let mut connection = Connection::open(address, database)?;
    connection.run(&format!(
        "SELECT pg_advisory_lock_shared(hashtext({}))",
        literal(prefix)
    ))?;
    Ok(connection)
}
