//! Acting for a test of another process that has started this program.
//!
//! A test that holds locks may start programs that contain isolated tests, such as `cargo test` or
//! a helper. Those tests would wait for their own parent. So they act for it: they acquire the
//! locks that it holds *within* it, in separate lock files where only programs that it has started
//! meet.
//!
//! A program knows its parent test from a variable or, when it has to wait, from its ancestors.
//! Each time, it reads in the record of that test whether the test is still running.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use super::ancestry::above;
use super::holder::{self, Holder, RecordedSubject};
use super::owner::refusal;
use super::{Mode, RequestedLock, Subject, Want};
use crate::config;
use crate::error::{Error, ErrorKind};
use crate::mutex::lock;
use crate::state::mark::Mark;
use crate::state::{StateDir, state_dir, within};

/// The longest chain of tests that have started each other. A longer one is not genuine.
const LONGEST_CHAIN: usize = 64;

/// A subject within a test or guard, for the programs that the test or guard has started.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Delegated {
    /// The mark of the test or guard, as written into records.
    pub(crate) within: String,
    /// The directory of the lock files.
    dir: PathBuf,
    pub(crate) subject: Subject,
}

impl Delegated {
    pub(super) fn path(&self) -> PathBuf {
        self.dir.join(self.subject.file_name())
    }

    /// Creates the directory of the lock files. It is removed with the record of the owner.
    fn make(state_dir: &StateDir, mark: &Mark, subject: Subject) -> Result<&'static Self, Error> {
        static MADE: Mutex<Vec<&'static Delegated>> = Mutex::new(Vec::new());

        let within = mark.to_string();
        // Done each time, because somebody may have cleaned up.
        let dir = within::make(state_dir, mark)?;
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

    /// Whether the test or guard has not ended.
    fn has_owner(&self, state_dir: &StateDir) -> bool {
        Mark::parse(&self.within).is_some_and(|mark| {
            let process_record = holder::read(&state_dir.record_path(mark.record()));
            process_record.is_some_and(|process_record| process_record.block_of(&mark).is_some())
        })
    }
}

/// The nearest tests and guards that have started this program, if this process has looked for
/// them. All others are found from these.
static FOUND: OnceLock<Mutex<Vec<Mark>>> = OnceLock::new();

/// The content of [`FOUND`], or only the declared test until this process has looked.
fn nearest() -> Vec<Mark> {
    match FOUND.get() {
        Some(found) => lock(found).clone(),
        None => declared().cloned().into_iter().collect(),
    }
}

/// The test that the environment variable names.
fn declared() -> Option<&'static Mark> {
    static DECLARED: OnceLock<Option<Mark>> = OnceLock::new();

    let read = || config::owner().and_then(|text| Mark::parse(&text));
    DECLARED.get_or_init(read).as_ref()
}

/// The test for which this process acts. It may have ended.
pub(crate) fn acting() -> Option<Mark> {
    match FOUND.get() {
        Some(found) => lock(found).first().cloned(),
        None => declared().cloned(),
    }
}

/// Determines which locks to acquire for the requested ones.
pub(crate) fn resolve_all(asked: &mut [RequestedLock]) -> Result<(), Error> {
    if acting().is_none() {
        return Ok(());
    }
    let state_dir = state_dir()?;
    let delegators = delegators(state_dir);
    for one in asked {
        one.target = resolve(state_dir, &delegators, one.want)?;
    }
    Ok(())
}

/// Determines what to acquire instead of a lock within a test, if that test has ended.
pub(crate) fn after_its_owner(want: Want, target: Want) -> Result<Option<Want>, Error> {
    let Subject::Delegated(delegated) = target.subject else {
        return Ok(None);
    };
    let state_dir = state_dir()?;
    if delegated.has_owner(state_dir) {
        return Ok(None);
    }
    resolve(state_dir, &delegators(state_dir), want).map(Some)
}

/// A test or guard that has started this program, perhaps through others.
struct Delegator {
    mark: Mark,
    process: u32,
    name: String,
    /// The locks of the test or guard and of everything that belongs to it, each with the mark of
    /// its holder.
    held: Vec<(RecordedSubject, Mode, Mark)>,
}

/// Lists the tests for which this process acts, as far as they still run. The nearest come first.
fn delegators(state_dir: &StateDir) -> Vec<Delegator> {
    let mut delegators = Vec::new();
    for mark in nearest() {
        add_chain(state_dir, &mark, &mut delegators);
    }
    delegators
}

/// Adds a test, the one for which it acts, and so on.
fn add_chain(state_dir: &StateDir, mark: &Mark, delegators: &mut Vec<Delegator>) {
    let mut next = Some(mark.clone());
    while let Some(mark) = next.take() {
        if delegators.len() == LONGEST_CHAIN || delegators.iter().any(|one| one.mark == mark) {
            return;
        }
        let Some(process_record) = holder::read(&state_dir.record_path(mark.record())) else {
            return;
        };
        let Some(block) = process_record.block_of(&mark) else {
            return;
        };
        next = block.tie.as_ref().map(|tie| tie.mark().clone());
        delegators.push(Delegator {
            process: process_record.process,
            name: block.name.clone(),
            held: process_record.held_with(block),
            mark,
        });
    }
}

