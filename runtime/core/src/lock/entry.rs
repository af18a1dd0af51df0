//! Takes one lock.
//!
//! Each subject has two files. Who may have to wait queues at the *turnstile*, which is held
//! exclusively and only while waiting for the *main* lock. So readers that come after a waiting
//! writer stand behind it and cannot starve it, and a reader that gets through lets the next one try
//! at once.
//!
//! Who holds the turnstile waits only for holders of the main lock of the same subject, and those
//! never wait for that turnstile: see [`plan`](crate::lock::plan) for the whole argument.
//!
//! A lock file is never deleted by us. Should somebody else do so, those who have locked it and
//! those who come later would not see each other. Two rules prevent that:
//!
//! - A lock counts only if its file is still in its place after its holder has *said* in its record
//!   that it holds it. Who waited for a file that is gone begins anew.
//! - A file that is new, which shows by its being empty, is no proof that nobody holds the lock. Who
//!   locks it looks into all records and waits until nobody says so. The first who finds that
//!   nobody at all does marks the file, and from then on its lock is proof again.

use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::claim_guard::ClaimGuard;
use super::locked::{LockFile, LockStatus, Locked, Pause, RECORD_POLL, failure, lock_file};
use super::queue::Queue;
use super::semaphore::Slots;
use super::{Mode, Subject, Want};
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::os::flock::Strength;
use crate::os::process::Kept;
use crate::os::{ChangeTime, WatchedPath};
use crate::state::{StateDir, state_dir};

/// How many subjects of a process keep their files open between uses.
const KEEPING_FILES: usize = 64;

/// How long nobody may have waited for a lock at the head of the queue before this process passes
/// by the turnstile.
///
/// Who has to wait at the head of the queue *touches* the main file, so that its time of change is
/// that moment. A process that is at the head itself remembers that time, if it is this old by then:
/// older than any file system rounds times. (A file that is new is dated back, before anybody can
/// remember its time.) As long as the time is the remembered one nobody has come to the head after
/// that and had to wait, so nobody waits there now. Then a lock that is free may be taken without
/// the turnstile, by one look at the file that is needed anyway. Otherwise the process stands behind
/// those who wait, as everybody does.
///
/// Nothing but order hangs on it: who is at the head can be overtaken for the moment between finding
/// the lock taken and saying so, and never again.
pub(super) const QUIET: Duration = Duration::from_secs(3);

/// What this process knows of one subject.
pub(crate) struct Entry {
    subject: Subject,
    pub(super) path: PathBuf,
    /// The same, as it is looked at for each lock.
    pub(super) spot: WatchedPath,
    turnstile: PathBuf,
    /// Whether files stay open between uses: descriptors are scarce where there are many keys.
    keeps_files: bool,
    pub(super) queue: Queue,
    state: Mutex<EntryState>,
    /// A holder in this process has gone.
    freed: Condvar,
    pub(super) slots: Slots,
}

#[derive(Default)]
pub(super) struct EntryState {
    /// How many threads of this process hold the subject, and whether one does exclusively.
    holders: usize,
    exclusive: bool,
    /// The lock that the readers of this process share.
    pub(super) shared: Weak<Locked>,
    /// How many threads wait for one of the holders to go.
    waiting: usize,
    /// Open files for the next time; a subject in use is asked for again.
    turnstile: Option<LockFile>,
    pub(super) main: Option<LockFile>,
    /// Whether the files were found deleted since the turnstile was opened.
    is_lost: bool,
    /// When the main file had changed as this process stood at the head of the queue, if that was
    /// long enough ago: see [`QUIET`].
    pub(super) known: Option<ChangeTime>,
}

impl EntryState {
    /// Tells whether no thread of this process is in the way.
    pub(super) fn admits(&self, mode: Mode) -> bool {
        !self.exclusive && (mode != Mode::Exclusive || self.holders == 0)
    }

    /// Counts a holder.
    pub(super) fn admit(&mut self, mode: Mode) {
        self.holders += 1;
        self.exclusive = mode == Mode::Exclusive;
    }
}

/// A lock that is held until this is dropped.
#[must_use = "the lock is released as soon as this is dropped"]
pub(crate) struct Held {
    pub(super) entry: Arc<Entry>,
    pub(super) want: Want,
    pub(super) main: Option<Arc<Locked>>,
    pub(super) slot: Option<Locked>,
    /// When the main file had changed, if it has been looked at.
    pub(super) changed: Option<ChangeTime>,
}

impl Held {
    /// Returns what is held.
    pub(crate) fn want(&self) -> Want {
        self.want
    }

