//! The knowledge of this process about one subject, and the wait for its lock.

use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::claim_guard::ClaimGuard;
use super::locked::{LockFile, LockStatus, Locked, RECORD_POLL, failure, lock_file};
use super::queue::Queue;
use super::semaphore::{Slot, Slots};
use super::{Mode, Subject, Want};
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::lock::backend::{Lock, Pause};
use crate::mutex::lock;
use crate::os::flock::Strength;
use crate::os::process::{Kept, finish_starts};
use crate::os::{ChangeTime, WatchedPath};
use crate::state::{StateDir, state_dir};

/// Number of subjects whose files a process keeps open between uses.
const KEEPING_FILES: usize = 64;

/// Minimum age of the main file's mtime before this process may skip the turnstile.
///
/// A thread that has to wait at the head of the queue *touches* the main file before it blocks,
/// which sets the mtime to that moment. A process that is at the head itself remembers the mtime,
/// if the mtime is this old by then: older than any file system rounds times. (The mtime of a new
/// file is set back before anybody can remember it.) As long as the mtime equals the remembered
/// one, nobody has since come to the head and had to wait, so nobody waits there now. Then a free
/// lock may be acquired without the turnstile, by one check of the file that is needed anyway.
/// Otherwise the process queues like all others.
///
/// This affects only fairness, never exclusion: a thread at the head can be overtaken in the moment
/// between finding the lock held and touching the file, and never again.
pub(super) const QUIET: Duration = Duration::from_secs(3);

/// The knowledge of this process about one subject.
pub(super) struct Entry {
    subject: Subject,
    pub(super) path: PathBuf,
    /// The same path, in the form in which it is checked for each lock.
    pub(super) watched: WatchedPath,
    turnstile: PathBuf,
    /// Whether files stay open between uses. With many keys, descriptors are scarce.
    keeps_files: bool,
    pub(super) queue: Queue,
    state: Mutex<EntryState>,
    /// Signals that a holder in this process has released the lock.
    freed: Condvar,
    pub(super) slots: Arc<Slots>,
}

#[derive(Default)]
pub(super) struct EntryState {
    /// How many threads of this process hold the subject, and whether one holds it exclusively.
    holders: usize,
    exclusive: bool,
    /// The lock that the readers of this process share.
    pub(super) shared: Weak<Locked>,
    /// How many threads wait for a holder in this process.
    waiting: usize,
    /// Open files for the next use: a subject that was used is usually requested again.
    turnstile: Option<LockFile>,
    pub(super) main: Option<LockFile>,
    /// Whether the files were found deleted since the turnstile was opened.
    is_lost: bool,
    /// The mtime of the main file when this process was at the head of the queue, if it was old
    /// enough: see [`QUIET`].
    pub(super) known: Option<ChangeTime>,
}

impl EntryState {
    /// Whether no thread of this process is in the way.
    pub(super) fn admits(&self, mode: Mode) -> bool {
        !self.exclusive && (mode != Mode::Exclusive || self.holders == 0)
    }

    /// Counts a holder.
    pub(super) fn admit(&mut self, mode: Mode) {
        self.holders += 1;
        self.exclusive = mode == Mode::Exclusive;
    }
}

/// A lock on the files of a subject.
pub(super) struct HeldFiles {
    pub(super) entry: Arc<Entry>,
    pub(super) main: Option<Arc<Locked>>,
    pub(super) slot: Option<Slot>,
    /// The mtime of the main file, if it is known.
    pub(super) changed: Option<ChangeTime>,
}

impl Lock for HeldFiles {
    fn add_kept(&self, kept: &mut Vec<Kept>) {
        let slot = self.slot.as_ref().map(|slot| &slot.file);
        let files = self.main.as_deref().into_iter().chain(slot);
        kept.extend(files.filter_map(Locked::kept));
    }

    fn slot(&self) -> Option<u32> {
        Some(self.slot.as_ref()?.number)
    }
}

