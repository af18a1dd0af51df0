//! Acting for a test of another process, which has started this program.
//!
//! A test that holds locks may start programs that contain isolated tests: `cargo test`, a helper. They
//! would wait for their own parent. So they act for it: what it holds they take *within* it, in lock
//! files of their own, where only programs that it has started meet.
//!
//! A program knows the test from a variable, or else, when it has to wait, from its ancestors. Whether
//! that test still runs is read in its record each time.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

use super::holder::{self, Block, Holder, Place, Told};
use super::owner::{self, Way};
use super::{Mode, Subject, Want};
use crate::error::Error;
use crate::store::mark::Mark;
use crate::store::{Store, store, within};

/// The variable that tells a program for which test it acts.
pub(crate) const VARIABLE: &str = "ISOLATED_OWNER";

/// How many programs may have started each other; a longer chain is not genuine.
const LONGEST_CHAIN: usize = 64;

/// A lock within a test: its subject, as programs that the test has started see it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Delegated {
    /// The test, as it is written into records.
    pub(crate) within: String,
    /// Where the lock files stand.
    dir: PathBuf,
    pub(crate) subject: Subject,
}

impl Delegated {
    pub(super) fn path(&self) -> PathBuf {
        self.dir.join(self.subject.file_name())
    }

    /// Makes the directory of the lock files. It goes with the record of the test.
    fn make(store: &Store, mark: &Mark, subject: Subject) -> Result<&'static Self, Error> {
        static MADE: Mutex<Vec<&'static Delegated>> = Mutex::new(Vec::new());

        let within = mark.to_string();
        // Each time, because people clean up.
        let dir = within::make(store, mark)?;
        let mut made = lock(&MADE);
        let same = |one: &&&Delegated| one.subject == subject && one.within == within;
        if let Some(found) = made.iter().find(same) {
            return Ok(found);
        }
        let new: &'static Delegated = Box::leak(Box::new(Delegated {
            within,
            dir,
            subject,
        }));
        made.push(new);
        Ok(new)
    }
}

/// For whom this process acts.
struct Acting {
    /// Whether the variable has been read.
    is_known: bool,
    mark: Option<Mark>,
}

static ACTING: Mutex<Acting> = Mutex::new(Acting {
    is_known: false,
    mark: None,
});

/// The test for which this process acts, which may have ended.
pub(crate) fn acting() -> Option<Mark> {
    let mut acting = lock(&ACTING);
    if !acting.is_known {
        acting.is_known = true;
        acting.mark = env::var(VARIABLE).ok().and_then(|text| Mark::parse(&text));
    }
    acting.mark.clone()
}

/// Finds out which locks are to be taken for those that are wanted.
pub(crate) fn resolve_all(missing: Vec<(Want, Way)>) -> Result<Vec<(Want, Way)>, Error> {
    let Some(mark) = acting() else {
        return Ok(missing);
    };
    let store = store()?;
    let chain = chain(store, mark);
    let resolve = |(want, way)| Ok((resolve(store, &chain, want)?, way));
    missing.into_iter().map(resolve).collect()
}

/// A test that runs in another process and has started this program, perhaps through others.
struct Starter {
    mark: Mark,
    process: u32,
    name: String,
    /// The locks that it and its guards hold.
    held: Vec<(Place, Mode)>,
}

/// Lists the tests for which this process acts, the nearest first, as far as they still run.
fn chain(store: &Store, mark: Mark) -> Vec<Starter> {
    let mut chain = Vec::new();
    let mut next = Some(mark);
    while let Some(mark) = next.take().filter(|_| chain.len() < LONGEST_CHAIN) {
        let Some(told) = holder::read(&store.record_path(mark.record())) else {
            break;
        };
        let is_it = |block: &&Block| block.number == mark.block() && block.since == mark.since();
        let Some(block) = told.blocks.iter().find(is_it) else {
            break;
        };
        next.clone_from(&block.acts_for);
        chain.push(Starter {
            process: told.process,
            name: block.name.clone(),
            held: told
                .blocks
                .iter()
                .filter(|other| other.acts_for.as_ref() == Some(&mark) || other.name == block.name)
                .flat_map(|block| {
                    block
                        .held
                        .iter()
                        .map(|held| (held.place.clone(), held.mode))
                })
                .collect(),
            mark,
        });
    }
    chain
}

