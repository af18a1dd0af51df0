//! Keys locked outside of the attribute: by helpers, build scripts and resources.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::location::Site;
use crate::lock::activity::Activity;
use crate::lock::key::Key;
use crate::lock::owner::{self, Approach, Owner};
use crate::lock::plan::check_limit;
use crate::lock::{
    BoundedWait, Held, Mode, RequestedLock, Subject, Want, acquire, acquire_free, delegation,
    try_acquire,
};
use crate::name::Name;
use crate::run::context;
use crate::run::observe::Observed;
use crate::run::process::child;
#[cfg(unix)]
use crate::run::process::loss::GuardWatch;
use crate::state::mark::Tie;
use crate::trace::Trace;

/// Holds a [`Key`] until it is dropped.
///
/// A guard may be sent to another thread and dropped there.
///
/// # When the process dies
///
/// The kernel releases the lock. A child that was forked without `exec` keeps the lock while it
/// lives, unless the guard was dropped before the process died.
#[must_use = "the key is free again as soon as the guard is dropped"]
pub struct Guard {
    // Fields drop in this order: clear the published claim before releasing the lock.
    #[cfg(unix)]
    _watch: Option<GuardWatch>,
    _activity: Activity,
    held: Held,
    _claimed: owner::Claimed,
    trace: Trace,
}

impl Guard {
    fn new(
        activity: Activity,
        held: Held,
        claimed: owner::Claimed,
        trace: Trace,
    ) -> Result<Self, Error> {
        #[cfg(unix)]
        let watch = match GuardWatch::begin(&held) {
            Ok(watch) => watch,
            Err(error) => {
                // As in `Guard`: clear the published claim before releasing the lock.
                drop(activity);
                return Err(error);
            }
        };
        trace.held(&held);
        Ok(Guard {
            #[cfg(unix)]
            _watch: watch,
            _activity: activity,
            held,
            _claimed: claimed,
            trace,
        })
    }

