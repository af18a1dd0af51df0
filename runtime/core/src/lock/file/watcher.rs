//! Lets the thread of a test block in the kernel while another thread watches the clock.
//!
//! Each process has one watcher thread, started when a thread waits for the first time. It makes
//! the calls that the waiting threads would otherwise make themselves from time to time: look up
//! the holders, report the wait, give up. It runs only then. The thread of the test stays in the
//! kernel all the while and keeps its place in the kernel's queue.
//!
//! # Giving up
//!
//! A thread that is to stop waiting is *interrupted*: its system call ends. Four facts matter here.
//!
//! - A signal that arrives before the call does not end it. So the signal is sent again and again
//!   until the thread has left.
//! - A signal ends any call, including one of the user's. So it is sent only under a lock
//!   ([`Inside`]) that the thread takes to leave, and the thread waits until all signals that were
//!   sent have arrived.
//! - Signals from elsewhere end the call, too. So the thread repeats it unless it was given a
//!   reason to stop.
//! - A thread may block the signal, the program may handle it, and only Linux has it. Then a helper
//!   thread waits instead: see [`locked`](super::locked). If the program begins to handle the
//!   signal while one of its threads waits, that thread waits until it gets the lock.
//!
//! A thread that gets the lock although its wait was being given up keeps the lock. The waiting
//! thread lends the watcher the closure to call, and cannot leave before the call has ended. If the
//! closure panics, the wait is given up, because nobody would watch the clock for it any longer.
//! All other waits are still watched. A forked process starts its own watcher.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Payload, panic_message};
use crate::lock::backend::Pause;
use crate::mutex::lock;
use crate::os::interrupt::{self, Target};
use crate::os::loan::Loan;

/// Interval at which a thread that has not left is interrupted again.
const AGAIN: Duration = Duration::from_millis(1);

/// One wait of a thread.
struct Wait {
    pause: Loan<Result<Duration, Error>>,
    target: Target,
    inside: Mutex<Inside>,
}

/// Whether a thread may be interrupted.
#[derive(Default)]
struct Inside {
    /// Whether the thread has not left yet.
    is_inside: bool,
    /// Why the thread is to stop waiting.
    refused: Option<Error>,
}

/// All waits of this process.
struct Watched {
    process: u32,
    is_watching: bool,
    /// Each wait, with the time at which it is due.
    waits: Vec<(Instant, Arc<Wait>)>,
    /// When the watcher wakes by itself; `None` if it must be notified.
    wakes: Option<Instant>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched {
    process: 0,
    is_watching: false,
    waits: Vec::new(),
    wakes: None,
});
static CHANGED: Condvar = Condvar::new();

/// How a wait ended.
pub(super) enum WaitEnd {
    /// The call ended with this result.
    Called(io::Result<()>),
    /// Waiting any longer was refused.
    Refused(Error),
    /// The watcher could not be started, so nothing was done.
    Unwatched,
}

/// Repeats a blocking call until it is done. The call returns `false` if a signal has ended it
/// early.
///
/// The watcher calls `pause` after `first`, and from then on whenever the time that `pause`
/// returned has passed. An error of `pause` ends the wait.
pub(super) fn block(
    target: Target,
    first: Duration,
    pause: Pause<'_>,
    mut call: impl FnMut() -> io::Result<bool>,
) -> WaitEnd {
    let wait = Arc::new(Wait {
        pause: Loan::new(),
        target,
        inside: Mutex::new(Inside {
            is_inside: true,
            refused: None,
        }),
    });
    wait.clone().pause.during(pause, || {
        let Ok(watched) = Registered::new(&wait, Instant::now() + first) else {
            return WaitEnd::Unwatched;
        };
        let result = loop {
            if lock(&wait.inside).refused.is_some() {
                break None;
            }
            match call() {
                Ok(true) => break Some(Ok(())),
                Ok(false) => {}
                Err(error) => break Some(Err(error)),
            }
        };
        let refused = watched.leave();
        match (result, refused) {
            (Some(result), _) => WaitEnd::Called(result),
            (None, Some(error)) => WaitEnd::Refused(error),
            (None, None) => unreachable!("the reason stays until the thread has left"),
        }
    })
}

