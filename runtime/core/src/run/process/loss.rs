//! Notices that a lock across machines is lost, and ends the test that relies on it.
//!
//! The parent of a subprocess listens to the locks of the attribute itself. A guard that the test acquires
//! is kept by the subprocess, where a thread listens for it and tells the parent.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;

#[cfg(unix)]
use super::child;
use crate::error::{Error, ErrorKind};
use crate::lock::{Held, RequestedLock, Want, Watch};
#[cfg(unix)]
use crate::os;
use crate::os::process::Kept;

/// Refuses locks across machines to a test without a subprocess.
pub(crate) fn refuse_in_place(asked: &[RequestedLock]) -> Result<(), Error> {
    let mut asked = asked.iter().map(|one| one.target);
    match asked.find(|target| target.is_across_machines()) {
        None => Ok(()),
        Some(want) => {
            let action = format!(
                "lock {want}, because the test runs in place, and could not be ended if that lock were lost; \
                 unset `ISOLATED_PROCESS`, and in a function that another test or attribute calls, name the key \
                 where the test begins"
            );
            Err(Error::new(ErrorKind::Process, action))
        }
    }
}

/// How to notice that a lock is lost.
#[derive(Clone)]
pub(crate) struct LossWatch {
    want: Want,
    watch: Arc<dyn Watch>,
}

impl LossWatch {
    /// How to notice that this lock is lost, if that can happen.
    pub(crate) fn of(held: &Held) -> Option<Self> {
        Some(LossWatch {
            want: held.want(),
            watch: held.watch()?,
        })
    }

    /// A descriptor that is readable when the lock may be lost.
    #[cfg_attr(not(unix), expect(dead_code, reason = "no such lock is ever held"))]
    pub(crate) fn descriptor(&self) -> Kept {
        self.watch.descriptor()
    }

    /// Whether the lock is lost, as a sentence, once the descriptor is readable.
    #[cfg_attr(not(unix), expect(dead_code, reason = "no such lock is ever held"))]
    pub(crate) fn lost(&self) -> Option<String> {
        self.watch.lost().map(|why| self.sentence(&why))
    }

    /// The same, asked of those who keep the lock.
    pub(crate) fn lost_for_certain(&self) -> Option<String> {
        let why = self.watch.lost_for_certain();
        why.map(|why| self.sentence(&why))
    }

    fn sentence(&self, why: &str) -> String {
        format!("lost {} while the test ran: {why}", self.want)
    }
}

/// Watches the lock of a guard in the subprocess of a test, until it is dropped.
#[cfg(unix)]
pub(crate) struct GuardWatch {
    watch: LossWatch,
    /// The thread ends when this is closed.
    _stop: UnixStream,
}

#[cfg(unix)]
impl GuardWatch {
    /// Begins to watch the lock of a guard, if it can be lost.
    pub(crate) fn begin(held: &Held) -> Result<Option<Self>, Error> {
        let Some(watch) = LossWatch::of(held) else {
            return Ok(None);
        };
        let start = || {
            let (stop, stopped) = UnixStream::pair()?;
            let listener = watch.clone();
            os::spawn_thread("isolated-test watch", move || {
                while os::process::first_readable(listener.descriptor(), &stopped) {
                    if let Some(why) = listener.lost() {
                        return child::lose(why);
                    }
                }
            })?;
            Ok(stop)
        };
        let started: std::io::Result<UnixStream> = start();
        let stop = started.map_err(|error| {
            Error::new(ErrorKind::Lock, format!("watch {}", held.want())).because(error)
        })?;
        Ok(Some(GuardWatch { watch, _stop: stop }))
    }
}

/// The guard is released next. Work done under it counts only if it was held until now.
#[cfg(unix)]
impl Drop for GuardWatch {
    fn drop(&mut self) {
        if let Some(why) = self.watch.lost_for_certain() {
            child::lose(why);
        }
    }
}