    /// Adds what must stay open while a process runs under the lock.
    pub(crate) fn add_kept(&self, kept: &mut Vec<Kept>) {
        let files = self.main.as_deref().into_iter().chain(&self.slot);
        kept.extend(files.filter_map(Locked::kept));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
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
        // To call nobody costs a system call, too.
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.entry.freed.notify_all();
        }
    }
}

/// Takes a lock, waiting for it as `pause` allows, and says so in the record.
pub(crate) fn acquire(want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error> {
    let state_dir = state_dir()?;
    let entry = Entry::of(want.subject, state_dir)?;
    let first_in_line = entry.queue.enter(&mut *pause)?;
    let turnstile = entry.pass_turnstile(state_dir, pause)?;
    // Who stands at the head of the queue and has to wait shows that to those who would pass by. It
    // is shown again each time, because the file may be another one by then.
    let mut pause = || {
        let _ = entry.spot.touch();
        pause()
    };
    entry.wait_for_threads(want.mode, &mut pause)?;

    let held = entry.take(state_dir, want, me, &mut pause)?;
    let mut state = entry.lock();
    if state.known != held.changed {
        // While this process is still at the head, or somebody else might have come there since.
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

/// Takes a lock if it is free, exclusively or shared.
///
/// It passes by the queue: who stands there for a moment, perhaps only to try as well, does not make
/// a free lock taken.
pub(crate) fn try_acquire(want: Want, me: &Activity) -> Result<Option<Held>, Error> {
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
    /// Returns the entry of a subject.
    pub(super) fn of(subject: Subject, state_dir: &StateDir) -> Result<Arc<Self>, Error> {
        /// Sorted by subject.
        static ENTRIES: Mutex<Vec<Arc<Entry>>> = Mutex::new(Vec::new());

        let mut entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.partition_point(|entry| entry.subject < subject);
        if let Some(entry) = entries.get(at).filter(|entry| entry.subject == subject) {
            return Ok(entry.clone());
        }
        let path = subject.path(state_dir);
        let entry = Arc::new(Entry {
            subject,
            keeps_files: entries.len() < KEEPING_FILES,
            spot: WatchedPath::new(&path).map_err(|error| failure(&path, error))?,
            turnstile: path.with_extension("turn"),
            path,
            queue: Queue::default(),
            state: Mutex::default(),
            freed: Condvar::new(),
            slots: Slots::default(),
        });
        entries.insert(at, entry.clone());
        Ok(entry)
    }

    /// Takes the files of a lock once nobody in this process is in the way.
    fn take(
        self: &Arc<Self>,
        state_dir: &StateDir,
        want: Want,
        me: &Activity,
        pause: Pause<'_>,
    ) -> Result<Held, Error> {
        let claim = ClaimGuard::begin(want, me);
        let (main, changed, slot) = loop {
            let (main, changed) = self.lock_main(state_dir, &claim, pause)?;
            let Mode::Limit(limit) = want.mode else {
                break (main, changed, None);
            };
            let slot = self
                .slots
                .take(state_dir, &claim, limit, &self.path, pause)?;
            if slot.is_some() {
                break (main, changed, slot);
            }
            claim.retract();
            drop(main);
            // The kernel cannot wake us: what is waited for is a change of records.
            thread::sleep(pause()?.min(RECORD_POLL));
        };
        claim.keep();
        let held = Held {
            entry: self.clone(),
            want,
            main: Some(main),
            slot,
            changed,
        };
        self.lock().admit(want.mode);
        Ok(held)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, EntryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets to the head of the queue of all processes.
    ///
    /// Where the file stands is not looked at: two turnstiles are unfair, and no more than that. Who
    /// finds the main file deleted opens the turnstile anew, too, so it does not last.
    fn pass_turnstile(&self, state_dir: &StateDir, pause: Pause<'_>) -> Result<Locked, Error> {
        let idle = self.lock().turnstile.take();
        lock_file(state_dir, &self.turnstile, idle, Strength::Exclusive, pause)
    }

    /// Waits until no thread of this process is in the way, which is cheaper than the kernel.
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

    /// Takes the main lock; readers of one process share one lock.
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
            match shared.status(&self.spot).map_err(fail)? {
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
            let changed = match locked.status(&self.spot).map_err(fail)? {
                LockStatus::Stale => {
                    claim.retract();
                    self.lock().is_lost = true;
                    continue;
                }
                LockStatus::Unproven => {
                    let spot = &self.spot;
                    if !locked.wait_for_holders_of_a_deleted_file(state_dir, claim, spot, pause)? {
                        claim.retract();
                        self.lock().is_lost = true;
                        continue;
                    }
                    None
                }
                LockStatus::Valid(changed) => Some(changed),
            };
            let main = Arc::new(locked);
            if is_shared {
                self.lock().shared = Arc::downgrade(&main);
            }
            return Ok((main, changed));
        }
    }
}
