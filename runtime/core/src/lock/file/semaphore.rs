//! Limits: at most `n` holders at a time.
//!
//! A limited key has `n` slot files. Each holder keeps one of them locked, beside its shared lock
//! on the main file, so that an exclusive holder excludes them all. Only the head of the queue
//! waits for a slot. If none is free, one thread for each slot blocks in the kernel. The first that
//! acquires its slot hands it over. The others release theirs when they get them, or serve
//! whichever thread is at the head then. Nothing polls unless slot files were deleted, and a
//! process that dies frees its slot.
//!
//! Slots are created, and their number is changed, only while no record names a holder of one. So
//! deleting the file of a held slot does not admit an additional holder.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::claim_guard::ClaimGuard;
use super::holder;
use super::locked::{LockFile, LockStatus, Locked, RECORD_POLL, spawn};
use crate::error::{Error, ErrorKind};
use crate::lock::backend::Pause;
use crate::mutex::lock;
use crate::os::flock::Strength;
use crate::os::{self, WatchedPath};
use crate::state::StateDir;

/// The slots of one key, as this process sees them.
#[derive(Default)]
pub(super) struct Slots {
    state: Mutex<SlotsState>,
    changed: Condvar,
}

#[derive(Default)]
struct SlotsState {
    /// The slots for which a thread blocks in the kernel.
    awaited: HashSet<u32>,
    /// Whether the head of the queue is in this process and wants a slot.
    wanted: bool,
    delivered: Option<Locked>,
}

impl Slots {
    /// Acquires a slot. The caller holds the main lock shared. It is at the head of the queue,
    /// unless it refuses to wait.
    ///
    /// Returns `None` if somebody has deleted files of the key. The caller must then release the
    /// lock, retract its claim, and begin again a little later. Otherwise two threads could wait
    /// for each other's records: after a turnstile was deleted, there may be two at the head.
    pub(super) fn take(
        self: &Arc<Self>,
        state_dir: &StateDir,
        claim: &ClaimGuard<'_>,
        limit: u32,
        main: &Path,
        pause: Pause<'_>,
    ) -> Result<Option<Locked>, Error> {
        let fail =
            |error| Error::new(ErrorKind::Lock, format!("lock {}", claim.want)).because(error);
        match agree(state_dir, claim, limit, main).map_err(fail)? {
            Agreement::Reached => {}
            Agreement::Unknown => return Ok(None),
            Agreement::Other(found) => {
                return Err(Error::new(
                    ErrorKind::Limit,
                    format!(
                        "lock {}, because others hold it with a limit of {found} at this moment; \
                         write the same limit everywhere",
                        claim.want
                    ),
                ));
            }
        }
        if let Some(slot) = try_take(limit, main).map_err(fail)? {
            return Ok(Some(slot));
        }
        let mut next = pause()?;
        let _wanted = Wanted::begin(self);
        loop {
            self.await_all(limit, main).map_err(fail)?;
            // A slot whose file was deleted while it was held wakes nobody.
            let is_complete = is_complete(limit, main);
            let pause_for = if is_complete {
                next
            } else {
                next.min(RECORD_POLL)
            };
            let (mut state, _) = self
                .changed
                .wait_timeout_while(lock(&self.state), pause_for, |state| {
                    state.delivered.is_none()
                })
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = state.delivered.take() {
                return Ok(Some(slot));
            }
            drop(state);
            if !is_complete {
                // Missing slots are created only while no record names a holder, and ours does.
                return Ok(None);
            }
            next = pause()?;
        }
    }