    /// Returns a number that is higher than those of all earlier holders, if the key is
    /// [across machines](Key::across_machines). See [`TestHandle::fence`](crate::TestHandle::fence).
    #[must_use]
    pub fn fence(&self) -> Option<u64> {
        self.held.fence()
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> Key {
        match self.held.want().subject.asked() {
            Subject::Key(key) => key,
            _ => unreachable!("guards are made of keys only"),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.trace.free(self.held.want());
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Guard({})", self.held.want())
    }
}

impl Key {
    /// Acquires this key exclusively. Waits while anybody else holds it in any mode.
    ///
    /// `serial = "..."` does the same before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used, and when the same holders keep the key for
    /// `ISOLATED_LOCK_TIMEOUT`. Fails at once when the wait could never end:
    ///
    /// - This thread, or the test for which it acts, already holds the key.
    /// - One of them, or the test that started this program, holds a key that does not come before
    ///   this one.
    /// - The test that started this program holds the key in a weaker mode.
    ///
    /// While a [`Resource`](crate::Resource) is provisioned or released, this can wait for
    /// [internal](Key::internal) keys only.
    ///
    /// A key [across machines](Key::across_machines) can be locked in the body of a test with `process` only.
    /// When the lock is lost, the test is ended and fails.
    #[track_caller]
    pub fn lock(self) -> Result<Guard, Error> {
        guard(self, Mode::Exclusive)
    }

    /// Acquires this key together with other readers. Waits while anybody holds it exclusively.
    ///
    /// `shared = "..."` does the same before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails in the same cases as [`lock`](Key::lock).
    #[track_caller]
    pub fn lock_shared(self) -> Result<Guard, Error> {
        guard(self, Mode::Shared)
    }

    /// Acquires this key once fewer than `limit` others hold it.
    ///
    /// `limit("...", n)` does the same before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails in the same cases as [`lock`](Key::lock); also when `limit` is zero or above 256, and
    /// when others currently use the key with another limit.
    #[track_caller]
    pub fn lock_limit(self, limit: u32) -> Result<Guard, Error> {
        guard(self, Mode::Limit(limit))
    }

    /// Acquires this key exclusively if nobody else holds it now.
    ///
    /// Never waits, not even in the queue, so it may be called while other keys are held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. Returns `Ok(None)` for a key that is taken.
    #[track_caller]
    pub fn try_lock(self) -> Result<Option<Guard>, Error> {
        try_guard(self, Mode::Exclusive)
    }

    /// Acquires this key together with other readers if no writer holds it now.
    ///
    /// Never waits, not even behind a waiting writer, so it may be called while other keys are
    /// held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. Returns `Ok(None)` for a key that is taken.
    #[track_caller]
    pub fn try_lock_shared(self) -> Result<Option<Guard>, Error> {
        try_guard(self, Mode::Shared)
    }
}

/// Acquires a key outside of the attribute, and may wait for it.
#[track_caller]
pub(crate) fn guard(key: Key, mode: Mode) -> Result<Guard, Error> {
    guard_of(checked(key, mode)?)
}

/// The same for a lock that code at this place asks for.
#[cfg(unix)]
pub(crate) fn guard_at(key: Key, mode: Mode, site: Site) -> Result<Guard, Error> {
    guard_of_at(checked(key, mode)?, site)
}

/// Acquires any lock outside of the attribute, and may wait for it.
#[track_caller]
pub(crate) fn guard_of(want: Want) -> Result<Guard, Error> {
    guard_of_at(want, Site::of_caller())
}

fn guard_of_at(want: Want, site: Site) -> Result<Guard, Error> {
    let owner = context::owner();
    let activity = begin_guard(owner.as_deref(), site)?;
    let (claimed, way) = owner::claim(owner.as_ref(), want, &activity.mark())?;
    let mut asked = [RequestedLock::new(want, way)];
    delegation::resolve_all(&mut asked)?;
    let trace = Trace::guard(activity.name(), want);
    let observed = Observed(&trace);
    let mut watch = BoundedWait::new(want, &activity, &observed)?;
    let held = match acquire_free(&asked, &activity)?.pop() {
        Some(held) => held,
        None => acquire(asked[0], &activity, &mut watch)?,
    };
    drop(watch);
    Guard::new(activity, held, claimed, trace)
}

/// Acquires a key outside of the attribute if it is free.
#[track_caller]
pub(crate) fn try_guard(key: Key, mode: Mode) -> Result<Option<Guard>, Error> {
    try_guard_of(checked(key, mode)?)
}

/// Acquires any lock outside of the attribute if it is free.
#[track_caller]
pub(crate) fn try_guard_of(want: Want) -> Result<Option<Guard>, Error> {
    let owner = context::owner();
    let activity = begin_guard(owner.as_deref(), Site::of_caller())?;
    let mark = activity.mark();
    let (claimed, is_held) = owner::claim_without_waiting(owner.as_ref(), want, &mark);
    let mut asked = [RequestedLock::new(want, Approach::Try)];
    if !is_held {
        // The test that started this program may forbid a wait, but `try_acquire` never waits.
        let _ = delegation::resolve_all(&mut asked);
    }
    let [RequestedLock { mut target, .. }] = asked;
    let held = loop {
        match try_acquire(target, &activity) {
            Err(error) => target = delegation::after_its_owner(want, target)?.ok_or(error)?,
            Ok(held) => break held,
        }
    };
    let guard = held.map(|held| {
        let trace = Trace::guard(activity.name(), want);
        Guard::new(activity, held, claimed, trace)
    });
    guard.transpose()
}

/// Begins the activity of a guard. Ties it to the test for which it is acquired; outside of tests,
/// to the first guard of the thread, or else to the test that started this program.
fn begin_guard(owner: Option<&Owner>, site: Site) -> Result<Activity, Error> {
    let tie = match owner {
        Some(owner) => owner.mark().cloned().map(Tie::Of),
        None => owner::first_guard()
            .map(Tie::Of)
            .or_else(|| delegation::acting().map(Tie::For)),
    };
    Activity::begin(Name::of_guard(context::name_of_caller()), site, tie)
}

/// Ties a test to the test that calls it, or else to the test that started this program.
pub(crate) fn tie_of_test(caller: Option<&Owner>) -> Option<Tie> {
    let caller = caller.and_then(|caller| caller.mark().cloned());
    caller.or_else(delegation::acting).map(Tie::For)
}

fn checked(key: Key, mode: Mode) -> Result<Want, Error> {
    let want = Want {
        subject: Subject::Key(key),
        mode,
    };
    check_limit(want)?;
    if want.is_across_machines() && !child::is_there() {
        let action = format!(
            "lock {want}, because this process could not be ended if that lock were lost; name the key in the \
             attribute of a test, or lock it in the body of a test with `process`"
        );
        return Err(Error::new(ErrorKind::Process, action));
    }
    Ok(want)
}
