//! Whether a lock is held, for functions that need one.

use std::path::Path;

use crate::claim::{key_of_all, key_of_file, used_key_of_package};
use crate::{file, held};

/// Whether the current thread holds the lock of [`serial`](macro@crate::serial) with this key, or
/// without one.
///
/// A function that needs the lock can insist on it:
///
/// ```rust,test_harness
/// use serial_test::{is_locked_serially, serial};
///
/// fn migrate() {
///     assert!(is_locked_serially(Some("database")), "call this in a `#[serial(database)]` test");
/// }
///
/// #[test]
/// #[serial(database)]
/// fn migrates() {
///     migrate();
///     assert!(!is_locked_serially(None));
/// }
/// ```
#[must_use]
pub fn is_locked_serially(name: Option<&str>) -> bool {
    used_key_of_package(name.unwrap_or_default()).is_some_and(held::is_serial_here)
}

/// Whether anyone holds the lock of [`file_serial`](macro@crate::file_serial) with this key, or of
/// this path.
///
/// This does not prove that the *caller* holds it; the holder may be another thread or process.
///
/// ```rust,test_harness
/// use serial_test::{file_serial, is_locked_file_serially};
///
/// #[test]
/// #[file_serial(queries_of_documentation)]
/// fn asks() {
///     assert!(is_locked_file_serially(Some("queries_of_documentation"), None));
/// }
/// ```
///
/// # Panics
///
/// Panics if the state directory or the file cannot be used.
#[must_use]
pub fn is_locked_file_serially(name: Option<&str>, path: Option<&str>) -> bool {
    let path = path.map(|path| {
        file::real_path(Path::new(path))
            .unwrap_or_else(|error| panic!("failed to open the lock file `{path}`: {error}"))
    });
    let key = match &path {
        Some(path) => key_of_file(path),
        None => key_of_all(name.unwrap_or_default()),
    };
    match key.and_then(|key| key.try_lock_shared()) {
        Ok(None) => true,
        Ok(Some(_guard)) => path.is_some_and(|path| {
            file::is_locked(&path)
                .unwrap_or_else(|error| panic!("failed to lock `{}`: {error}", path.display()))
        }),
        Err(error) => panic!("{error:?}"),
    }
}
