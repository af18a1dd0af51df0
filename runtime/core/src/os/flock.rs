//! Advisory locks on whole files; the only place that knows `fs2`.
//!
//! The calls name the trait, because the standard library has methods of the same names, which
//! would win and are newer than our minimum Rust version.

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::sync::mpsc::channel;
#[cfg(unix)]
use std::time::Duration;

use fs2::FileExt;

#[cfg(unix)]
use super::spawn_thread;

/// The mode of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Compatible with other shared locks.
    Shared,
    /// Excludes all other locks.
    Exclusive,
}

/// Acquires a lock, blocking in the kernel as long as it takes.
pub(crate) fn lock(file: &File, strength: Strength) -> io::Result<()> {
    while !lock_until_interrupted(file, strength)? {}
    Ok(())
}

/// Acquires a lock, blocking in the kernel; `false` if a signal interrupted the wait.
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

/// Acquires a lock, and waits for it in another thread for a while. Returns the file if it is locked.
/// Otherwise the other thread locks it later, and closes it at once.
#[cfg(unix)]
pub(crate) fn lock_within(
    file: File,
    strength: Strength,
    limit: Duration,
) -> io::Result<Option<File>> {
    if try_lock(&file, strength)? {
        return Ok(Some(file));
    }
    let (sender, receiver) = channel();
    spawn_thread("isolated-test-lock", move || {
        let _ = sender.send(lock(&file, strength).map(|()| file));
    })?;
    receiver.recv_timeout(limit).ok().transpose()
}

/// Acquires a lock if that is possible without waiting; returns whether it was.
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

/// Releases a lock, even if a forked child has a copy of the descriptor.
pub(crate) fn unlock(file: &File) {
    // A lock that cannot be released explicitly is released with the descriptor.
    let _ = uninterrupted(|| FileExt::unlock(file));
}

/// Repeats a call after an interruption by a signal, which `fs2` does not do.
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