    /// Ensures that a thread blocks for each slot.
    fn await_all(self: &Arc<Self>, limit: u32, main: &Path) -> io::Result<()> {
        for slot in 0..limit {
            if !lock(&self.state).awaited.insert(slot) {
                continue;
            }
            let path = slot_path(main, slot);
            let slots = self.clone();
            let started = os::open_file(&path)
                .and_then(LockFile::new)
                .and_then(|file| spawn(move || slots.deliver(file, &path, slot)));
            if let Err(error) = started {
                lock(&self.state).awaited.remove(&slot);
                if error.kind() != io::ErrorKind::NotFound {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Blocks for a slot, then hands it to the thread of this process that wants one by then.
    fn deliver(&self, file: LockFile, path: &Path, slot: u32) {
        let locked = file.lock(Strength::Exclusive);
        let locked = locked
            .ok()
            .filter(|locked| is_in_place(locked, path).is_ok_and(|is| is));
        let mut state = lock(&self.state);
        state.awaited.remove(&slot);
        if state.wanted && state.delivered.is_none() {
            state.delivered = locked;
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// Acquires a slot that is free now.
///
/// A missing slot file was deleted, perhaps while the slot was held, and is not created again here.
fn try_take(limit: u32, main: &Path) -> io::Result<Option<Locked>> {
    for slot in 0..limit {
        let path = slot_path(main, slot);
        let file = match os::open_file(&path).and_then(LockFile::new) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            result => result?,
        };
        if let Ok(slot) = file.try_lock(Strength::Exclusive)? {
            if is_in_place(&slot, &path)? {
                return Ok(Some(slot));
            }
        }
    }
    Ok(None)
}

/// Whether the file of a locked slot has not been deleted.
fn is_in_place(slot: &Locked, path: &Path) -> io::Result<bool> {
    Ok(slot.status(&WatchedPath::new(path)?)? != LockStatus::Stale)
}

/// The head of the queue is in this process and wants a slot, until this is dropped.
struct Wanted<'a>(&'a Slots);

impl<'a> Wanted<'a> {
    fn begin(slots: &'a Slots) -> Self {
        lock(&slots.state).wanted = true;
        Wanted(slots)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.wanted = false;
        state.delivered = None;
    }
}

/// Whether all slot files exist.
fn is_complete(limit: u32, main: &Path) -> bool {
    (0..limit).all(|slot| slot_path(main, slot).exists())
}

fn slot_path(main: &Path, slot: u32) -> PathBuf {
    main.with_extension(format!("s{slot}"))
}

/// Whether the users of a key agree on its limit.
enum Agreement {
    /// They agree. All slot files exist, except those that were deleted and whose slots may still
    /// be held.
    Reached,
    /// Others hold slots under another limit.
    Other(u32),
    /// Others hold slots, and the file with their limit was deleted.
    Unknown,
}

/// Ensures that all users of the key have the same limit.
///
/// The limit is in a file that only the head of the queue, or a thread that refuses to wait, reads
/// and writes. The limit is changed, and slots are created, only while no record of a live process
/// names a holder of a slot.
fn agree(
    state_dir: &StateDir,
    claim: &ClaimGuard<'_>,
    limit: u32,
    main: &Path,
) -> io::Result<Agreement> {
    const WIDTH: usize = 10;

    let path = main.with_extension("limit");
    let mut file = state_dir.open_or_create(&path)?;
    let mut text = String::with_capacity(WIDTH);
    // Text that is not a number was never completely written, so nobody has relied on it.
    let found: Option<u32> = match file.read_to_string(&mut text) {
        Ok(_) => text.parse().ok(),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
        Err(error) => return Err(error),
    };
    if found == Some(limit) && is_complete(limit, main) {
        return Ok(Agreement::Reached);
    }
    let slots_held = holder::in_the_way(state_dir, claim.want, claim.me);
    match found {
        _ if slots_held.is_empty() => {
            for slot in 0..limit {
                state_dir.open_or_create(&slot_path(main, slot))?;
            }
            os::write_at(&file, format!("{limit:0WIDTH$}").as_bytes(), 0)?;
            Ok(Agreement::Reached)
        }
        Some(found) if found == limit => Ok(Agreement::Reached),
        Some(found) => Ok(Agreement::Other(found)),
        None => Ok(Agreement::Unknown),
    }
}
