//! Locks between tests: across threads, processes and checkouts.
//!
//! This module has the words and the guard. [`free`] takes what is free, [`entry`] waits for one lock,
//! [`queue`] orders the threads of a process, [`locked`] waits for a file, [`limit`] counts, [`watch`]
//! makes waiting visible and bounded, [`said`] and [`holder`] write and read who holds what, [`order`]
//! refuses what could never end, [`watcher`] looks at the clock for who blocks in the kernel, and
//! [`file`] asks the kernel.

pub(crate) mod entry;
pub(crate) mod file;
pub(crate) mod free;
pub(crate) mod holder;
pub(crate) mod limit;
mod locked;
pub(crate) mod order;
mod queue;
mod said;
mod watch;
mod watcher;

use std::fmt;
use std::time::Duration;

use self::file::Strength;

pub(crate) use entry::Held;
pub(crate) use holder::Holder;
pub(crate) use watch::Watch;

use crate::error::Error;
use crate::key::Key;
use crate::store::record::Activity;
use crate::store::site::Site;
use crate::trace::{Holding, Trace};

/// What a lock is about; the order of the variants is the order in which locks are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// All isolated tests: held shared by each of them, and exclusively by one that runs alone.
    Everyone,
    /// A key.
    Key(Key),
}

impl Subject {
    /// Returns the name of the lock file, to which endings are added.
    pub(crate) fn file_name(self) -> String {
        match self {
            // Keys begin with `k-`.
            Subject::Everyone => "everyone".to_owned(),
            Subject::Key(key) => key.file_name(),
        }
    }
}

/// How a lock is held; the order of the variants is that of their strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// Together with others that do not hold it exclusively.
    Shared,
    /// Together with a limited number of others that say the same, and with shared holders.
    Limit(u32),
    /// By nobody else.
    Exclusive,
}

impl Mode {
    /// Returns how the main file is locked.
    fn strength(self) -> Strength {
        match self {
            Mode::Exclusive => Strength::Exclusive,
            Mode::Shared | Mode::Limit(_) => Strength::Shared,
        }
    }
}

/// A lock that is wanted or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) subject: Subject,
    pub(crate) mode: Mode,
}

impl Want {
    /// Returns what is written into the record, in parts.
    pub(crate) fn code(self) -> [&'static str; 4] {
        let (word, key) = match (self.subject, self.mode) {
            (Subject::Everyone, Mode::Exclusive) => return ["alone", "", "", ""],
            (Subject::Everyone, _) => return ["test", "", "", ""],
            (Subject::Key(key), Mode::Exclusive) => ("serial ", key),
            (Subject::Key(key), Mode::Shared) => ("shared ", key),
            (Subject::Key(key), Mode::Limit(_)) => ("limit ", key),
        };
        match key.scope() {
            None => [word, key.name(), "", ""],
            // No key has a control character in it.
            Some(scope) => [word, key.name(), "\t", scope],
        }
    }
}

/// As the user has written it: `serial "tcp"`.
impl fmt::Display for Want {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.subject, self.mode) {
            (Subject::Everyone, Mode::Exclusive) => formatter.write_str("alone"),
            (Subject::Everyone, _) => formatter.write_str("the test that runs alone"),
            (Subject::Key(key), Mode::Exclusive) => write!(formatter, "serial {}", key.quoted()),
            (Subject::Key(key), Mode::Shared) => write!(formatter, "shared {}", key.quoted()),
            (Subject::Key(key), Mode::Limit(limit)) => {
                write!(formatter, "limit {} ({limit})", key.quoted())
            }
        }
    }
}

/// How long a lock was waited for, and behind whom.
#[derive(Debug, Clone)]
pub(crate) struct Waited {
    pub(crate) time: Duration,
    pub(crate) behind: Option<Holder>,
}

/// Holds a [`Key`] until it is dropped.
///
/// It may be sent to another thread and dropped there.
///
/// # When the process dies
///
/// The kernel releases the lock. A child that was forked without `exec` keeps it for as long as it
/// lives, unless the guard was dropped before the process died.
#[must_use = "the key is free again as soon as the guard is dropped"]
pub struct Guard {
    // Dropped in this order: what is said must not outlive what is true.
    _holding: Holding,
    _activity: Activity,
    held: Held,
    _ordered: order::Ordered,
}

impl Guard {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> Key {
        match self.held.want().subject {
            Subject::Key(key) => key,
            Subject::Everyone => unreachable!("guards are made of keys only"),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Guard({})", self.held.want())
    }
}

/// Waits for a key outside of the attribute.
#[track_caller]
pub(crate) fn guard(key: Key, mode: Mode) -> Result<Guard, Error> {
    let want = checked(key, mode)?;
    let ordered = order::claim(want)?;
    let activity = Activity::begin(crate::current::name_of_caller(), Site::of_caller())?;
    let trace = Trace::guard(activity.name(), want);
    let mut watch = Watch::new(want, &activity, &trace)?;
    let held = match free::take(&[want], &activity)?.pop() {
        Some(held) => held,
        None => entry::acquire(want, &activity, &mut || watch.pause())?,
    };
    Ok(Guard {
        _holding: Holding::new(trace, want),
        _activity: activity,
        held,
        _ordered: ordered,
    })
}

/// Takes a key outside of the attribute if it is free.
#[track_caller]
pub(crate) fn try_guard(key: Key, mode: Mode) -> Result<Option<Guard>, Error> {
    let want = checked(key, mode)?;
    let ordered = order::claim_without_waiting(want);
    let activity = Activity::begin(crate::current::name_of_caller(), Site::of_caller())?;
    let held = entry::try_acquire(want, &activity)?;
    Ok(held.map(|held| Guard {
        _holding: Holding::new(Trace::guard(activity.name(), want), want),
        _activity: activity,
        held,
        _ordered: ordered,
    }))
}

fn checked(key: Key, mode: Mode) -> Result<Want, Error> {
    let want = Want {
        subject: Subject::Key(key),
        mode,
    };
    limit::check(want)?;
    Ok(want)
}

#[cfg(test)]
mod tests {
    use super::{Mode, Subject, Want};
    use crate::key::Key;

    #[test]
    fn everyone_comes_before_every_key() {
        assert!(Subject::Everyone < Subject::Key(Key::new(" ")));
        assert!(Subject::Key(Key::new("a")) < Subject::Key(Key::new("b")));
    }

    #[test]
    fn no_key_has_the_file_of_everyone() {
        assert!(!Subject::Everyone.file_name().starts_with("k-"));
        assert_eq!(Subject::Key(Key::new("everyone")).file_name(), "k-everyone");
    }

    #[test]
    fn locks_are_called_as_they_are_written() {
        let call = |mode| {
            Want {
                subject: Subject::Key(Key::new("tcp")),
                mode,
            }
            .to_string()
        };
        assert_eq!(call(Mode::Exclusive), "serial \"tcp\"");
        assert_eq!(call(Mode::Shared), "shared \"tcp\"");
        assert_eq!(call(Mode::Limit(4)), "limit \"tcp\" (4)");
        let want = Want {
            subject: Subject::Key(Key::new("db").scoped("shop")),
            mode: Mode::Exclusive,
        };
        assert_eq!(want.to_string(), "serial \"db\" of \"shop\"");
        assert_eq!(want.code().concat(), "serial db\tshop");
    }
}
