//! The holders of locks, read from the records of all processes.
//!
//! Messages name the holders, and a bounded wait compares them to see whether its queue moves.
//! Records affect who gets a lock only where lock files were deleted or are new (see
//! [`file`](super::file)), and where a program acts for a test (see
//! [`delegation`](super::delegation)).

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::activity::Activity;
use super::{Mode, Subject, Want};
use crate::lock::key::{ACROSS, quoted};
use crate::os;
use crate::os::flock::{self, Strength};
use crate::state::StateDir;
use crate::state::block::BLOCK;
use crate::state::mark::{Mark, Tie};
use crate::state::record::{ENDING, now};

mod parse;

use self::parse::{directory_of, process_of, read_block};

/// The process of a holder of which only a name is known. No process has this identifier.
const UNKNOWN: u32 = 0;

/// A test or guard that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) process: u32,
    since: u64,
    /// The package and the source location: `package shop, src/checkout.rs:12`.
    place: String,
    /// The item that it has, if the lock is a pool.
    item: Option<String>,
}

/// Displays the holder as in messages: `shop::checkout (pid 4242, package shop, src/checkout.rs:12)
/// with "a" for 12s`.
impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = now().saturating_sub(self.since) / 1000;
        if self.process == UNKNOWN {
            return formatter.write_str(&self.name);
        }
        write!(
            formatter,
            "{} (pid {}, {})",
            self.name, self.process, self.place
        )?;
        if let Some(item) = &self.item {
            write!(formatter, " with {item:?}")?;
        }
        write!(formatter, " for {seconds}s")
    }
}

impl Holder {
    /// Creates a holder from what its record publishes.
    pub(crate) fn new(name: &str, process: u32, since: u64, place: &str) -> Self {
        Holder {
            name: name.to_owned(),
            process,
            since,
            place: place.to_owned(),
            item: None,
        }
    }

    /// Formats the name and the process identifier: `shop::checkout (pid 4242)`.
    pub(crate) fn who(&self) -> String {
        if self.process == UNKNOWN {
            return self.name.clone();
        }
        format!("{} (pid {})", self.name, self.process)
    }
}

/// The subject of a lock as read from a record, in the order of [`Subject`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RecordedSubject {
    Everyone,
    Key(String),
    Machines(String),
    Internal(String),
    Port(u16),
}

impl RecordedSubject {
    pub(super) fn of(subject: Subject) -> Self {
        match subject {
            Subject::Everyone => RecordedSubject::Everyone,
            Subject::Key(key) if key.is_internal => RecordedSubject::Internal(key.recorded()),
            Subject::Key(key) if key.is_across_machines() => {
                RecordedSubject::Machines(key.recorded())
            }
            Subject::Key(key) => RecordedSubject::Key(key.recorded()),
            Subject::Port(number) => RecordedSubject::Port(number),
            Subject::Delegated(delegated) => RecordedSubject::of(delegated.subject),
        }
    }

    /// Formats the lock for messages.
    pub(crate) fn in_mode(&self, mode: Mode) -> String {
        match (self, mode) {
            (RecordedSubject::Everyone, Mode::Exclusive) => "alone".to_owned(),
            (RecordedSubject::Everyone, _) => "the lock of all tests".to_owned(),
            (RecordedSubject::Key(key), mode) => format!("{} {}", mode.word(), quoted(key)),
            (RecordedSubject::Machines(key), mode) => {
                format!("{} {}{ACROSS}", mode.word(), quoted(key))
            }
            (RecordedSubject::Port(number), _) => format!("port {number}"),
            (RecordedSubject::Internal(key), mode) => {
                format!("internal {} {}", mode.word(), quoted(key))
            }
        }
    }
}

/// The contents of the record of a live process.
pub(crate) struct ProcessRecord {
    pub(crate) process: u32,
    /// The directory of the package, or the one in which the process was started.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) blocks: Vec<RecordedBlock>,
    /// The file name of the record, without its extension.
    pub(super) record: String,
}

