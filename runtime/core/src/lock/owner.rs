//! Owners of locks, and the refusal of waits that could never end.
//!
//! A lock is held by a test or by a guard. A guard belongs to the test for which its thread acts,
//! or to the thread if there is no such test. A test that calls another test is its parent.
//!
//! Locks are acquired in one total order, that of [`Subject`]. A thread may wait for a lock only if
//! the lock comes after all that are held in the thread, and after all that its test and the
//! parents of that test hold until they end. Otherwise it gets an error with the way out. See
//! [`plan`](crate::lock::plan) for the argument.

mod refusals;

use std::iter;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use self::refusals::{holds_already, in_turns, out_of_order, provides, too_weak};
pub(super) use self::refusals::{refusal, taken_in_turns};
use super::key::Key;
use super::{Mode, RequestedLock, Subject, Want};
use crate::error::Error;
use crate::mutex::lock;
use crate::name::Name;
use crate::state::mark::Mark;

/// A test on whose behalf locks are held.
#[derive(Debug)]
pub(crate) struct Owner {
    name: Name,
    /// The test that has called this one.
    parent: Option<Arc<Owner>>,
    /// How many of its resources are being provisioned or released.
    providing: AtomicUsize,
    /// How other processes find it.
    mark: Option<Mark>,
    /// The items that it has from pools.
    items: Mutex<Vec<(Subject, &'static str)>>,
    /// The fences of its locks across machines.
    fences: Mutex<Vec<(Key, u64)>>,
}

impl Owner {
    /// Begins a test that is called by another one, or by the test runner.
    pub(crate) fn new(name: Name, parent: Option<Arc<Owner>>, mark: Option<Mark>) -> Arc<Self> {
        Arc::new(Owner {
            name,
            parent,
            providing: AtomicUsize::new(0),
            mark,
            items: Mutex::default(),
            fences: Mutex::default(),
        })
    }

    pub(crate) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    /// Notes the item that the test has from a pool.
    pub(crate) fn has_item(&self, pool: Subject, item: &'static str) {
        lock(&self.items).push((pool, item));
    }

    /// The item that the test, or a test that has called it, has from a pool.
    pub(crate) fn item_of(&self, pool: Subject) -> Option<&'static str> {
        let find = |owner: &Owner| {
            let items = lock(&owner.items);
            let found = items.iter().find(|(other, _)| *other == pool);
            found.map(|(_, item)| *item)
        };
        self.chain().find_map(find)
    }

    /// The test, and the tests that have called it.
    fn chain(&self) -> impl Iterator<Item = &Owner> {
        iter::successors(Some(self), |owner| owner.parent.as_deref())
    }

    /// Notes the fence of a lock across machines.
    pub(crate) fn has_fence(&self, key: Key, fence: u64) {
        lock(&self.fences).push((key, fence));
    }

    /// The fences that the test has, then those of the tests that have called it.
    pub(crate) fn fences(&self) -> Vec<(Key, u64)> {
        let fences = |owner: &Owner| lock(&owner.fences).clone();
        self.chain().flat_map(fences).collect()
    }

    /// Allows only internal keys until the result is dropped, because a resource of the test is
    /// being provisioned or released.
    pub(crate) fn provide(self: &Arc<Self>) -> Providing {
        self.providing.fetch_add(1, Ordering::Relaxed);
        Providing(self.clone())
    }
}

/// A resource is being provisioned or released until this is dropped.
#[must_use = "all keys are allowed as soon as this is dropped"]
pub(crate) struct Providing(Arc<Owner>);

impl Drop for Providing {
    fn drop(&mut self) {
        self.0.providing.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All locks of this process that are held or waited for, in the order in which they were claimed.
static CLAIMS: Mutex<Claims> = Mutex::new(Claims {
    last: 0,
    held: Vec::new(),
});

struct Claims {
    /// The number of the last claim.
    last: u64,
    held: Vec<OwnedClaim>,
}

struct OwnedClaim {
    number: u64,
    /// The test for which it is held, if any.
    owner: Option<Arc<Owner>>,
    /// The thread in which the test runs, or which acquired the guard.
    thread: ThreadId,
    want: Want,
    /// How other processes find the guard that holds it. Otherwise the test holds it from its
    /// beginning to its end.
    guard: Option<Mark>,
}

/// Registers locks as held or waited for, until it is dropped in whatever thread.
#[derive(Debug)]
pub(crate) struct Claimed(u64);

impl Drop for Claimed {
    fn drop(&mut self) {
        lock(&CLAIMS).held.retain(|claim| claim.number != self.0);
    }
}

/// How a lock has to be acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approach {
    /// Wait if it is not free.
    Wait,
    /// Do not wait. The thread itself holds the lock for another test, and a waiter ahead may be
    /// waiting for that test.
    Try,
}

/// A thread that requests a lock, and the test for which it acts.
#[derive(Clone, Copy)]
struct Asker<'a> {
    owner: Option<&'a Arc<Owner>>,
    thread: ThreadId,
}

impl<'a> Asker<'a> {
    fn of(owner: Option<&'a Arc<Owner>>) -> Self {
        Asker {
            owner,
            thread: thread::current().id(),
        }
    }

