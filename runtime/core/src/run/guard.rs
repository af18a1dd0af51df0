//! Keys that helpers, build scripts and resources lock themselves.

use std::fmt;

use crate::error::Error;
use crate::location::Site;
use crate::lock::activity::Activity;
use crate::lock::key::Key;
use crate::lock::owner::{self, Approach, Owner};
use crate::lock::{
    BoundedWait, Held, Mode, RequestedLock, Subject, Want, acquire, delegation, entry, fast_path,
    semaphore,
};
use crate::name::Name;
use crate::run::context;
use crate::run::observe::{Observed, patience};
use crate::state::mark::Tie;
use crate::trace::{Holding, Trace};

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
    _claimed: owner::Claimed,
}

impl Guard {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> Key {
        match self.held.want().subject.asked() {
            Subject::Key(key) => key,
            _ => unreachable!("guards are made of keys only"),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Guard({})", self.held.want())
    }
}

impl Key {
    /// Waits until nobody else holds this key in any mode, and holds it exclusively.
    ///
    /// This is what `serial = "..."` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used, when one holder does not change for
    /// `ISOLATED_LOCK_TIMEOUT`, and at once when waiting could never end: when this thread or the
    /// test for which it acts already holds the key; when one of them, or the test that has started
    /// this program, holds a key that does not come before it; and when the test that has started
    /// this program holds the key in a weaker mode.
    ///
    /// While a [`Resource`](crate::Resource) is provisioned or released, only
    /// [internal](Key::internal) keys can be waited for.
    #[track_caller]
    pub fn lock(self) -> Result<Guard, Error> {
        guard(self, Mode::Exclusive)
    }

    /// Waits until nobody holds this key exclusively, and holds it together with other readers.
    ///
    /// This is what `shared = "..."` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// The same as those of [`lock`](Key::lock).
    #[track_caller]
    pub fn lock_shared(self) -> Result<Guard, Error> {
        guard(self, Mode::Shared)
    }

    /// Waits until fewer than `limit` others hold this key, and holds it with them.
    ///
    /// This is what `limit("...", n)` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// The same as those of [`lock`](Key::lock); also when `limit` is zero or above 256, or when
    /// others use the key with another limit at this moment.
    #[track_caller]
    pub fn lock_limit(self, limit: u32) -> Result<Guard, Error> {
        guard(self, Mode::Limit(limit))
    }

    /// Holds this key exclusively if nobody else holds it now.
    ///
    /// Never waits, not even in the queue, and therefore may be called while other keys are held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. A key that is taken is `Ok(None)`.
    #[track_caller]
    pub fn try_lock(self) -> Result<Option<Guard>, Error> {
        try_guard(self, Mode::Exclusive)
    }

    /// Holds this key together with other readers if no writer holds it now.
    ///
    /// Never waits, not even behind a writer that waits, and therefore may be called while other keys
    /// are held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. A key that is taken is `Ok(None)`.
    #[track_caller]
    pub fn try_lock_shared(self) -> Result<Option<Guard>, Error> {
        try_guard(self, Mode::Shared)
    }
}

/// Waits for a key outside of the attribute.
#[track_caller]
pub(crate) fn guard(key: Key, mode: Mode) -> Result<Guard, Error> {
    let want = checked(key, mode)?;
    let owner = context::owner();
    let activity = begin_guard(owner.as_deref())?;
    let (claimed, way) = owner::claim(owner.as_ref(), want, activity.mark())?;
    let mut asked = [RequestedLock::new(want, way)];
    delegation::resolve_all(&mut asked)?;
    let trace = Trace::guard(activity.name(), want);
    let observed = Observed(&trace);
    let mut watch = BoundedWait::new(want, &activity, &observed, patience()?)?;
    let held = match fast_path::take(&asked, &activity)?.pop() {
        Some(held) => held,
        None => acquire(asked[0], &activity, &mut watch)?,
    };
    Ok(Guard {
        _holding: Holding::new(trace, want),
        _activity: activity,
        held,
        _claimed: claimed,
    })
}

/// Takes a key outside of the attribute if it is free.
#[track_caller]
pub(crate) fn try_guard(key: Key, mode: Mode) -> Result<Option<Guard>, Error> {
    let want = checked(key, mode)?;
    let owner = context::owner();
    let activity = begin_guard(owner.as_deref())?;
    let mark = activity.mark();
    let (claimed, is_held) = owner::claim_without_waiting(owner.as_ref(), want, mark);
    let mut asked = [RequestedLock::new(want, Approach::Try)];
    if !is_held {
        // Why a test that has started this program does not let it wait does not matter here.
        let _ = delegation::resolve_all(&mut asked);
    }
    let [RequestedLock { mut target, .. }] = asked;
    let held = loop {
        match entry::try_acquire(target, &activity) {
            Err(error) => target = delegation::after_its_owner(want, target)?.ok_or(error)?,
            Ok(held) => break held,
        }
    };
    Ok(held.map(|held| Guard {
        _holding: Holding::new(Trace::guard(activity.name(), want), want),
        _activity: activity,
        held,
        _claimed: claimed,
    }))
}

/// Begins a guard, which belongs to the test for which it is taken.
#[track_caller]
fn begin_guard(owner: Option<&Owner>) -> Result<Activity, Error> {
    let tie = match owner {
        Some(owner) => owner.mark().cloned().map(Tie::Of),
        None => owner::first_guard()
            .map(Tie::Of)
            .or_else(|| delegation::acting().map(Tie::For)),
    };
    Activity::begin(
        Name::of_guard(context::name_of_caller()),
        Site::of_caller(),
        tie,
    )
}

/// Returns how a test belongs to the one that calls it, or has started this program.
pub(crate) fn tie_of_test(caller: Option<&Owner>) -> Option<Tie> {
    let caller = caller.and_then(|caller| caller.mark().cloned());
    caller.or_else(delegation::acting).map(Tie::For)
}

fn checked(key: Key, mode: Mode) -> Result<Want, Error> {
    let want = Want {
        subject: Subject::Key(key),
        mode,
    };
    semaphore::check(want)?;
    Ok(want)
}