/// A test or guard, as published in a block.
pub(crate) struct RecordedBlock {
    pub(super) number: usize,
    pub(crate) since: u64,
    pub(crate) name: String,
    /// The package and the source location.
    pub(crate) place: String,
    pub(super) tie: Option<Tie>,
    pub(crate) held: Vec<HeldLock>,
    /// The lock for which it waits, and has waited for some time.
    pub(crate) waits: Option<HeldLock>,
}

/// A held lock, as published.
pub(crate) struct HeldLock {
    pub(crate) since: u64,
    /// The test or guard within which it is held, if any.
    within: Option<String>,
    pub(crate) subject: RecordedSubject,
    /// Records omit the number of a limit and the items of a pool.
    pub(crate) mode: Mode,
    /// The item that it has, if the lock is a pool.
    pub(crate) item: Option<String>,
}

impl HeldLock {
    /// Whether this lock is in the way of one that another test waits for.
    pub(crate) fn is_in_the_way_of(&self, wanted: &HeldLock) -> bool {
        self.within == wanted.within
            && self.subject == wanted.subject
            && exclude(wanted.mode, self.mode)
    }
}

impl RecordedBlock {
    /// Whether the block only waits for its first lock. A program that it has started holds
    /// nothing through it.
    fn only_waits(&self) -> bool {
        self.held.is_empty() && self.waits.is_some()
    }

    /// Whether the block belongs to a test, not to a guard.
    pub(super) fn is_test(&self) -> bool {
        self.held
            .iter()
            .any(|held| held.subject == RecordedSubject::Everyone)
    }
}

impl ProcessRecord {
    pub(super) fn mark_of(&self, block: &RecordedBlock) -> Mark {
        Mark::new(&*self.record, block.number, block.since)
    }

    /// The block that a mark names, while the block is in use.
    pub(super) fn block_of(&self, mark: &Mark) -> Option<&RecordedBlock> {
        let mut blocks = self.blocks.iter();
        let is_here = mark.record() == self.record;
        blocks.find(|one| is_here && one.number == mark.block() && one.since == mark.since())
    }

    /// The block itself, and the blocks of this record to which it belongs.
    fn chain<'t>(&'t self, block: &'t RecordedBlock) -> impl Iterator<Item = &'t RecordedBlock> {
        let next = |block: &&'t RecordedBlock| self.block_of(block.tie.as_ref()?.mark());
        // The chain ends, whatever the record contains.
        std::iter::successors(Some(block), next).take(self.blocks.len())
    }

    /// Whether `block` belongs to `to`, or both are guards of one test of another process.
    fn belongs(&self, block: &RecordedBlock, to: &RecordedBlock) -> bool {
        let is_guard_of_same = |one: &RecordedBlock| matches!((&one.tie, &to.tie), (Some(Tie::Of(one)), Some(Tie::Of(other))) if one == other);
        let mut chain = self.chain(block);
        chain.any(|one| one.number == to.number || is_guard_of_same(one))
    }

    /// The tests and guards that began by `until`, without those that belong to another one.
    pub(super) fn heads(&self, until: u64) -> Vec<&RecordedBlock> {
        let mut heads: Vec<&RecordedBlock> = Vec::new();
        let has_begun = |block: &&RecordedBlock| block.since <= until && !block.only_waits();
        for block in self.blocks.iter().filter(has_begun) {
            if heads.iter().all(|head| !self.belongs(block, head)) {
                heads.extend(self.chain(block).last());
            }
        }
        heads
    }

    /// The locks of a test or guard and of everything that belongs to it, each with the mark of its
    /// holder.
    pub(super) fn held_with(&self, block: &RecordedBlock) -> Vec<(RecordedSubject, Mode, Mark)> {
        let family = self.blocks.iter().filter(|one| self.belongs(one, block));
        let held = family.flat_map(|one| one.held.iter().map(move |held| (one, held)));
        held.map(|(one, held)| (held.subject.clone(), held.mode, self.mark_of(one)))
            .collect()
    }