impl Drop for HeldFiles {
    fn drop(&mut self) {
        // Descriptors that the holder has closed must not look open to the next holder.
        finish_starts();
        drop(self.slot.take());
        let mut state = self.entry.lock();
        if let Some(file) = self
            .main
            .take()
            .and_then(Arc::into_inner)
            .and_then(Locked::unlock)
        {
            state.main = Some(file).filter(|_| self.entry.keeps_files);
        }
        state.holders -= 1;
        state.exclusive = false;
        // Notifying costs a system call even if nobody waits.
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.entry.freed.notify_all();
        }
    }
}

/// Acquires a lock, waiting for it as `pause` allows, and publishes it in the record.
pub(super) fn acquire(want: Want, me: &Activity, pause: Pause<'_>) -> Result<HeldFiles, Error> {
    let state_dir = state_dir()?;
    let entry = Entry::of(want.subject, state_dir)?;
    let first_in_line = entry.queue.enter(&mut *pause)?;
    let turnstile = entry.pass_turnstile(state_dir, pause)?;
    // A waiter at the head of the queue touches the file, which closes the fast path. It touches
    // the file before each wait, because the path may name another file by then.
    let mut pause = || {
        let _ = entry.watched.touch();
        pause()
    };
    entry.wait_for_threads(want.mode, &mut pause)?;

    let held = entry.take(state_dir, want, me, &mut pause)?;
    let mut state = entry.lock();
    if state.known != held.changed {
        // Set while this process is still at the head: afterwards somebody else might have come
        // there.
        state.known = held.changed.filter(|changed| changed.is_older_than(QUIET));
    }
    drop(state);
    let turnstile = turnstile.unlock();
    let mut state = entry.lock();
    let is_lost = mem::take(&mut state.is_lost);
    state.turnstile = turnstile.filter(|_| entry.keeps_files && !is_lost);
    drop(state);
    drop(first_in_line);
    Ok(held)
}

/// Acquires a lock if it is free.
///
/// This bypasses the queue: a thread that is there for a moment, perhaps also just to try, does not
/// make a free lock unavailable.
pub(super) fn try_acquire(want: Want, me: &Activity) -> Result<Option<HeldFiles>, Error> {
    let state_dir = state_dir()?;
    let entry = Entry::of(want.subject, state_dir)?;
    let mut is_busy = false;
    let mut refuse = || {
        is_busy = true;
        Err(Error::new(
            ErrorKind::Lock,
            format!("lock {want} without waiting"),
        ))
    };
    let held = entry
        .wait_for_threads(want.mode, &mut refuse)
        .and_then(|()| entry.take(state_dir, want, me, &mut refuse));
    if is_busy { Ok(None) } else { held.map(Some) }
}

impl Entry {
    /// Returns the entry of a subject, and creates it on first use.
    pub(super) fn of(subject: Subject, state_dir: &StateDir) -> Result<Arc<Self>, Error> {
        /// Sorted by subject.
        static ENTRIES: Mutex<Vec<Arc<Entry>>> = Mutex::new(Vec::new());

        let mut entries = lock(&ENTRIES);
        let at = entries.partition_point(|entry| entry.subject < subject);
        if let Some(entry) = entries.get(at).filter(|entry| entry.subject == subject) {
            return Ok(entry.clone());
        }
        let path = subject.path(state_dir);
        let entry = Arc::new(Entry {
            subject,
            keeps_files: entries.len() < KEEPING_FILES,
            watched: WatchedPath::new(&path).map_err(|error| failure(&path, error))?,
            turnstile: path.with_extension("turn"),
            path,
            queue: Queue::default(),
            state: Mutex::default(),
            freed: Condvar::new(),
            slots: Arc::default(),
        });
        entries.insert(at, entry.clone());
        Ok(entry)
    }

