//! Which tests fill their schemas at the same time.
//!
//! The steps of each content run alone once. After that, tests of that content fill side by side, unless others
//! wait to be alone.

use std::collections::HashSet;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::visitor::{GLANCE, Visitor};

#[derive(Default)]
pub(super) struct Filling {
    tests: Mutex<Tests>,
    changed: Condvar,
}

#[derive(Default)]
struct Tests {
    /// The keys whose steps have run.
    known: HashSet<String>,
    /// How many tests fill a schema.
    filling: usize,
    /// How many fill one alone, or wait to.
    alone: usize,
}

/// The right of a test to fill its schema, until it is dropped.
pub(super) struct Turn<'a> {
    all: &'a Filling,
    pub(super) is_alone: bool,
    has_begun: bool,
}

impl Filling {
    /// Waits until a test may fill its schema.
    pub(super) fn enter(&self, key: &str, visitor: &mut impl Visitor) -> io::Result<Turn<'_>> {
        // Before the lock, so that it is dropped after that.
        let mut turn = Turn {
            all: self,
            is_alone: false,
            has_begun: false,
        };
        let mut tests = self.lock();
        turn.is_alone = !tests.known.contains(key);
        tests.alone += usize::from(turn.is_alone);
        loop {
            if turn.is_alone && tests.known.contains(key) {
                turn.is_alone = false;
                tests.alone -= 1;
                self.changed.notify_all();
            }
            let others = if turn.is_alone {
                tests.filling
            } else {
                tests.alone
            };
            if others == 0 {
                break;
            }
            visitor.wait_for("the migrations of other tests, which run alone once")?;
            tests = visitor.wait(&self.changed, tests, GLANCE)?;
        }
        tests.filling += 1;
        drop(tests);
        turn.has_begun = true;
        Ok(turn)
    }

    fn lock(&self) -> MutexGuard<'_, Tests> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The steps of the content have run.
    pub(super) fn note(&self, key: &str) {
        self.all.lock().known.insert(key.to_owned());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut tests = self.all.lock();
        tests.alone -= usize::from(self.is_alone);
        tests.filling -= usize::from(self.has_begun);
        drop(tests);
        self.all.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::Filling;
    use crate::broker::visitor::tests::Test;

    #[test]
    fn the_steps_of_each_content_run_alone_once() {
        let (filling, (waits, told)) = (Filling::default(), channel());
        let test = |is_dead| Test {
            waits: waits.clone(),
            is_dead,
        };
        let enter = |key| filling.enter(key, &mut test(false)).unwrap();
        let first = enter("a");
        assert!(first.is_alone);
        // A dead one leaves, and is in nobody's way.
        assert!(filling.enter("b", &mut test(true)).is_err());
        first.note("a");
        drop(first);
        let side_by_side = [enter("a"), enter("a")];
        assert!(side_by_side.iter().all(|turn| !turn.is_alone));
        assert!(told.try_iter().count() == 1);
        thread::scope(|scope| {
            let lone = scope.spawn(|| enter("b").is_alone);
            told.recv().unwrap();
            // It comes before those that do not have to be alone.
            let late = scope.spawn(|| enter("a").is_alone);
            told.recv().unwrap();
            assert!(!lone.is_finished() && !late.is_finished());
            drop(side_by_side);
            assert!(lone.join().unwrap());
            assert!(!late.join().unwrap());
        });
    }

    #[test]
    fn those_that_wait_for_the_same_steps_go_on_together() {
        let (filling, (waits, told)) = (Filling::default(), channel());
        let enter = || {
            let waits = waits.clone();
            let is_dead = false;
            filling.enter("a", &mut Test { waits, is_dead }).unwrap()
        };
        let first = enter();
        thread::scope(|scope| {
            let others = [(); 2].map(|()| scope.spawn(enter));
            for _ in 0..2 {
                told.recv().unwrap();
            }
            first.note("a");
            drop(first);
            let others = others.map(|other| other.join().unwrap());
            assert!(others.iter().all(|turn| !turn.is_alone));
        });
    }
}
