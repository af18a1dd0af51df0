//! Takes one lock.
//!
//! Each subject has two files. Everybody queues at the *turnstile*, which is held exclusively and
//! only while waiting for the *main* lock. So readers that come after a waiting writer stand
//! behind it and cannot starve it, and a reader that gets through lets the next one try at once.
//!
//! Who holds the turnstile waits only for holders of the main lock of the same subject, and those
//! never wait for that turnstile: see [`plan`](crate::plan) for the whole argument.
//!
//! A lock file is never deleted by us. Should somebody else do so, those who have locked it and
//! those who come later would not see each other. Two rules prevent that:
//!
//! - A lock counts only if its file is still in its place after its holder has *said* in its record
//!   that it holds it. Who waited for a file that is gone begins anew.
//! - A file that is new, which shows by its being empty, is no proof that nobody holds the lock. Who
//!   locks it looks into all records and waits until nobody says so. The first who finds that
//!   nobody at all does marks the file, and from then on its lock is proof again.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use super::file::{self, Strength};
use super::limit::Slots;
use super::queue::Queue;
use super::{Mode, Subject, Want, holder};
use crate::error::{Error, ErrorKind};
use crate::store::record::Activity;
use crate::store::{Store, store};
use crate::sys;

/// How many subjects of a process keep their files open between uses.
const KEEPING_FILES: usize = 64;

/// How often records are looked at where the kernel cannot wake anybody.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// Says how long to wait until it is asked again, or refuses to wait any longer.
pub(super) type Pause<'a> = &'a mut dyn FnMut() -> Result<Duration, Error>;

/// What this process knows of one subject.
#[derive(Debug)]
pub(crate) struct Entry {
    path: PathBuf,
    /// Whether files stay open between uses: descriptors are scarce where there are many keys.
    keeps_files: bool,
    queue: Queue,
    state: Mutex<State>,
    /// A holder in this process has gone.
    freed: Condvar,
    pub(super) slots: Slots,
}

#[derive(Debug, Default)]
struct State {
    /// How many threads of this process hold the subject, and whether one does exclusively.
    holders: usize,
    exclusive: bool,
    /// The lock that the readers of this process share.
    shared: Weak<Locked>,
    /// Open files for the next time; a subject in use is asked for again.
    turnstile: Option<File>,
    main: Option<File>,
}

/// A locked file, which is unlocked explicitly: a forked child may have a copy of the descriptor.
#[derive(Debug)]
pub(super) struct Locked(Option<File>);

impl Locked {
    pub(super) fn new(file: File) -> Self {
        Locked(Some(file))
    }

    /// Unlocks the file and gives it back.
    fn unlock(mut self) -> Option<File> {
        self.0.take().inspect(file::unlock)
    }

    /// Tells whether the file still stands at its path.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.0
            .as_ref()
            .map_or(Ok(false), |file| sys::is_at(file, path))
    }

    /// Tells whether a lock on the file is proof that nobody holds another file of its name.
    fn is_marked(&self) -> io::Result<bool> {
        self.0
            .as_ref()
            .map_or(Ok(false), |file| Ok(file.metadata()?.len() > 0))
    }

    /// Waits until no record contradicts the lock on a file that is new, and marks the file if
    /// nobody at all can have locked another one.
    fn wait_for_holders_of_a_deleted_file(
        &self,
        store: &Store,
        said: &Said<'_>,
        pause: Pause<'_>,
    ) -> Result<(), Error> {
        while !holder::in_the_way(store, said.want, said.me).is_empty() {
            // The kernel cannot wake us: what we would wait for has no name any more.
            thread::sleep(pause()?.min(LOOK));
        }
        let anybody = Want {
            mode: Mode::Exclusive,
            ..said.want
        };
        if holder::in_the_way(store, anybody, said.me).is_empty() {
            if let Some(file) = &self.0 {
                // Without the mark the next one looks again.
                let _ = sys::write_at(file, b"+", 0);
            }
        }
        Ok(())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            file::unlock(file);
        }
    }
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
#[must_use = "the lock is released as soon as this is dropped"]
pub(crate) struct Held {
    entry: Arc<Entry>,
    want: Want,
    main: Option<Arc<Locked>>,
    slot: Option<Locked>,
}

impl Held {
    /// Returns what is held.
    pub(crate) fn want(&self) -> Want {
        self.want
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
        drop(state);
        self.entry.freed.notify_all();
    }
}

/// Takes a lock, waiting for it as `pause` allows, and says so in the record.
pub(crate) fn acquire(want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error> {
    let store = store()?;
    let entry = Entry::of(want.subject, store);
    let head = entry.queue.enter(&mut *pause)?;
    let turnstile = entry.pass_turnstile(store, pause)?;
    entry.wait_for_threads(want.mode, pause)?;

    let said = Said::begin(want, me);
    let main = entry.lock_main(store, &said, pause)?;
    let slot = match want.mode {
        Mode::Limit(limit) => Some(entry.slots.take(store, &said, limit, &entry.path, pause)?),
        Mode::Shared | Mode::Exclusive => None,
    };
    said.keep();
    let mut state = entry.lock();
    state.holders += 1;
    state.exclusive = want.mode == Mode::Exclusive;
    state.turnstile = turnstile.unlock().filter(|_| entry.keeps_files);
    drop(state);
    drop(head);
    Ok(Held {
        entry,
        want,
        main: Some(main),
        slot,
    })
}

/// What is said of a lock in the record, and taken back if the lock is not had in the end.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) want: Want,
    pub(super) me: &'a Activity,
    in_record: Cell<bool>,
}

