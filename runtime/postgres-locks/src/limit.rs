//! Limits: at most `n` holders at a time.
//!
//! A holder has the main lock in shared mode, and one of `n` slots. Only the holder of the *turn* looks for
//! a slot, so holders are served in order. Nobody can wait for several locks at once, and a killed holder
//! sends no notice, so it looks again and again. A further shared lock for each limit shows which limit is
//! in use: only the holder of the turn may begin with another one.

use std::thread;
use std::time::{Duration, Instant};

use isolated_test_postgres_wire::Row;

use crate::id::{Id, MAIN, MOST, SLOTS, TERMS, TURN};
use crate::session::{FENCE, Session, Trouble, column};

/// The longest pause between two looks for a slot.
const LONGEST: Duration = Duration::from_millis(20);

/// The shortest one.
const SHORTEST: Duration = Duration::from_millis(1);

impl Session {
    /// Acquires the main lock and a slot. Returns the slot, and the answer with the fence.
    pub(crate) fn acquire_limited(
        &mut self,
        id: Id,
        limit: u32,
        pause: &mut dyn FnMut() -> Option<Duration>,
    ) -> Result<(u32, Vec<Row>), Trouble> {
        let (main, turn) = (id.part(MAIN), id.part(TURN));
        self.wait(
            &format!("SELECT pg_catalog.pg_advisory_lock({turn})"),
            pause,
        )?;
        self.wait(
            &format!("SELECT pg_catalog.pg_advisory_lock_shared({main})"),
            pause,
        )?;
        self.refuse_other_limit(id, limit)?;
        let began = Instant::now();
        let mut asks = began;
        let slot = loop {
            if let Some(slot) = self.free_slot(id, limit)? {
                break slot;
            }
            let now = Instant::now();
            if now >= asks {
                asks = now + pause().ok_or(Trouble::GaveUp)?;
            }
            // No event says that one of several locks is free.
            thread::sleep((began.elapsed() / 16).clamp(SHORTEST, LONGEST));
        };
        let terms = id.part(TERMS + limit - 1);
        let rows = self.run(&format!(
            "SELECT pg_catalog.pg_advisory_lock_shared({terms}); \
             SELECT pg_catalog.pg_advisory_unlock({turn}); {FENCE}"
        ))?;
        Ok((slot, rows))
    }

    /// Acquires the main lock and a slot if nobody is in the way now.
    pub(crate) fn try_acquire_limited(
        &mut self,
        id: Id,
        limit: u32,
    ) -> Result<Option<u32>, Trouble> {
        let (main, turn) = (id.part(MAIN), id.part(TURN));
        let is_true = |rows: Vec<Row>| column(&rows, 0) == Some("true");
        if !is_true(self.run(&format!(
            "SELECT pg_catalog.pg_try_advisory_lock({turn})::text"
        ))?) {
            return Ok(None);
        }
        let lock = format!("SELECT pg_catalog.pg_try_advisory_lock_shared({main})::text");
        let mut slot = None;
        if is_true(self.run(&lock)?) {
            self.refuse_other_limit(id, limit)?;
            slot = self.free_slot(id, limit)?;
            let next = if slot.is_some() {
                let terms = id.part(TERMS + limit - 1);
                format!("SELECT pg_catalog.pg_advisory_lock_shared({terms})")
            } else {
                format!("SELECT pg_catalog.pg_advisory_unlock_shared({main})")
            };
            self.run(&next)?;
        }
        self.run(&format!("SELECT pg_catalog.pg_advisory_unlock({turn})"))?;
        Ok(slot)
    }

    /// Acquires the first free slot.
    fn free_slot(&mut self, id: Id, limit: u32) -> Result<Option<u32>, Trouble> {
        let first = id.part(SLOTS);
        let rows = self.run(&format!(
            "SELECT slot::text FROM pg_catalog.generate_series(0, {limit} - 1) slot \
             WHERE pg_catalog.pg_try_advisory_lock({first} + slot) LIMIT 1"
        ))?;
        Ok(column(&rows, 0).and_then(|slot| slot.parse().ok()))
    }

    /// Refuses a limit if others hold the lock with another one.
    fn refuse_other_limit(&mut self, id: Id, limit: u32) -> Result<(), Trouble> {
        let (upper, lower) = id.halves();
        let first = lower + TERMS;
        let (last, own) = (first + MOST - 1, first + limit - 1);
        let rows = self.run(&format!(
            "SELECT (objid::bigint - {first} + 1)::text FROM pg_catalog.pg_locks \
             WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = {upper} \
             AND objid::bigint BETWEEN {first} AND {last} AND objid::bigint <> {own} \
             AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             LIMIT 1"
        ))?;
        match column(&rows, 0).and_then(|limit| limit.parse().ok()) {
            Some(other) => Err(Trouble::OtherLimit(other)),
            None => Ok(()),
        }
    }
}
