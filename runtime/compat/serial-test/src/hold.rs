//! The locks of one call of an annotated function.

use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::pin::pin;

use crate::claim::Claim;
use crate::held::{Held, acquire, enter, leave};

/// Locks that belong to the acquiring thread until this is dropped.
#[derive(Debug)]
#[must_use = "the locks are released as soon as this is dropped"]
pub struct Here {
    number: u64,
    /// Makes this `!Send`.
    thread: PhantomData<*const ()>,
}

impl Here {
    fn new(locks: &[Held]) -> Self {
        Here {
            number: enter(locks),
            thread: PhantomData,
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        leave(self.number);
    }
}

/// Locks that belong to a future, whichever thread polls it.
#[derive(Debug)]
#[must_use = "the locks are released as soon as this is dropped"]
pub struct Across(Vec<Held>);

impl Across {
    /// Runs a future while holding these locks.
    pub async fn around<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _here = Here::new(&self.0);
            future.as_mut().poll(context)
        })
        .await
    }
}

/// Acquires locks for this thread.
///
/// # Panics
///
/// Panics with the reason if the locks cannot be acquired.
#[track_caller]
pub fn here(is_tested: bool, package: Option<&str>, claims: &[Claim]) -> Here {
    match acquire(is_tested, package, claims) {
        Ok(locks) => Here::new(&locks),
        Err(reason) => panic!("{reason}"),
    }
}

/// Acquires locks for a future.
///
/// # Panics
///
/// Panics with the reason if the locks cannot be acquired.
#[track_caller]
pub fn across(is_tested: bool, package: Option<&str>, claims: &[Claim]) -> Across {
    match acquire(is_tested, package, claims) {
        Ok(locks) => Across(locks),
        Err(reason) => panic!("{reason}"),
    }
}

/// Acquires locks for this thread, for a test that expects a panic: without the locks, it
/// returns.
#[must_use]
#[track_caller]
pub fn try_here(is_tested: bool, package: Option<&str>, claims: &[Claim]) -> Option<Here> {
    let locks = acquire(is_tested, package, claims);
    locks
        .map_err(|reason| report(&reason))
        .ok()
        .map(|locks| Here::new(&locks))
}

/// Acquires locks for a future, for a test that expects a panic: without the locks, it
/// returns.
#[must_use]
#[track_caller]
pub fn try_across(is_tested: bool, package: Option<&str>, claims: &[Claim]) -> Option<Across> {
    let locks = acquire(is_tested, package, claims);
    locks.map_err(|reason| report(&reason)).ok().map(Across)
}

fn report(reason: &str) {
    let line = format!("isolated-test: {reason}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}