impl<'a> Said<'a> {
    /// Begins without having said anything.
    fn begin(want: Want, me: &'a Activity) -> Self {
        Said {
            want,
            me,
            in_record: Cell::new(false),
        }
    }

    /// Says that the lock is held.
    fn say(&self) {
        if !self.in_record.replace(true) {
            self.me.add(self.want);
        }
    }

    /// Says that the lock is not held after all.
    fn take_back(&self) {
        if self.in_record.replace(false) {
            self.me.take_back(self.want);
        }
    }

    /// Leaves what is said, because it is true.
    fn keep(self) {
        self.in_record.set(false);
    }

    fn strength(&self) -> Strength {
        match self.want.mode {
            Mode::Exclusive => Strength::Exclusive,
            Mode::Shared | Mode::Limit(_) => Strength::Shared,
        }
    }
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        self.take_back();
    }
}

impl Entry {
    /// Returns the entry of a subject.
    fn of(subject: Subject, store: &Store) -> Arc<Self> {
        static ENTRIES: LazyLock<Mutex<HashMap<Subject, Arc<Entry>>>> =
            LazyLock::new(Mutex::default);

        let mut entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
        let keeps_files = entries.len() < KEEPING_FILES;
        let entry = entries.entry(subject).or_insert_with(|| {
            Arc::new(Entry {
                keeps_files,
                path: store.lock_path(&subject.file_name()),
                queue: Queue::default(),
                state: Mutex::default(),
                freed: Condvar::new(),
                slots: Slots::default(),
            })
        });
        entry.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets to the head of the queue of all processes.
    fn pass_turnstile(&self, store: &Store, pause: Pause<'_>) -> Result<Locked, Error> {
        let path = self.path.with_extension("turn");
        let mut idle = self.lock().turnstile.take();
        loop {
            let locked = lock_file(store, &path, idle.take(), Strength::Exclusive, pause)?;
            // Two turnstiles would be unfair, though no more than that.
            if locked.is_at(&path).map_err(|error| failure(&path, error))? {
                return Ok(locked);
            }
        }
    }

    /// Waits until no thread of this process is in the way, which is cheaper than the kernel.
    fn wait_for_threads(&self, mode: Mode, pause: Pause<'_>) -> Result<(), Error> {
        let mut state = self.lock();
        while state.exclusive || (mode == Mode::Exclusive && state.holders > 0) {
            drop(state);
            let pause = pause()?;
            state = self.lock();
            if state.exclusive || (mode == Mode::Exclusive && state.holders > 0) {
                (state, _) = self
                    .freed
                    .wait_timeout(state, pause)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        Ok(())
    }

    /// Takes the main lock; readers of one process share one lock.
    fn lock_main(
        &self,
        store: &Store,
        said: &Said<'_>,
        pause: Pause<'_>,
    ) -> Result<Arc<Locked>, Error> {
        let fail = |error| failure(&self.path, error);
        let is_shared = said.strength() == Strength::Shared;
        let (shared, mut idle) = {
            let mut state = self.lock();
            (
                state.shared.upgrade().filter(|_| is_shared),
                state.main.take(),
            )
        };
        if let Some(shared) = shared {
            said.say();
            if shared.is_at(&self.path).map_err(fail)? {
                return Ok(shared);
            }
        }
        loop {
            let locked = lock_file(store, &self.path, idle.take(), said.strength(), pause)?;
            said.say();
            if !locked.is_at(&self.path).map_err(fail)? {
                said.take_back();
                continue;
            }
            if !locked.is_marked().map_err(fail)? {
                locked.wait_for_holders_of_a_deleted_file(store, said, pause)?;
            }
            let main = Arc::new(locked);
            if is_shared {
                self.lock().shared = Arc::downgrade(&main);
            }
            return Ok(main);
        }
    }
}

/// Locks the file at a path, which may be deleted meanwhile.
fn lock_file(
    store: &Store,
    path: &Path,
    idle: Option<File>,
    strength: Strength,
    pause: Pause<'_>,
) -> Result<Locked, Error> {
    let file = match idle {
        Some(file) => file,
        None => store
            .open_or_create(path)
            .map_err(|error| failure(path, error))?,
    };
    wait_for(file, strength, pause).map_err(|reason| match reason {
        Failure::Refused(error) => error,
        Failure::System(error) => failure(path, error),
    })
}

/// Why a file was not locked.
enum Failure {
    Refused(Error),
    System(io::Error),
}

/// Locks a file. A helper thread blocks in the kernel, so that this one can look at the clock.
fn wait_for(file: File, strength: Strength, pause: Pause<'_>) -> Result<Locked, Failure> {
    if file::try_lock(&file, strength).map_err(Failure::System)? {
        return Ok(Locked::new(file));
    }
    let mut next = pause().map_err(Failure::Refused)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    // When nobody waits any longer, the lock is released as soon as it is had.
    spawn(move || {
        let result = file::lock(&file, strength).map(|()| Locked::new(file));
        let _ = sender.send(result);
    })
    .map_err(Failure::System)?;
    loop {
        match receiver.recv_timeout(next) {
            Ok(result) => return result.map_err(Failure::System),
            Err(mpsc::RecvTimeoutError::Timeout) => next = pause().map_err(Failure::Refused)?,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(Failure::System(io::Error::other(
                    "the waiting thread has ended",
                )));
            }
        }
    }
}

/// Starts a thread that blocks in the kernel.
pub(super) fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("isolated-test-lock".to_owned())
        .stack_size(64 * 1024)
        .spawn(task)
        .map(drop)
}

fn failure(path: &Path, error: io::Error) -> Error {
    Error::path(ErrorKind::Lock, "lock", path, error)
}
