//! Works ahead of tests, and behind their backs.

use std::sync::{MutexGuard, PoisonError};

use isolated_test_databases::free;
use isolated_test_postgres_wire::Failure;

use super::databases::{create, drop_one, no_template};
use super::state::{Job, State};
use super::{Shared, orphans, tidy};

impl Shared {
    /// Makes copies ahead, and drops what was given back.
    pub(super) fn work(&self) {
        let mut state = self.lock();
        while !state.is_over {
            if let Some(data) = self.data.as_ref().filter(|_| state.looks()) {
                drop(state);
                let free = free(data);
                state = self.lock();
                if let Some(free) = free {
                    state.is_free(free);
                }
                continue;
            }
            let Some(job) = state.next_job() else {
                state = match state.next_drop() {
                    None => self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner),
                    Some(time) => {
                        let waited = self.changed.wait_timeout(state, time);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
                continue;
            };
            match job {
                Job::Drop(database) => {
                    self.drop_unused(state, &database);
                    state = self.lock();
                }
                Job::Make { key, template } => {
                    let copy = format!("{}ready_{}", self.prefix, state.next_number());
                    drop(state);
                    let made = self.make(&copy, &template);
                    state = self.lock();
                    state.made(&key, made.is_ok().then_some(copy));
                    self.changed.notify_all();
                }
                Job::Remove(template) => {
                    drop(state);
                    self.locks.leave_template(&template);
                    // No other host has templates on a server of ours.
                    let action = format!("drop {template}");
                    report(
                        &action,
                        self.sessions.run(&no_template(&template)).map(drop),
                    );
                    self.drop_now(&template);
                    if let Some(layers) = &self.layers {
                        report(&action, layers.forget(&template));
                    }
                    state = self.lock();
                }
                Job::Tidy => {
                    drop(state);
                    report("drop old templates", self.sessions.with(tidy::tidy));
                    report(
                        "drop databases of dead hosts",
                        self.sessions.with(orphans::remove),
                    );
                    state = self.lock();
                }
            }
        }
    }

    pub(super) fn drop_now(&self, database: &str) {
        let layered = self.layers.as_ref();
        let layered = layered.map_or(Ok(false), |layers| layers.drop(database));
        let dropped = match layered {
            Ok(false) => drop_one(self.version, database, |sql| self.sessions.run(sql)),
            dropped => dropped.map(drop),
        };
        report(&format!("drop {database}"), dropped);
    }

    /// Makes a database from another one. On a full disk, what nobody uses any more is dropped before.
    pub(super) fn make(&self, new: &str, template: &str) -> Result<(), Failure> {
        let sql = create(self.version, new, template);
        loop {
            let layered = self.layers.as_ref();
            let layered = layered.map_or(Ok(false), |layers| layers.copy(new, template));
            let made = match layered {
                Ok(false) => self.sessions.run(&sql).map(drop),
                made => made.map(drop),
            };
            match made {
                Err(failure) if failure.is_disk_full() && self.has_made_room() => {}
                made => return made,
            }
        }
    }

    /// Drops a database that nobody uses, or waits until another thread has dropped one. Returns false if
    /// there is none.
    fn has_made_room(&self) -> bool {
        let mut state = self.lock();
        if let Some(unused) = state.next_unused() {
            self.drop_unused(state, &unused);
            return true;
        }
        let dropping = state.dropping;
        while state.dropping >= dropping && state.dropping > 0 {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        dropping > 0
    }

    fn drop_unused(&self, mut state: MutexGuard<'_, State>, database: &str) {
        state.dropping += 1;
        drop(state);
        self.drop_now(database);
        self.lock().dropping -= 1;
        self.changed.notify_all();
    }
}

/// Writes into the log of the host what it could not do.
pub(super) fn report(action: &str, done: Result<(), Failure>) {
    if let Err(failure) = done {
        eprintln!("isolated-test-postgres: failed to {action}: {failure}");
    }
}
