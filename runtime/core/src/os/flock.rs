//! Advisory locks on whole files; the only place that knows `fs2`.
//!
//! The calls name the trait, because the standard library has methods of the same names that are
//! younger than our minimum Rust version and would win.

use std::fs::File;
use std::io;

use fs2::FileExt;

/// How strongly a file is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Together with other shared locks.
    Shared,
    /// Alone.
    Exclusive,
}

/// Locks a file, waiting in the kernel as long as it takes.
pub(crate) fn lock(file: &File, strength: Strength) -> io::Result<()> {
    while !lock_until_interrupted(file, strength)? {}
    Ok(())
}

/// Locks a file, waiting in the kernel until a signal arrives; tells whether it is locked.
pub(crate) fn lock_until_interrupted(file: &File, strength: Strength) -> io::Result<bool> {
    let result = match strength {
        Strength::Shared => FileExt::lock_shared(file),
        Strength::Exclusive => FileExt::lock_exclusive(file),
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// Locks a file if that is possible without waiting, and tells whether it was.
pub(crate) fn try_lock(file: &File, strength: Strength) -> io::Result<bool> {
    let result = uninterrupted(|| match strength {
        Strength::Shared => FileExt::try_lock_shared(file),
        Strength::Exclusive => FileExt::try_lock_exclusive(file),
    });
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Unlocks a file, also for copies of its descriptor that a forked child may have.
pub(crate) fn unlock(file: &File) {
    // A lock that cannot be released explicitly goes with the descriptor.
    let _ = uninterrupted(|| FileExt::unlock(file));
}

/// Repeats a call that a signal has interrupted, which `fs2` does not do.
fn uninterrupted(mut call: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::uninterrupted;

    #[test]
    fn an_interrupted_call_is_repeated_and_other_errors_are_not() {
        let mut results = vec![Ok(()), Err(io::ErrorKind::Interrupted.into())];
        uninterrupted(|| results.pop().unwrap()).unwrap();
        assert!(results.is_empty());

        let error = uninterrupted(|| Err(io::ErrorKind::PermissionDenied.into())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