/// A wait that is watched until this is dropped.
struct Registered<'a>(&'a Arc<Wait>);

impl<'a> Registered<'a> {
    fn new(wait: &'a Arc<Wait>, due: Instant) -> io::Result<Self> {
        let mut watched = lock(&WATCHED);
        let process = std::process::id();
        if watched.process != process {
            // This process was forked: neither the watcher nor the waiting threads exist in it.
            watched.process = process;
            watched.is_watching = false;
            watched.waits.clear();
        }
        if !watched.is_watching {
            thread::Builder::new()
                .name("isolated-test-lock".to_owned())
                .stack_size(256 * 1024)
                .spawn(watch)?;
            watched.is_watching = true;
            watched.wakes = Some(due);
        } else if watched.wakes.is_none_or(|wakes| wakes > due) {
            CHANGED.notify_one();
        }
        watched.waits.push((due, wait.clone()));
        Ok(Registered(wait))
    }

    /// Ends the watch, after which the thread cannot be interrupted. Returns why it was to stop
    /// waiting.
    fn leave(self) -> Option<Error> {
        let refused = self.0.leave();
        drop(self);
        refused
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.0.leave();
        let mut watched = lock(&WATCHED);
        watched.waits.retain(|(_, wait)| !Arc::ptr_eq(wait, self.0));
    }
}

impl Wait {
    /// Leaves the wait. Returns why the thread was to stop waiting, if it was.
    fn leave(&self) -> Option<Error> {
        let mut inside = lock(&self.inside);
        inside.is_inside = false;
        let refused = inside.refused.take();
        drop(inside);
        if refused.is_some() {
            interrupt::settle();
        }
        refused
    }

    /// Makes the call for the thread, and interrupts the thread if it is to stop waiting. Returns
    /// how long until the next time, or `None` if the thread has left.
    fn look(&self) -> Option<Duration> {
        if lock(&self.inside).refused.is_none() {
            match catch_unwind(AssertUnwindSafe(|| self.pause.call())) {
                Ok(None) => return None,
                Ok(Some(Ok(next))) => return Some(next),
                Ok(Some(Err(error))) => lock(&self.inside).refused = Some(error),
                Err(panic) => lock(&self.inside).refused = Some(unwatched(&panic)),
            }
        }
        let inside = lock(&self.inside);
        if !inside.is_inside {
            return None;
        }
        // The thread takes this lock to leave, so it has not left yet.
        self.target.interrupt();
        drop(inside);
        Some(AGAIN)
    }
}

/// The error of a wait that is given up because its `pause` has panicked.
fn unwatched(panic: &Payload) -> Error {
    let action = "look after a wait for a lock, which is a bug of isolated-test; please report it";
    let cause = panic_message(panic).unwrap_or("it panicked").to_owned();
    Error::new(ErrorKind::Lock, action).because(cause)
}

/// Watches all waits, for as long as the process lives.
fn watch() {
    interrupt::block_all();
    let mut watched = lock(&WATCHED);
    loop {
        let now = Instant::now();
        let due = watched.waits.iter().find(|(due, _)| *due <= now);
        if let Some(wait) = due.map(|(_, wait)| wait.clone()) {
            drop(watched);
            let next = wait.look();
            watched = lock(&WATCHED);
            match next {
                None => watched
                    .waits
                    .retain(|(_, other)| !Arc::ptr_eq(other, &wait)),
                Some(next) => {
                    let mut waits = watched.waits.iter_mut();
                    if let Some((due, _)) = waits.find(|(_, other)| Arc::ptr_eq(other, &wait)) {
                        *due = Instant::now() + next;
                    }
                }
            }
            continue;
        }
        watched.wakes = watched.waits.iter().map(|(due, _)| *due).min();
        watched = match watched.wakes {
            Some(wakes) => {
                let waited = CHANGED.wait_timeout(watched, wakes - now);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => CHANGED
                .wait(watched)
                .unwrap_or_else(PoisonError::into_inner),
        };
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
