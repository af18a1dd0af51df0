//! How many tests have databases at the same time: as many as the server has connections for.
//!
//! The others wait in line, and the first in line is the next. A test needs one place, however many
//! databases it has: if it needed two, tests with two databases would wait for each other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Refused;
use super::locks::Locks;
use super::visitor::Visitor;

/// How long a test waits while nothing changes.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// How often the first in line looks for a place that another host has given back. The server reports
/// that for a single lock only, and any of several will do.
const LOOK: Duration = Duration::from_millis(10);

/// How many tests a message names.
const MOST_NAMES: usize = 3;

pub(super) struct Admission {
    /// The most tests.
    most: usize,
    /// How long a test waits while nothing changes.
    patience: Duration,
    /// The places on a server that other hosts use too.
    locks: Option<Arc<Locks>>,
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    inside: HashMap<String, Inside>,
    waiting: VecDeque<u64>,
    last: u64,
    changed: Option<Instant>,
}

/// A test that has databases.
#[derive(Default)]
struct Inside {
    databases: usize,
    places: Vec<usize>,
}

/// The right of a test to one database, until it is dropped.
pub(super) struct Admitted<'a> {
    admission: &'a Admission,
    test: String,
}

impl Admission {
    pub(super) fn new(most: usize, patience: Duration, locks: Option<Arc<Locks>>) -> Self {
        Admission {
            most,
            patience,
            locks,
            line: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// Whether a test waits.
    pub(super) fn has_line(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Waits until the test may have a database.
    pub(super) fn enter(
        &self,
        test: &str,
        visitor: &mut impl Visitor,
    ) -> Result<Admitted<'_>, Refused> {
        let mut line = self.lock();
        if let Some(inside) = line.inside.get_mut(test) {
            inside.databases += 1;
        } else {
            line.last += 1;
            let ticket = line.last;
            line.waiting.push_back(ticket);
            let place = self.pass(line, ticket, visitor);
            let mut line = self.lock();
            line.waiting.retain(|other| *other != ticket);
            let entered = place.map(|place| {
                let inside = line.inside.entry(test.to_owned()).or_default();
                inside.databases += 1;
                inside.places.extend(place);
            });
            self.has_moved(line);
            entered?;
        }
        Ok(Admitted {
            admission: self,
            test: test.to_owned(),
        })
    }

    /// Waits until it is the turn of a ticket. Returns the place on a server that others use too.
    fn pass<'a>(
        &'a self,
        mut line: MutexGuard<'a, Line>,
        ticket: u64,
        visitor: &mut impl Visitor,
    ) -> Result<Option<usize>, Refused> {
        let mut began = None;
        loop {
            let is_next = line.waiting.front() == Some(&ticket) && line.inside.len() < self.most;
            if is_next {
                let Some(locks) = &self.locks else {
                    return Ok(None);
                };
                // Nobody else is the first in line meanwhile.
                drop(line);
                if let Some(place) = locks.take_place()? {
                    return Ok(Some(place));
                }
                line = self.lock();
            }
            if began.is_none() {
                visitor.wait_for(&line.holders(self.most))?;
            }
            let began = *began.get_or_insert_with(Instant::now);
            let unchanged = line.changed.unwrap_or(began).max(began).elapsed();
            let Some(left) = self.patience.checked_sub(unchanged) else {
                let holders = line.holders(self.most);
                let patience = self.patience.as_secs();
                return Err(Refused(format!(
                    "waited {patience}s for {holders}; end these tests, raise `max_connections`, or let tests \
                     take turns with `limit(\"connections\", 4)`"
                )));
            };
            let time = if is_next { left.min(LOOK) } else { left };
            line = visitor.wait(&self.moved, line, time)?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_moved(&self, mut line: MutexGuard<'_, Line>) {
        line.changed = Some(Instant::now());
        drop(line);
        self.moved.notify_all();
    }
}

impl Line {
    /// The reason why a test waits.
    fn holders(&self, most: usize) -> String {
        let mut names: Vec<_> = self.inside.keys().map(String::as_str).collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        let mut holders = names.join(", ");
        if more > 0 {
            holders = format!("{holders} and {more} more");
        }
        if self.inside.len() < most {
            let others = "tests of other users or machines";
            let and = if holders.is_empty() { "" } else { " and " };
            holders = format!("{holders}{and}{others}");
        }
        format!(
            "the connections of the server, which are enough for {most} tests at a time, held by {holders}"
        )
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let mut line = self.admission.lock();
        let Some(inside) = line.inside.get_mut(&self.test) else {
            return;
        };
        inside.databases -= 1;
        if inside.databases > 0 {
            return;
        }
        let places = line.inside.remove(&self.test).map(|inside| inside.places);
        if let Some(locks) = &self.admission.locks {
            // It may take a while on the network.
            drop(line);
            for place in places.unwrap_or_default() {
                locks.give_place_back(place);
            }
            line = self.admission.lock();
        }
        self.admission.has_moved(line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::{Admission, PATIENCE, Refused};
    use crate::broker::visitor::tests::Test;

    #[test]
    fn the_first_in_line_is_the_next_unless_it_has_died() {
        let admission = Admission::new(2, PATIENCE, None);
        let (waits, told) = channel();
        let test = |is_dead| Test {
            waits: waits.clone(),
            is_dead,
        };
        let enter = |name| admission.enter(name, &mut test(false)).ok();
        let (first, again, second) = (enter("first"), enter("first"), enter("second"));
        let (enters, entered) = channel();
        thread::scope(|scope| {
            for (name, is_dead) in [("dead", true), ("third", false), ("fourth", false)] {
                let (admission, enters) = (&admission, enters.clone());
                let mut test = test(is_dead);
                scope.spawn(move || {
                    let admitted = admission.enter(name, &mut test).ok();
                    if admitted.is_some() {
                        enters.send(name).unwrap();
                    }
                    admitted
                });
                // The next one comes after it.
                assert_eq!(
                    told.recv().unwrap(),
                    "the connections of the server, which are enough for 2 tests at a time, held by \
                     first, second"
                );
            }
            drop(first);
            assert!(entered.try_recv().is_err(), "it has another database");
            drop(again);
            assert_eq!(entered.recv().unwrap(), "third");
            drop(second);
            assert_eq!(entered.recv().unwrap(), "fourth");
        });
        assert!(!admission.has_line());
    }

    #[test]
    fn a_test_that_has_waited_too_long_is_told_the_way_out() {
        let admission = Admission::new(1, Duration::ZERO, None);
        let mut test = Test {
            waits: channel().0,
            is_dead: false,
        };
        let _admitted = admission.enter("first", &mut test).ok();
        let (waits, _told) = channel();
        test.waits = waits;
        let Err(Refused(why)) = admission.enter("second", &mut test) else {
            panic!("it was admitted");
        };
        assert_eq!(
            why,
            "waited 0s for the connections of the server, which are enough for 1 tests at a time, held by \
             first; end these tests, raise `max_connections`, or let tests take turns with \
             `limit(\"connections\", 4)`"
        );
    }
}