    /// A holder of the subject, in any mode, that began by `until`.
    pub(super) fn holder_of(&self, subject: &RecordedSubject, until: u64) -> Option<Holder> {
        let blocks = self.blocks.iter().filter(|block| block.since <= until);
        let mut held = blocks.flat_map(|block| block.held.iter().map(move |held| (block, held)));
        let (block, held) = held.find(|(_, held)| held.subject == *subject)?;
        Some(Holder::new(
            &block.name,
            self.process,
            held.since,
            &block.place,
        ))
    }
}

/// Lists the known holders that are in the way of a lock, the longest first.
pub(crate) fn in_the_way(state_dir: &StateDir, want: Want, me: &Activity) -> Vec<Holder> {
    let mut holders: Vec<Holder> = Vec::new();
    for process_record in all(state_dir.runs()) {
        let others = process_record.blocks.iter().filter(|block| {
            let me = me.mark();
            me.block() != block.number || me.record() != process_record.record
        });
        for block in others {
            for held in block.held.iter().filter(|held| conflicts(want, held)) {
                let holder = Holder {
                    item: held.item.clone(),
                    ..Holder::new(
                        &block.name,
                        process_record.process,
                        held.since,
                        &block.place,
                    )
                };
                let at = holders.partition_point(|other| other.since <= held.since);
                holders.insert(at, holder);
            }
        }
    }
    holders
}

/// Reads the records of all live processes in a directory of records.
pub(crate) fn all(runs: &Path) -> impl Iterator<Item = ProcessRecord> + use<> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten();
    let records = entries.map(|entry| entry.path());
    records
        .filter(|path| path.extension() == Some(OsStr::new(ENDING)))
        .filter_map(|path| read(&path))
}

/// Reads the record of one process, if the process is alive.
pub(super) fn read(path: &Path) -> Option<ProcessRecord> {
    let mut record = os::open_file(path).ok()?;
    // A dead process is not in the way, whatever its record says.
    if let Ok(true) = flock::try_lock(&record, Strength::Shared) {
        flock::unlock(&record);
        return None;
    }
    let mut bytes = Vec::new();
    record.read_to_end(&mut bytes).ok()?;
    let mut blocks = bytes.chunks(BLOCK).map(|block| {
        let end = block
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(block.len());
        String::from_utf8_lossy(&block[..end])
    });
    let header = blocks.next()?;
    let process = process_of(&header)?;
    let blocks = blocks.enumerate();
    Some(ProcessRecord {
        process,
        directory: directory_of(&header),
        blocks: blocks
            .filter_map(|(number, block)| read_block(number + 1, &block))
            .collect(),
        record: path.file_stem()?.to_str()?.to_owned(),
    })
}

/// Whether a held lock is in the way of a wanted one.
fn conflicts(want: Want, held: &HeldLock) -> bool {
    held.within.as_deref() == want.within()
        && held.subject == RecordedSubject::of(want.subject)
        && exclude(want.mode, held.mode)
}

/// Whether a lock in one mode may have to wait for one in the other mode.
fn exclude(wanted: Mode, held: Mode) -> bool {
    matches!(
        (wanted, held),
        (Mode::Exclusive, _)
            | (_, Mode::Exclusive)
            | (
                Mode::Limit(_) | Mode::Pool(_),
                Mode::Limit(_) | Mode::Pool(_)
            )
    )
}

/// Formats holders for messages: `held by shop::checkout (pid 4242, package shop,
/// src/checkout.rs:12) for 12s`.
pub(crate) fn held_by(holders: &[Holder]) -> String {
    match holders {
        [] => "held by an unknown process".to_owned(),
        [one] => format!("held by {one}"),
        [one, another] => format!("held by {one} and {another}"),
        [one, rest @ ..] => format!("held by {one} and {} others", rest.len()),
    }
}

#[cfg(test)]
mod tests;