/// Finds out which lock is to be taken for one that is wanted.
fn resolve(store: &Store, chain: &[Starter], want: Want) -> Result<Want, Error> {
    let place = Place::of(want.subject);
    for starter in chain {
        let same = starter.held.iter().filter(|(held, _)| *held == place);
        if let Some(mode) = same.map(|(_, mode)| *mode).max() {
            if !covers(mode, want.mode) {
                let reason = format!(
                    "{} has started this program and holds {}, which never becomes stronger while it \
                     is held",
                    starter.who(),
                    place.in_mode(mode)
                );
                let way_out = match place {
                    Place::Everyone => "ask for `alone` in that test",
                    Place::Key(_) | Place::Internal(_) => "ask for the stronger one in that test",
                };
                return Err(refusal(want, &reason, way_out));
            }
            // It has one slot, and those that it has started take turns with it.
            let mode = match (mode, want.mode) {
                (Mode::Limit(_), Mode::Limit(_)) => Mode::Limit(1),
                _ => want.mode,
            };
            let delegated = Delegated::make(store, &starter.mark, want.subject)?;
            return Ok(Want {
                subject: Subject::Delegated(delegated),
                mode,
            });
        }
        let later = starter.held.iter().filter(|(held, _)| *held > place);
        if let Some((later, mode)) = later.max() {
            let reason = format!(
                "{} has started this program and holds {}, which comes later in the order of locks, \
                 and could wait for ever",
                starter.who(),
                later.in_mode(*mode)
            );
            let way_out = "ask for both in the attribute of that test";
            return Err(refusal(want, &reason, way_out));
        }
    }
    Ok(want)
}

/// Whether a lock that is held in one mode is enough for another one. The number of a limit is not
/// told in records.
fn covers(held: Mode, wanted: Mode) -> bool {
    match (held, wanted) {
        (Mode::Limit(_), Mode::Limit(_)) => true,
        _ => held >= wanted,
    }
}

impl Starter {
    fn who(&self) -> String {
        format!("`{}` (pid {})", self.name, self.process)
    }
}

/// Looks whether what this process waits for is held by a test that has started it. Returns the
/// lock that is to be taken instead, if there is one.
///
/// Most waits end before this is asked.
pub(super) fn look(store: &Store, want: Want, holders: &[Holder]) -> Result<Option<Want>, Error> {
    if matches!(want.subject, Subject::Delegated(_)) {
        return Ok(None);
    }
    let above = above(store, &ancestors(std::process::id()));
    let mut known = acting().map_or_else(Vec::new, |mark| chain(store, mark));
    let is_new = |told: &&Told| known.iter().all(|one| one.mark.record() != told.record);
    if let Some(told) = above.first().filter(is_new) {
        let Some(mark) = told.only_test() else {
            let place = Place::of(want.subject);
            return match told.holder_of(&place) {
                Some(holder) => Err(ambiguous(want, &holder)),
                None => Ok(None),
            };
        };
        lock(&ACTING).mark = Some(mark.clone());
        known = chain(store, mark);
    }
    let instead = resolve(store, &known, want)?;
    if instead != want {
        return Ok(Some(instead));
    }
    let is_known = |process: &u32| known.iter().any(|one| one.process == *process);
    let strangers = above.iter().map(|told| told.process);
    let strangers: Vec<u32> = strangers.filter(|process| !is_known(process)).collect();
    let mut holders = holders.iter();
    match holders.find(|holder| strangers.contains(&holder.process())) {
        Some(holder) => Err(ambiguous(want, holder)),
        None => Ok(None),
    }
}

/// The records of ancestors that run a test or hold a guard, the nearest first.
fn above(store: &Store, ancestors: &[u32]) -> Vec<Told> {
    if ancestors.is_empty() {
        return Vec::new();
    }
    let at = |told: &Told| {
        ancestors
            .iter()
            .position(|process| *process == told.process)
    };
    let told = holder::all(store).filter(|told| !told.blocks.is_empty() && at(told).is_some());
    let mut told: Vec<_> = told.filter(|told| is_of(told, store)).collect();
    told.sort_by_key(at);
    told
}

/// Whether the process that a record names has it open: in another container, which shares the
/// state directory, another process has the same number.
#[cfg(unix)]
fn is_of(told: &Told, store: &Store) -> bool {
    use std::os::unix::fs::MetadataExt;

    let identity = |path: PathBuf| {
        let found = fs::metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    let Some(record) = identity(store.record_path(&told.record)) else {
        return false;
    };
    let open = fs::read_dir(format!("/proc/{}/fd", told.process));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|file| identity(file.path()) == Some(record))
}

#[cfg(not(unix))]
fn is_of(_: &Told, _: &Store) -> bool {
    false
}

fn ambiguous(want: Want, holder: &Holder) -> Error {
    let reason = format!(
        "it is held by {}, whose process has started this program for one of several tests",
        holder.who()
    );
    let way_out = "write `current().delegate_to(&mut command)` where the program is started";
    refusal(want, &reason, way_out)
}

fn refusal(want: Want, reason: &str, way_out: &str) -> Error {
    owner::refusal(want, reason, way_out)
}

/// Lists the processes that have started one, the nearest first. Without `/proc` there are none.
fn ancestors(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = parent(process);
    while let Some(process) = next.filter(|process| !found.contains(process)) {
        found.push(process);
        next = parent(process);
    }
    found
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in parentheses and may contain any character.
    let (_, fields) = stat.rsplit_once(") ")?;
    let parent = fields.split(' ').nth(1)?.parse().ok()?;
    (parent > 0).then_some(parent)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
