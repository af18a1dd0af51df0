//! Locks between tests: across threads, processes and checkouts.
//!
//! This module defines the vocabulary, [`acquire_free`] and [`acquire`]. A [`backend`] keeps the
//! locks; [`mod@file`] is the one that keeps them in the state directory, and [`machines`] keeps those between
//! machines. [`bounded_wait`] makes
//! waiting visible and bounded. [`activity`] publishes who holds what, and [`holder`] reads it.
//! [`items`] are the things in a pool.
//! [`owner`] tracks for whom a lock is held and refuses waits that could never end. [`delegation`]
//! acts for a test of another process, which [`ancestry`] finds.

pub(crate) mod activity;
mod ancestry;
mod backend;
mod bounded_wait;
pub(crate) mod delegation;
mod file;
pub(crate) mod holder;
pub(crate) mod items;
pub(crate) mod key;
pub(crate) mod machines;
pub(crate) mod observer;
pub(crate) mod owner;
pub(crate) mod plan;

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use self::delegation::Delegated;
use self::key::{ACROSS, Key, quoted};
use self::owner::Approach;

pub(crate) use backend::{Held, Watch};
pub(crate) use bounded_wait::BoundedWait;
pub(crate) use holder::Holder;
pub(crate) use items::Items;

use crate::error::Error;
use crate::lock::activity::Activity;
use crate::os::flock::Strength;
use crate::state::StateDir;

/// The subject that a lock protects.
///
/// `Everyone`, `Key` and `Port` are declared in the order in which locks are acquired. A `Delegated`
/// subject is acquired in place of the subject that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// All isolated tests. Each of them holds it shared; a test that runs alone holds it
    /// exclusively.
    Everyone,
    /// A key.
    Key(Key),
    /// A port number that a test insists on.
    Port(u16),
    /// One of the others, within a test or guard that holds it and has started this program.
    Delegated(&'static Delegated),
}

impl Subject {
    /// The name of the main lock file. The other files of the subject append an extension.
    pub(crate) fn file_name(self) -> String {
        match self {
            // The file names of keys begin with `k-` or `i-`, and those of held ports with `port-`.
            Subject::Everyone => "everyone".to_owned(),
            Subject::Key(key) => key.file_name(),
            Subject::Port(number) => format!("number-{number}"),
            Subject::Delegated(delegated) => delegated.subject.file_name(),
        }
    }

    /// The subject itself, without delegation.
    pub(crate) fn asked(self) -> Self {
        match self {
            Subject::Delegated(delegated) => delegated.subject,
            Subject::Everyone | Subject::Key(_) | Subject::Port(_) => self,
        }
    }

    /// The path of the main lock file.
    fn path(self, state_dir: &StateDir) -> PathBuf {
        match self {
            Subject::Delegated(delegated) => delegated.path(),
            Subject::Everyone | Subject::Key(_) | Subject::Port(_) => {
                state_dir.lock_path(&self.file_name())
            }
        }
    }
}

/// How a lock is held. The variants are ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// Together with all holders that are not exclusive.
    Shared,
    /// Together with shared holders, and with at most this many limited holders in total.
    Limit(u32),
    /// Together with shared holders, and with at most one holder of each item.
    Pool(Items),
    /// Without any other holder.
    Exclusive,
}

impl Mode {
    /// The argument of the attribute that requests this mode.
    fn word(self) -> &'static str {
        match self {
            Mode::Exclusive => "serial",
            Mode::Shared => "shared",
            Mode::Limit(_) => "limit",
            Mode::Pool(_) => "pool",
        }
    }

    /// How strongly the main file is locked.
    fn strength(self) -> Strength {
        match self {
            Mode::Exclusive => Strength::Exclusive,
            Mode::Shared | Mode::Limit(_) | Mode::Pool(_) => Strength::Shared,
        }
    }

    /// The number of slots, one of which each holder has.
    pub(crate) fn slots(self) -> Option<u32> {
        match self {
            Mode::Limit(limit) => Some(limit),
            Mode::Pool(items) => Some(items.count()),
            Mode::Shared | Mode::Exclusive => None,
        }
    }

    /// Whether a holder in this mode may do all that the other mode allows. Two pools cover each other,
    /// whatever their items.
    fn covers(self, other: Mode) -> bool {
        matches!((self, other), (Mode::Pool(_), Mode::Pool(_))) || self >= other
    }
}

/// The beginning of an internal key in records.
const INTERNAL: &str = "internal ";

/// The beginning of a key across machines in records.
const MACHINES: &str = "machines ";

/// A lock that is wanted or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) subject: Subject,
    pub(crate) mode: Mode,
}

impl Want {
    /// The lock as written into the record: `serial tcp`.
    pub(crate) fn code(self) -> String {
        let mut text = String::new();
        self.push_code(&mut text);
        text
    }

