//! Lets the thread of a test block in the kernel itself, while another one looks at the clock.
//!
//! One thread for each process, started when somebody waits for the first time, calls for all who
//! wait what they would do themselves from time to time: look for the holders, say so, give up. It
//! runs only then. The thread of the test stays in the kernel all the while, and keeps its place in
//! the kernel's queue.
//!
//! # Giving up
//!
//! A thread that is to wait no longer is *interrupted*: its call ends. Four things make that right.
//!
//! - A signal that arrives before the call does not end it. So it is sent again and again, until the
//!   thread has left.
//! - A signal ends any call, also one of the user's. So it is sent only under a lock ([`Inside`]) that
//!   the thread takes to leave, and the thread waits until all that were sent have arrived.
//! - A call also ends by signals of others. So the thread goes on to wait unless it was told why not.
//! - A thread may block the signal, the program may handle it, and only Linux has it. Then a helper
//!   thread waits instead: see [`locked`](super::locked). A program that takes the signal while one
//!   of its threads waits already has that thread wait until it gets the lock.
//!
//! Who gets the lock although the wait was being given up has it. What the watcher calls is lent by
//! the thread that waits, which cannot leave before the call has ended. Should that panic, the wait is
//! given up, because nobody would look at the clock for it any longer, and all others are still watched.
//! A process that was forked starts a watcher of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::locked::Pause;
use crate::error::{Error, ErrorKind};
use crate::error::{Payload, panic_message};
use crate::os::interrupt::{self, Target};
use crate::os::loan::Loan;

/// How soon a thread is interrupted again that has not left.
const AGAIN: Duration = Duration::from_millis(1);

/// A thread that waits.
struct Wait {
    pause: Loan<Result<Duration, Error>>,
    target: Target,
    inside: Mutex<Inside>,
}

/// Whether a thread may be interrupted.
#[derive(Default)]
struct Inside {
    /// Until it has left.
    is_inside: bool,
    /// Why it is to leave.
    refused: Option<Error>,
}

/// All who wait in this process.
struct Watched {
    process: u32,
    is_watching: bool,
    /// Each with the time at which it is looked after.
    waits: Vec<(Instant, Arc<Wait>)>,
    /// When the watcher wakes by itself; nothing if it must be called.
    wakes: Option<Instant>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched {
    process: 0,
    is_watching: false,
    waits: Vec::new(),
    wakes: None,
});
static CHANGED: Condvar = Condvar::new();

/// How a wait has ended.
pub(super) enum WaitEnd {
    /// The call has ended like this.
    Called(io::Result<()>),
    /// Waiting any longer was refused.
    Refused(Error),
    /// Nobody could be found to look at the clock, so nothing was done.
    Unwatched,
}

/// Makes a call that blocks until it is done, and tells whether it is; a signal may end it before.
///
/// `pause` is asked after `first`, and then again when it has said, whether to wait any longer.
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

/// A thread that is watched until this is dropped.
struct Registered<'a>(&'a Arc<Wait>);

impl<'a> Registered<'a> {
    fn new(wait: &'a Arc<Wait>, due: Instant) -> io::Result<Self> {
        let mut watched = lock(&WATCHED);
        let process = std::process::id();
        if watched.process != process {
            // Neither the watcher nor those who wait have come along.
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

    /// Is watched no longer, and cannot be interrupted any more.
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
    /// Leaves the wait, and returns why it was to be left.
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

    /// Looks after the thread, and tells when to do so again; never if it has left.
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
        // The thread takes this lock before it leaves.
        self.target.interrupt();
        drop(inside);
        Some(AGAIN)
    }
}

/// Why a wait is given up whose holders could not be looked for.
fn unwatched(panic: &Payload) -> Error {
    let action = "look after a wait for a lock, which is a bug of isolated-test; please report it";
    let cause = panic_message(panic).unwrap_or("it panicked").to_owned();
    Error::new(ErrorKind::Lock, action).because(cause)
}

/// Looks after all who wait, for as long as the process lives.
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
