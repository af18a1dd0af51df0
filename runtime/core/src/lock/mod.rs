//! Locks between tests: across threads, processes and checkouts.
//!
//! This module has the words and the guard. [`fast_path`] takes what is free, [`entry`] waits for one lock,
//! [`queue`] orders the threads of a process, [`locked`] waits for a file, [`semaphore`] counts, [`bounded_wait`]
//! makes waiting visible and bounded, [`claim_guard`] and [`holder`] write and read who holds what, [`owner`]
//! knows for whom and refuses what could never end, [`delegation`] acts for a test of another process, which
//! [`ancestry`] finds,
//! [`watcher`] looks at the clock for who blocks in the kernel, and [`flock`](crate::os::flock) asks the kernel.

pub(crate) mod activity;
mod ancestry;
mod bounded_wait;
mod claim_guard;
pub(crate) mod delegation;
pub(crate) mod entry;
pub(crate) mod fast_path;
pub(crate) mod holder;
pub(crate) mod key;
mod locked;
pub(crate) mod observer;
pub(crate) mod owner;
pub(crate) mod plan;
mod queue;
pub(crate) mod semaphore;
mod watcher;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use self::delegation::Delegated;
use self::key::{Key, quoted};
use self::owner::Approach;

pub(crate) use bounded_wait::BoundedWait;
pub(crate) use entry::Held;
pub(crate) use holder::Holder;

use crate::error::Error;
use crate::lock::activity::Activity;
use crate::os::flock::Strength;
use crate::state::StateDir;

/// What a lock is about; the order of the variants is the order in which locks are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// All isolated tests: held shared by each of them, and exclusively by one that runs alone.
    Everyone,
    /// A key.
    Key(Key),
    /// One of these within a test that has started this program and holds it.
    Delegated(&'static Delegated),
}

impl Subject {
    /// Returns the name of the lock file, to which endings are added.
    pub(crate) fn file_name(self) -> String {
        match self {
            // Keys begin with `k-` or `i-`.
            Subject::Everyone => "everyone".to_owned(),
            Subject::Key(key) => key.file_name(),
            Subject::Delegated(delegated) => delegated.subject.file_name(),
        }
    }

    /// Returns what it is about, wherever the lock is taken.
    pub(crate) fn asked(self) -> Self {
        match self {
            Subject::Delegated(delegated) => delegated.subject,
            Subject::Everyone | Subject::Key(_) => self,
        }
    }

    /// Returns where the lock file stands.
    fn path(self, state_dir: &StateDir) -> PathBuf {
        match self {
            Subject::Delegated(delegated) => delegated.path(),
            Subject::Everyone | Subject::Key(_) => state_dir.lock_path(&self.file_name()),
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
    /// Returns the word of the attribute for it.
    fn word(self) -> &'static str {
        match self {
            Mode::Exclusive => "serial",
            Mode::Shared => "shared",
            Mode::Limit(_) => "limit",
        }
    }

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
    /// Returns what is written into the record.
    pub(crate) fn code(self) -> String {
        Code(self).to_string()
    }

    /// Returns the test within which it is taken, as records name it.
    pub(crate) fn within(self) -> Option<&'static str> {
        match self.subject {
            Subject::Delegated(delegated) => Some(&delegated.within),
            Subject::Everyone | Subject::Key(_) => None,
        }
    }

    /// Whether it is about an internal key.
    pub(crate) fn is_internal(self) -> bool {
        matches!(self.subject.asked(), Subject::Key(key) if key.is_internal)
    }
}

/// A lock as records have it: `serial tcp`.
pub(crate) struct Code(pub(crate) Want);

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Code(want) = self;
        match (want.subject.asked(), want.mode) {
            (Subject::Key(key), mode) => {
                let internal = if key.is_internal { "internal " } else { "" };
                write!(formatter, "{internal}{} {}", mode.word(), key.recorded())
            }
            (_, Mode::Exclusive) => formatter.write_str("alone"),
            (_, _) => formatter.write_str("test"),
        }
    }
}

/// As the user has written it: `serial "tcp"`.
impl fmt::Display for Want {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = match (self.subject.asked(), self.mode) {
            (Subject::Key(key), _) => key,
            (_, Mode::Exclusive) => return formatter.write_str("alone"),
            (_, _) => return formatter.write_str("the test that runs alone"),
        };
        if key.is_internal {
            formatter.write_str("internal ")?;
        }
        write!(
            formatter,
            "{} {}",
            self.mode.word(),
            quoted(&key.recorded())
        )?;
        if let Mode::Limit(limit) = self.mode {
            write!(formatter, " ({limit})")?;
        }
        Ok(())
    }
}

/// How long a lock was waited for, and behind whom.
#[derive(Debug, Clone)]
pub(crate) struct Waited {
    pub(crate) time: Duration,
    pub(crate) behind: Option<Holder>,
}

/// A lock that has been asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestedLock {
    want: Want,
    /// The lock that is taken for it: the same, or that within a test that has started this program.
    pub(crate) target: Want,
    way: Approach,
}

impl RequestedLock {
    pub(crate) fn new(want: Want, way: Approach) -> Self {
        RequestedLock {
            want,
            target: want,
            way,
        }
    }
}

/// Takes a lock, waiting for it unless the wait could never end.
pub(crate) fn acquire(
    asked: RequestedLock,
    me: &Activity,
    watch: &mut BoundedWait<'_>,
) -> Result<Held, Error> {
    let RequestedLock {
        want,
        mut target,
        way,
    } = asked;
    if way == Approach::Try {
        return entry::try_acquire(target, me)?.ok_or_else(|| owner::taken_in_turns(want));
    }
    loop {
        watch.begin(target);
        match entry::acquire(target, me, &mut || watch.pause()) {
            // It turned out to be held by a test that has started this program, or that one has ended.
            Err(error) => {
                target = match watch.instead() {
                    Some(delegated) => delegated,
                    None => delegation::after_its_owner(want, target)?.ok_or(error)?,
                };
            }
            held => return held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, Subject, Want};
    use crate::lock::key::Key;

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
        assert_eq!(want.code(), "serial db\tshop");
        let internal = Want {
            subject: Subject::Key(Key::new("tcp").internal()),
            mode: Mode::Exclusive,
        };
        assert_eq!(internal.to_string(), "internal serial \"tcp\"");
        assert_eq!(internal.code(), "internal serial tcp");
    }
}