    /// Adds the lock as written into the record. Without formatting, which is slow where nothing is
    /// optimized.
    pub(crate) fn push_code(self, text: &mut String) {
        match (self.subject.asked(), self.mode) {
            (Subject::Key(key), mode) => {
                text.push_str(match key {
                    key if key.is_internal => INTERNAL,
                    key if key.is_across_machines() => MACHINES,
                    _ => "",
                });
                text.push_str(mode.word());
                text.push(' ');
                key.push_recorded(text);
            }
            (Subject::Port(number), _) => {
                let _ = write!(text, "port {number}");
            }
            (_, Mode::Exclusive) => text.push_str("alone"),
            (_, _) => text.push_str("test"),
        }
    }

    /// The test or guard within which the lock is taken, as records name it.
    pub(crate) fn within(self) -> Option<&'static str> {
        match self.subject {
            Subject::Delegated(delegated) => Some(&delegated.within),
            Subject::Everyone | Subject::Key(_) | Subject::Port(_) => None,
        }
    }

    /// Whether it is kept for all machines. Not within a test of this machine that holds it already.
    pub(crate) fn is_across_machines(self) -> bool {
        matches!(self.subject, Subject::Key(key) if key.is_across_machines())
    }

    /// Whether every test wants it, and only an `alone` test is in the way.
    fn is_shared_by_all(self) -> bool {
        self.subject.asked() == Subject::Everyone && self.mode != Mode::Exclusive
    }

    /// Whether a resource may wait for it while it is provisioned: an internal key, or a port.
    pub(crate) fn is_internal(self) -> bool {
        match self.subject.asked() {
            Subject::Key(key) => key.is_internal,
            Subject::Port(_) => true,
            Subject::Everyone | Subject::Delegated(_) => false,
        }
    }
}

/// Displays the lock as the user wrote it: `serial "tcp"`.
impl fmt::Display for Want {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = match (self.subject.asked(), self.mode) {
            (Subject::Key(key), _) => key,
            (Subject::Port(number), _) => return write!(formatter, "port {number}"),
            (_, Mode::Exclusive) => return formatter.write_str("alone"),
            (_, _) => return formatter.write_str("an `alone` test to finish"),
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
        if key.is_across_machines() {
            formatter.write_str(ACROSS)?;
        }
        match self.mode {
            Mode::Limit(limit) => write!(formatter, " ({limit})"),
            Mode::Pool(items) => match items.count() {
                1 => formatter.write_str(" (1 item)"),
                count => write!(formatter, " ({count} items)"),
            },
            Mode::Shared | Mode::Exclusive => Ok(()),
        }
    }
}

/// How long a thread waited for a lock, and behind whom.
#[derive(Debug, Clone)]
pub(crate) struct Waited {
    pub(crate) time: Duration,
    pub(crate) behind: Option<Holder>,
}

/// A lock that a test or guard has requested.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestedLock {
    want: Want,
    /// The lock to acquire for it: `want` itself, or its counterpart within a test that has started
    /// this program.
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

/// Acquires locks that are free now, in their order. The first that is not free, and all after it,
/// are left to [`acquire`].
pub(crate) fn acquire_free(asked: &[RequestedLock], me: &Activity) -> Result<Vec<Held>, Error> {
    // Locks across machines, and the internal keys after them, are left to `acquire`.
    let is_near = |one: &&RequestedLock| !one.target.is_across_machines();
    let near = asked.iter().take_while(is_near).count();
    match &asked[..near] {
        [] => Ok(Vec::new()),
        near @ [first, ..] => backend::of(first.target.subject).acquire_free(near, me),
    }
}

/// Acquires a lock if it is free now.
pub(crate) fn try_acquire(want: Want, me: &Activity) -> Result<Option<Held>, Error> {
    backend::of(want.subject).try_acquire(want, me)
}

/// Acquires a lock, waiting for it unless the wait could never end.
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
        return try_acquire(target, me)?.ok_or_else(|| owner::taken_in_turns(want));
    }
    loop {
        watch.begin(target);
        match backend::of(target.subject).acquire(target, me, &mut || watch.pause()) {
            // Either a test that has started this program holds the lock, or the owner of a
            // delegated lock has ended. Any other error stands.
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
    use super::{Items, Mode, Subject, Want};
    use crate::lock::key::Key;

    #[test]
    fn everyone_comes_before_every_key() {
        assert!(Subject::Everyone < Subject::Key(Key::new(" ")));
        assert!(Subject::Key(Key::new("a")) < Subject::Key(Key::new("b")));
    }

    #[test]
    fn keys_across_machines_come_after_other_keys_and_before_what_resources_lock() {
        let key = Subject::Key;
        assert!(key(Key::new("b")) < key(Key::across_machines("a")));
        assert!(key(Key::across_machines("a")) < key(Key::across_machines("b")));
        assert!(key(Key::across_machines("b")) < key(Key::new("a").internal()));
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
        let pool = |items| call(Mode::Pool(Items::of(items)));
        assert_eq!(pool(&(&["a"] as &[_])), "pool \"tcp\" (1 item)");
        assert_eq!(pool(&(&["a", "b"] as &[_])), "pool \"tcp\" (2 items)");
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
        let across = Want {
            subject: Subject::Key(Key::across_machines("tcp")),
            mode: Mode::Limit(4),
        };
        assert_eq!(across.to_string(), "limit \"tcp\" across machines (4)");
        assert_eq!(across.code(), "machines limit tcp");
    }
}
