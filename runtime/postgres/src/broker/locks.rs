//! The locks that this host holds on its server: places for tests, and templates that must stay.
//!
//! All are advisory locks of one session. The server frees them when the session ends, however the
//! host dies.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use isolated_test_postgres_wire::{Connection, Failure, Row, literal};

use super::bounds::EACH;
use super::sessions::Sessions;

/// The first key of the locks that are places; the second is the number of the place.
const PLACES: &str = "hashtext('isolated-test places')";

/// The first key of the locks of templates that are used; the second is the hash of the name.
pub(super) const TEMPLATES: &str = "hashtext('isolated-test templates')";

pub(super) struct Locks {
    sessions: Arc<Sessions>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    connection: Option<Connection>,
    places: Vec<usize>,
    /// The templates in use: one entry for each use.
    templates: Vec<String>,
}

impl Locks {
    pub(super) fn new(sessions: Arc<Sessions>) -> Self {
        Locks {
            sessions,
            held: Mutex::default(),
        }
    }

    /// Takes one of the places for tests on the server, if one is free. There are fewer of them while
    /// others use more connections.
    pub(super) fn take_place(&self) -> Result<Option<usize>, Failure> {
        let bounds = self.sessions.bounds;
        let mut held = self.lock();
        let own: Vec<_> = held.places.iter().map(usize::to_string).collect();
        // A session gets a lock that it has already.
        let sql = format!(
            "SELECT place FROM generate_series(0, greatest(0, least({tests}, ({usable} - {reserved} - (
                 SELECT coalesce(sum(numbackends), 0) FROM pg_stat_database
                 WHERE left(datname, 9) <> 'isolated_'
             )) / {EACH}) - 1)) place
             WHERE CASE WHEN place = ANY ('{{{own}}}') THEN false
                 ELSE pg_try_advisory_lock({PLACES}, place::int) END
             LIMIT 1",
            tests = bounds.tests,
            usable = bounds.of_server,
            reserved = bounds.own().saturating_sub(self.sessions.open_count() + 1),
            own = own.join(","),
        );
        let rows = match held.run(&self.sessions, &sql) {
            Err(failure) if failure.is_full() => return Ok(None),
            rows => rows?,
        };
        let place = rows
            .first()
            .and_then(|row| row.first()?.as_ref()?.parse().ok());
        held.places.extend(place);
        Ok(place)
    }

    pub(super) fn give_place_back(&self, place: usize) {
        let mut held = self.lock();
        if !held.places.contains(&place) {
            return;
        }
        held.places.retain(|other| *other != place);
        held.free(&format!("SELECT pg_advisory_unlock({PLACES}, {place})"));
    }

    /// Lets nobody remove a template. It may be gone before.
    pub(super) fn use_template(&self, template: &str) -> Result<(), Failure> {
        let mut held = self.lock();
        held.run(&self.sessions, &share(template))?;
        held.templates.push(template.to_owned());
        Ok(())
    }

    /// Ends one use of a template.
    pub(super) fn leave_template(&self, template: &str) {
        let mut held = self.lock();
        if let Some(at) = held.templates.iter().position(|one| one == template) {
            held.templates.swap_remove(at);
            let template = literal(template);
            held.free(&format!(
                "SELECT pg_advisory_unlock_shared({TEMPLATES}, hashtext({template}))"
            ));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Runs a statement in the session, or in another one if that is lost.
    fn run(&mut self, sessions: &Sessions, sql: &str) -> Result<Vec<Row>, Failure> {
        if let Some(rows) = self.run_in_session(sql) {
            return rows;
        }
        let connection = open(sessions, &self.templates)?;
        self.connection.insert(connection).run(sql)
    }

    /// Frees a lock. If the session is lost, all its locks are free.
    fn free(&mut self, sql: &str) {
        let _ = self.run_in_session(sql);
    }

    /// Runs a statement in the session. `None` if there is none, or if it is lost.
    fn run_in_session(&mut self, sql: &str) -> Option<Result<Vec<Row>, Failure>> {
        let ran = self.connection.as_mut()?.run(sql);
        if matches!(ran, Err(Failure::Lost(_))) {
            self.connection = None;
            self.places.clear();
            return None;
        }
        Some(ran)
    }
}

/// Opens the session, or another one after the first was lost.
fn open(sessions: &Sessions, templates: &[String]) -> Result<Connection, Failure> {
    let mut connection = sessions.open()?;
    for template in templates {
        connection.run(&share(template))?;
    }
    Ok(connection)
}

fn share(template: &str) -> String {
    let template = literal(template);
    format!("SELECT pg_advisory_lock_shared({TEMPLATES}, hashtext({template}))")
}