    /// The test, and the tests that have called it.
    fn chain(self) -> impl Iterator<Item = &'a Owner> {
        self.owner.into_iter().flat_map(|owner| owner.chain())
    }

    /// Whether a claim belongs to the test, to a test that has called it, or to this thread outside
    /// of any test.
    fn is_behind(self, claim: &OwnedClaim) -> bool {
        claim
            .owner
            .as_ref()
            .map_or(claim.thread == self.thread, |owner| {
                self.chain().any(|mine| ptr::eq(mine, Arc::as_ptr(owner)))
            })
    }

    /// Whether a claim remains for as long as the asker waits.
    fn keeps(self, claim: &OwnedClaim) -> bool {
        claim.thread == self.thread || claim.guard.is_none() && self.is_behind(claim)
    }
}

/// How a request for a lock can be met.
enum Answer<'c> {
    Take(Approach),
    /// The asker, or a test that has called it, already holds the lock at least as strongly.
    Covered(&'c OwnedClaim),
}

impl Claims {
    /// Decides whether a lock may be acquired, and whether the asker may wait for it.
    fn judge(&self, asker: Asker<'_>, want: Want) -> Result<Answer<'_>, Error> {
        let mut is_in_turns = false;
        let mut last: Option<&OwnedClaim> = None;
        for claim in self.held.iter().filter(|claim| asker.keeps(claim)) {
            if claim.want.subject != want.subject {
                if last.is_none_or(|last| last.want.subject < claim.want.subject) {
                    last = Some(claim);
                }
            } else if asker.is_behind(claim) {
                if claim.want.mode.covers(want.mode) {
                    return Ok(Answer::Covered(claim));
                }
                return Err(too_weak(want, claim));
            } else if claim.want.mode.admits(want.mode) {
                is_in_turns = true;
            } else {
                return Err(in_turns(want, claim));
            }
        }
        if is_in_turns {
            return Ok(Answer::Take(Approach::Try));
        }
        if !want.is_internal() {
            for owner in asker.chain() {
                if owner.providing.load(Ordering::Relaxed) > 0 {
                    return Err(provides(want, owner));
                }
            }
        }
        if let Some(last) = last.filter(|last| last.want.subject > want.subject) {
            return Err(out_of_order(want, last));
        }
        Ok(Answer::Take(Approach::Wait))
    }

    /// Registers locks as held or waited for, by a guard or by the test of the asker.
    fn register(
        &mut self,
        asker: Asker<'_>,
        wants: impl IntoIterator<Item = Want>,
        guard: Option<&Mark>,
    ) -> Claimed {
        self.last += 1;
        for want in wants {
            self.held.push(OwnedClaim {
                number: self.last,
                owner: asker.owner.cloned(),
                thread: asker.thread,
                want,
                guard: guard.cloned(),
            });
        }
        Claimed(self.last)
    }
}

/// Claims the locks of a test that begins, except those that its callers already hold.
pub(crate) fn claim_all(
    owner: &Arc<Owner>,
    wants: &[Want],
) -> Result<(Claimed, Vec<RequestedLock>), Error> {
    let asker = Asker::of(Some(owner));
    let mut claims = lock(&CLAIMS);
    let mut missing = Vec::with_capacity(wants.len());
    for want in wants {
        if let Answer::Take(way) = claims.judge(asker, *want)? {
            missing.push(RequestedLock::new(*want, way));
        }
    }
    let claimed = claims.register(asker, missing.iter().map(|one| one.want), None);
    Ok((claimed, missing))
}

/// Claims the locks that the parent process holds for a test.
pub(crate) fn claim_of_parent(owner: &Arc<Owner>, wants: &[Want]) -> Claimed {
    lock(&CLAIMS).register(Asker::of(Some(owner)), wants.iter().copied(), None)
}

/// Claims a lock that a guard is about to wait for.
pub(crate) fn claim(
    owner: Option<&Arc<Owner>>,
    want: Want,
    mark: &Mark,
) -> Result<(Claimed, Approach), Error> {
    let asker = Asker::of(owner);
    let mut claims = lock(&CLAIMS);
    let way = match claims.judge(asker, want)? {
        Answer::Take(way) => way,
        Answer::Covered(claim) => return Err(holds_already(want, claim)),
    };
    Ok((claims.register(asker, [want], Some(mark)), way))
}

/// Claims a lock that a guard acquires without waiting. Also returns whether the asker already
/// holds its subject.
pub(crate) fn claim_without_waiting(
    owner: Option<&Arc<Owner>>,
    want: Want,
    mark: &Mark,
) -> (Claimed, bool) {
    let asker = Asker::of(owner);
    let mut claims = lock(&CLAIMS);
    let is_it = |claim: &OwnedClaim| claim.want.subject == want.subject && asker.keeps(claim);
    let is_held = claims.held.iter().any(is_it);
    (claims.register(asker, [want], Some(mark)), is_held)
}

/// The first guard that this thread holds outside of tests.
pub(crate) fn first_guard() -> Option<Mark> {
    let thread = thread::current().id();
    let claims = lock(&CLAIMS);
    let mut own = claims.held.iter();
    let first = own.find(|claim| claim.owner.is_none() && claim.thread == thread)?;
    first.guard.clone()
}

impl OwnedClaim {
    /// The holder of the lock, for messages.
    fn holder(&self) -> String {
        match &self.owner {
            Some(owner) => format!("`{}`", owner.name.full()),
            None => "this thread".to_owned(),
        }
    }
}

impl Mode {
    /// Whether two owners may hold one subject in these modes at the same time.
    fn admits(self, other: Mode) -> bool {
        self != Mode::Exclusive && other != Mode::Exclusive
    }
}

#[cfg(test)]
mod tests;
