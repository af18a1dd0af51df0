//! Limits and pools: at most `n` holders at a time, each in a slot of its own.
//!
//! A limited key has `n` slot files, and a pool has one for each item. Each holder keeps one of them
//! locked, beside its shared lock on the main file, so that an exclusive holder excludes them all.
//! Only the head of the queue waits for a slot. If none is free, one thread for each slot blocks in
//! the kernel. The first that acquires its slot hands it over. The others release theirs when they
//! get them, or serve whichever thread is at the head then. Nothing polls unless slot files were
//! deleted, and a process that dies frees its slot.
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
use crate::lock::Mode;
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
    /// The number of slots of the key, if the head of the queue is in this process and wants one. Zero
    /// otherwise.
    wanted: u32,
    delivered: Option<Slot>,
}

/// A slot that is held.
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) file: Locked,
}

impl Slots {
    /// Acquires one of `count` slots. The caller holds the main lock shared. It is at the head of the
    /// queue, unless it refuses to wait.
    ///
    /// Returns `None` if somebody has deleted files of the key. The caller must then release the
    /// lock, retract its claim, and begin again a little later. Otherwise two threads could wait
    /// for each other's records: after a turnstile was deleted, there may be two at the head.
    pub(super) fn take(
        self: &Arc<Self>,
        state_dir: &StateDir,
        claim: &ClaimGuard<'_>,
        count: u32,
        main: &Path,
        pause: Pause<'_>,
    ) -> Result<Option<Slot>, Error> {
        let fail =
            |error| Error::new(ErrorKind::Lock, format!("lock {}", claim.want)).because(error);
        match agree(state_dir, claim, count, main).map_err(fail)? {
            Agreement::Reached => {}
            Agreement::Unknown => return Ok(None),
            Agreement::Other(found) => {
                let want = claim.want;
                let (ours, terms) = match want.mode {
                    Mode::Pool(items) => (format!(" with the items {items}"), "items"),
                    _ => (String::new(), "limit"),
                };
                let action = format!(
                    "lock {want}{ours}, because others hold it with {found} at this moment; write the same \
                     {terms} everywhere"
                );
                return Err(Error::new(ErrorKind::Limit, action));
            }
        }
        if let Some(slot) = try_take(count, main).map_err(fail)? {
            return Ok(Some(slot));
        }
        let mut next = pause()?;
        let _wanted = Wanted::begin(self, count);
        loop {
            self.await_all(count, main).map_err(fail)?;
            // A slot whose file was deleted while it was held wakes nobody.
            let is_complete = is_complete(count, main);
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
    fn await_all(self: &Arc<Self>, count: u32, main: &Path) -> io::Result<()> {
        for slot in 0..count {
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
    fn deliver(&self, file: LockFile, path: &Path, number: u32) {
        let locked = file.lock(Strength::Exclusive);
        let locked = locked
            .ok()
            .filter(|locked| is_in_place(locked, path).is_ok_and(|is| is));
        let mut state = lock(&self.state);
        state.awaited.remove(&number);
        // The wait may have begun when the key had more slots.
        if number < state.wanted && state.delivered.is_none() {
            state.delivered = locked.map(|file| Slot { number, file });
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// Acquires a slot that is free now.
///
/// A missing slot file was deleted, perhaps while the slot was held, and is not created again here.
fn try_take(count: u32, main: &Path) -> io::Result<Option<Slot>> {
    for number in 0..count {
        let path = slot_path(main, number);
        let file = match os::open_file(&path).and_then(LockFile::new) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            result => result?,
        };
        if let Ok(file) = file.try_lock(Strength::Exclusive)? {
            if is_in_place(&file, &path)? {
                return Ok(Some(Slot { number, file }));
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
    fn begin(slots: &'a Slots, count: u32) -> Self {
        lock(&slots.state).wanted = count;
        Wanted(slots)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.wanted = 0;
        state.delivered = None;
    }
}

/// Whether all slot files exist.
fn is_complete(count: u32, main: &Path) -> bool {
    (0..count).all(|slot| slot_path(main, slot).exists())
}

fn slot_path(main: &Path, slot: u32) -> PathBuf {
    main.with_extension(format!("s{slot}"))
}

/// Whether the users of a key agree on its limit, or on the items of its pool.
enum Agreement {
    /// They agree. All slot files exist, except those that were deleted and whose slots may still
    /// be held.
    Reached,
    /// Others hold slots on these other terms.
    Other(String),
    /// Others hold slots, and the file with their terms was deleted.
    Unknown,
}

/// Ensures that all users of the key have the same terms: a limit, or the items of a pool.
///
/// The terms are in a file that only the head of the queue, or a thread that refuses to wait, reads
/// and writes. They are changed, and slots are created, only while no record of a live process
/// names a holder of a slot. So all holders mean the same item by the same slot.
fn agree(
    state_dir: &StateDir,
    claim: &ClaimGuard<'_>,
    count: u32,
    main: &Path,
) -> io::Result<Agreement> {
    let path = main.with_extension("limit");
    let mut file = state_dir.open_or_create(&path)?;
    let mut found = Vec::new();
    file.read_to_end(&mut found)?;
    let ours = terms(claim.want.mode);
    let is_ours = found == ours.as_bytes();
    if is_ours && is_complete(count, main) {
        return Ok(Agreement::Reached);
    }
    if holder::in_the_way(state_dir, claim.want, claim.me).is_empty() {
        for slot in 0..count {
            state_dir.open_or_create(&slot_path(main, slot))?;
        }
        file.set_len(0)?;
        os::write_at(&file, ours.as_bytes(), 0)?;
        return Ok(Agreement::Reached);
    }
    Ok(match in_words(&String::from_utf8_lossy(&found)) {
        _ if is_ours => Agreement::Reached,
        Some(found) => Agreement::Other(found),
        None => Agreement::Unknown,
    })
}

/// The end of the terms, which appears nowhere else in them.
const END: &str = "\n\n";

/// The first line of the terms of a pool.
const POOL: &str = "pool\n";

/// The terms as written into the file of a key.
fn terms(mode: Mode) -> String {
    match mode {
        Mode::Pool(items) => format!("{POOL}{}{END}", items.sorted().join("\n")),
        mode => format!("{}{END}", mode.slots().unwrap_or_default()),
    }
}

/// Describes terms for messages. Returns `None` if they were never completely written, so that no
/// test has relied on them.
fn in_words(terms: &str) -> Option<String> {
    let terms = terms.strip_suffix(END)?;
    Some(match terms.strip_prefix(POOL) {
        Some(items) => {
            let items: Vec<String> = items.lines().map(|item| format!("{item:?}")).collect();
            format!("the items {}", items.join(", "))
        }
        None => format!("a limit of {terms}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Mode, in_words, terms};
    use crate::lock::Items;

    #[test]
    fn terms_count_only_when_they_are_completely_written() {
        for (mode, words) in [
            (Mode::Limit(12), "a limit of 12"),
            (
                Mode::Pool(Items::of(&(&["b", "a c"] as &[_]))),
                "the items \"a c\", \"b\"",
            ),
        ] {
            let terms = terms(mode);
            assert_eq!(in_words(&terms).as_deref(), Some(words));
            assert!((0..terms.len()).all(|end| in_words(&terms[..end]).is_none()));
        }
    }
}
