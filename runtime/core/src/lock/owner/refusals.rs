//! Refusals of locks, each with its reason and the way out.

use super::{OwnedClaim, Owner};
use crate::error::{Error, ErrorKind};
use crate::lock::{Subject, Want};

pub(super) fn holds_already(want: Want, claim: &OwnedClaim) -> Error {
    let (holder, held) = (claim.holder(), claim.want);
    refusal(
        ErrorKind::LockHeld,
        want,
        &format!("{holder} already holds {held}"),
        "remove this call, or release the other lock first",
    )
}

pub(super) fn too_weak(want: Want, claim: &OwnedClaim) -> Error {
    let (holder, held) = (claim.holder(), claim.want);
    refusal(
        ErrorKind::Deadlock,
        want,
        &format!("{holder} already holds {held}, which never becomes stronger while it is held"),
        "ask for the stronger one where the key is locked first",
    )
}

pub(super) fn in_turns(want: Want, claim: &OwnedClaim) -> Error {
    let (holder, held) = (claim.holder(), claim.want);
    refusal(
        ErrorKind::Deadlock,
        want,
        &format!(
            "{holder}, which takes turns with it in one thread, holds {held} and could never release it"
        ),
        "run them one after the other, or in threads of their own",
    )
}

pub(super) fn out_of_order(want: Want, claim: &OwnedClaim) -> Error {
    let (holder, held) = (claim.holder(), claim.want);
    let reason = format!(
        "{holder} holds {held}, which comes later in the order of locks, and could wait for ever"
    );
    let way_out = "ask for both in the attribute of the test, or release the other one first";
    refusal(ErrorKind::LockOrder, want, &reason, way_out)
}

/// Refuses a lock that was not free and that its own thread holds for another test.
pub(in crate::lock) fn taken_in_turns(want: Want) -> Error {
    let reason = "a test that takes turns with it in one thread holds it too, and whoever else waits \
                  or holds it could wait for that one";
    let way_out = "run them one after the other, or in threads of their own";
    refusal(ErrorKind::Deadlock, want, reason, way_out)
}

/// Refuses an ordinary key to a resource, whatever the key is called. Depending on its name, it
/// would be in order for some tests and not for others.
pub(super) fn provides(want: Want, owner: &Owner) -> Error {
    let reason = format!(
        "a resource of `{}` is being provisioned or released, and only internal keys come after all \
         keys that tests may hold",
        owner.name.full()
    );
    let way_out = match want.subject {
        Subject::Key(key) if key.is_across_machines() => {
            "name the key in the attribute of the test".to_owned()
        }
        Subject::Key(key) => {
            let scope = key.scope().map(|scope| format!(".scoped({scope:?})"));
            let scope = scope.unwrap_or_default();
            format!("write `Key::new({:?}){scope}.internal()`", key.name())
        }
        Subject::Everyone | Subject::Port(_) | Subject::Delegated(_) => {
            "call the test elsewhere".to_owned()
        }
    };
    refusal(ErrorKind::LockOrder, want, &reason, &way_out)
}

pub(in crate::lock) fn refusal(kind: ErrorKind, want: Want, reason: &str, way_out: &str) -> Error {
    Error::new(kind, format!("lock {want}, because {reason}; {way_out}"))
}