    /// Locks the files of a lock once no thread of this process is in the way.
    fn take(
        self: &Arc<Self>,
        state_dir: &StateDir,
        want: Want,
        me: &Activity,
        pause: Pause<'_>,
    ) -> Result<HeldFiles, Error> {
        let claim = ClaimGuard::begin(want, me);
        let (main, changed, slot) = loop {
            let (main, changed) = self.lock_main(state_dir, &claim, pause)?;
            let Some(count) = want.mode.slots() else {
                break (main, changed, None);
            };
            let slot = self
                .slots
                .take(state_dir, &claim, count, &self.path, pause)?;
            if let Some(slot) = slot {
                if let Mode::Pool(items) = want.mode {
                    me.add_item(want, items.of_slot(slot.number));
                }
                break (main, changed, Some(slot));
            }
            claim.retract();
            drop(main);
            // The holders use another limit, or a lock file was deleted: see `RECORD_POLL`.
            thread::sleep(pause()?.min(RECORD_POLL));
        };
        claim.keep();
        let held = HeldFiles {
            entry: self.clone(),
            main: Some(main),
            slot,
            changed,
        };
        self.lock().admit(want.mode);
        Ok(held)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, EntryState> {
        lock(&self.state)
    }

    /// Acquires the turnstile, which is the head of the queue of all processes.
    ///
    /// Nothing checks whether its file is still in place: two turnstiles are merely unfair. They do
    /// not last, because a thread that finds the main file deleted also reopens the turnstile.
    fn pass_turnstile(&self, state_dir: &StateDir, pause: Pause<'_>) -> Result<Locked, Error> {
        let idle = self.lock().turnstile.take();
        lock_file(state_dir, &self.turnstile, idle, Strength::Exclusive, pause)
    }

    /// Waits until no thread of this process is in the way, which is cheaper than asking the
    /// kernel.
    fn wait_for_threads(&self, mode: Mode, pause: Pause<'_>) -> Result<(), Error> {
        let mut state = self.lock();
        while !state.admits(mode) {
            drop(state);
            let pause = pause()?;
            state = self.lock();
            if !state.admits(mode) {
                state.waiting += 1;
                (state, _) = self
                    .freed
                    .wait_timeout(state, pause)
                    .unwrap_or_else(PoisonError::into_inner);
                state.waiting -= 1;
            }
        }
        Ok(())
    }

    /// Acquires the main lock. The readers of one process share one lock.
    fn lock_main(
        &self,
        state_dir: &StateDir,
        claim: &ClaimGuard<'_>,
        pause: Pause<'_>,
    ) -> Result<(Arc<Locked>, Option<ChangeTime>), Error> {
        let fail = |error| failure(&self.path, error);
        let is_shared = claim.want.mode.strength() == Strength::Shared;
        let (shared, mut idle) = {
            let mut state = self.lock();
            (
                state.shared.upgrade().filter(|_| is_shared),
                state.main.take(),
            )
        };
        if let Some(shared) = shared {
            claim.publish();
            match shared.status(&self.watched).map_err(fail)? {
                LockStatus::Stale => {}
                LockStatus::Unproven => return Ok((shared, None)),
                LockStatus::Valid(changed) => return Ok((shared, Some(changed))),
            }
        }
        loop {
            let locked = lock_file(
                state_dir,
                &self.path,
                idle.take(),
                claim.want.mode.strength(),
                pause,
            )?;
            claim.publish();
            let watched = &self.watched;
            let (is_in_place, changed) = match locked.status(watched).map_err(fail)? {
                LockStatus::Stale => (false, None),
                LockStatus::Unproven => (
                    locked.wait_for_holders_of_a_deleted_file(state_dir, claim, watched, pause)?,
                    None,
                ),
                LockStatus::Valid(changed) => (true, Some(changed)),
            };
            if !is_in_place {
                claim.retract();
                self.lock().is_lost = true;
                continue;
            }
            let main = Arc::new(locked);
            if is_shared {
                self.lock().shared = Arc::downgrade(&main);
            }
            return Ok((main, changed));
        }
    }
}