/// Determines which lock to acquire for a wanted one.
fn resolve(state_dir: &StateDir, delegators: &[Delegator], want: Want) -> Result<Want, Error> {
    let subject = RecordedSubject::of(want.subject);
    for delegator in delegators {
        let same = delegator.held.iter().filter(|(held, ..)| *held == subject);
        if let Some((_, mode, holder)) = same.max_by_key(|(_, mode, _)| *mode) {
            if let (Mode::Pool(_), Mode::Pool(_) | Mode::Limit(_)) = (mode, want.mode) {
                let reason = format!(
                    "{} has started this program and has an item of that pool, which is for that test alone",
                    delegator.who()
                );
                let way_out =
                    "pass the item to the program, such as in a variable, and use it there";
                return Err(refusal(ErrorKind::Deadlock, want, &reason, way_out));
            }
            if !covers(*mode, want.mode) {
                let reason = format!(
                    "{} has started this program and holds {}, which never becomes stronger while it \
                     is held",
                    delegator.who(),
                    subject.in_mode(*mode)
                );
                let way_out = match subject {
                    RecordedSubject::Everyone => "ask for `alone` in that test",
                    RecordedSubject::Key(_)
                    | RecordedSubject::Machines(_)
                    | RecordedSubject::Internal(_)
                    | RecordedSubject::Port(_) => "ask for the stronger one in that test",
                };
                return Err(refusal(ErrorKind::Deadlock, want, &reason, way_out));
            }
            // The test has one slot, and the programs that it has started take turns with it.
            let mode = match (mode, want.mode) {
                (Mode::Limit(_), Mode::Limit(_)) => Mode::Limit(1),
                _ => want.mode,
            };
            let delegated = Delegated::make(state_dir, holder, want.subject)?;
            return Ok(Want {
                subject: Subject::Delegated(delegated),
                mode,
            });
        }
        let later = delegator.held.iter().filter(|(held, ..)| *held > subject);
        if let Some((later, mode, _)) = later.max_by_key(|(held, mode, _)| (held, *mode)) {
            let reason = format!(
                "{} has started this program and holds {}, which comes later in the order of locks, \
                 and could wait for ever",
                delegator.who(),
                later.in_mode(*mode)
            );
            let way_out = "ask for both in the attribute of that test";
            return Err(refusal(ErrorKind::LockOrder, want, &reason, way_out));
        }
    }
    Ok(want)
}

/// Whether a lock held in one mode is enough for another mode. Records omit the number of a limit,
/// so any limit covers another.
fn covers(held: Mode, wanted: Mode) -> bool {
    match (held, wanted) {
        (Mode::Limit(_), Mode::Limit(_)) => true,
        _ => held >= wanted,
    }
}

impl Delegator {
    fn who(&self) -> String {
        format!("`{}` (pid {})", self.name, self.process)
    }
}

/// Searches the ancestors of this process for a test that holds the wanted lock. Returns the lock
/// to acquire instead, if there is one.
///
/// Most waits end before this is called.
pub(super) fn look(want: Want) -> Result<Option<Want>, Error> {
    if matches!(want.subject, Subject::Delegated(_)) {
        return Ok(None);
    }
    let state_dir = state_dir()?;
    let subject = RecordedSubject::of(want.subject);
    let known = nearest();
    let mut found = Vec::new();
    let mut delegators: Vec<Delegator> = Vec::new();
    for ancestor in above(state_dir) {
        let process_record = &ancestor.process_record;
        if delegators
            .iter()
            .any(|one| one.mark.record() == process_record.record)
        {
            continue;
        }
        let mut known = known
            .iter()
            .filter(|mark| mark.record() == process_record.record);
        // A program that has outlived its test belongs to no other test of that process.
        let stays =
            |mark: &&Mark| Some(*mark) == declared() || process_record.block_of(mark).is_some();
        let mark = if let Some(mark) = known.find(stays) {
            mark.clone()
        } else {
            match process_record.heads(ancestor.until)[..] {
                [] => continue,
                [head] => process_record.mark_of(head),
                [head, ..] => match process_record.holder_of(&subject, ancestor.until) {
                    Some(holder) => return Err(ambiguous(want, &holder, head.is_test())),
                    None => continue,
                },
            }
        };
        add_chain(state_dir, &mark, &mut delegators);
        found.push(mark);
    }
    if let Some(mark) = declared().filter(|mark| !found.contains(mark)) {
        add_chain(state_dir, mark, &mut delegators);
        found.push(mark.clone());
    }
    *lock(FOUND.get_or_init(Mutex::default)) = found;
    let instead = resolve(state_dir, &delegators, want)?;
    Ok((instead != want).then_some(instead))
}

/// Refuses to wait for a process in which several tests or guards may have started this program.
fn ambiguous(want: Want, holder: &Holder, is_test: bool) -> Error {
    let (what, way_out) = if is_test {
        (
            "for one of several tests",
            "write `current().delegate_to(&mut command)` where the program is started",
        )
    } else {
        (
            "while it held several locks",
            "release the others, or hold them in the thread that starts the program",
        )
    };
    let who = holder.who();
    let reason = format!("it is held by {who}, whose process has started this program {what}");
    refusal(ErrorKind::Deadlock, want, &reason, way_out)
}
