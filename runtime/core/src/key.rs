//! Keys: the names of what tests must not use at the same time.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::lock::{self, Guard, Mode};

/// The longest name of a key, in bytes.
///
/// A name becomes a file name of at most three times its length, and file names end at 255 bytes.
const LONGEST: usize = 80;

/// The name of something that tests must not use at the same time.
///
/// Two keys are the same lock when their names are equal: in all threads, in all processes of the
/// user, in every checkout. A constant makes a typo a compile error:
///
/// ```rust,test_harness
/// use isolated_test::{Key, isolated};
///
/// const TCP: Key = Key::new("tcp");
///
/// #[isolated(serial = TCP)]
/// #[test]
/// fn listens() {}
/// ```
///
/// Helpers, build scripts and other programs can join in by taking the lock themselves:
///
/// ```
/// # fn main() -> Result<(), isolated_test::Error> {
/// use isolated_test::Key;
///
/// let guard = Key::new("doc-schema").lock()?;
/// // No isolated test that says `serial = "doc-schema"` runs here.
/// drop(guard);
/// # Ok(())
/// # }
/// ```
///
/// # When the process dies
///
/// The kernel releases every lock that the process held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The name, as the attribute writes it, which has checked it.
    #[doc(hidden)]
    pub checked: &'static str,
}

impl Key {
    /// The key of `serial` and `shared` without a value.
    pub const DEFAULT: Key = Key::new("default");

    /// Names a key.
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, when the name is empty, longer than 80 bytes, or has
    /// a control character.
    #[must_use]
    pub const fn new(name: &'static str) -> Key {
        assert!(
            !name.is_empty(),
            "a key needs a name; write `Key::new(\"tcp\")`"
        );
        assert!(
            name.len() <= LONGEST,
            "a key is at most 80 bytes long; shorten it"
        );
        let bytes = name.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            assert!(
                bytes[at] >= b' ' && bytes[at] != 0x7f,
                "a key has no control characters; remove them"
            );
            at += 1;
        }
        Key { checked: name }
    }

    /// Names a key at run time, for keys that are made of paths or numbers.
    ///
    /// Each distinct name is stored once and stays in memory until the process ends.
    ///
    /// # Errors
    ///
    /// Fails when the name is empty, longer than 80 bytes, or has a control character.
    pub fn intern(name: &str) -> Result<Key, Error> {
        static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

        let reason = if name.is_empty() {
            Some("it is empty")
        } else if name.len() > LONGEST {
            Some("it is longer than 80 bytes")
        } else if name.bytes().any(|byte| byte.is_ascii_control()) {
            Some("it has a control character")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(Error::new(
                ErrorKind::Key,
                format!("use {name:?} as a key, because {reason}"),
            ));
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.iter().find(|known| **known == name) {
            return Ok(Key { checked: known });
        }
        let stored: &'static str = Box::leak(name.into());
        names.push(stored);
        Ok(Key { checked: stored })
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.checked
    }

    /// Waits until nobody else holds this key in any mode, and holds it exclusively.
    ///
    /// This is what `serial = "..."` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used, when one holder does not change for
    /// `ISOLATED_LOCK_TIMEOUT`, and when this thread already holds a key that does not come before
    /// this one: waiting for it could never end.
    pub fn lock(self) -> Result<Guard, Error> {
        lock::guard(self, Mode::Exclusive)
    }

    /// Waits until nobody holds this key exclusively, and holds it together with other readers.
    ///
    /// This is what `shared = "..."` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// The same as those of [`lock`](Key::lock).
    pub fn lock_shared(self) -> Result<Guard, Error> {
        lock::guard(self, Mode::Shared)
    }

    /// Waits until fewer than `limit` others hold this key, and holds it with them.
    ///
    /// This is what `limit("...", n)` does before a test. The lock is released when the guard is
    /// dropped.
    ///
    /// # Errors
    ///
    /// The same as those of [`lock`](Key::lock); also when `limit` is zero, or when others use the
    /// key with another limit at this moment.
    pub fn lock_limit(self, limit: u32) -> Result<Guard, Error> {
        lock::guard(self, Mode::Limit(limit))
    }

    /// Holds this key exclusively if nobody else holds it now.
    ///
    /// Never waits, not even in the queue, and therefore may be called while other keys are held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. A key that is taken is `Ok(None)`.
    pub fn try_lock(self) -> Result<Option<Guard>, Error> {
        lock::try_guard(self, Mode::Exclusive)
    }

    /// Holds this key together with other readers if no writer holds it now.
    ///
    /// Never waits, not even behind a writer that waits, and therefore may be called while other keys
    /// are held.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used. A key that is taken is `Ok(None)`.
    pub fn try_lock_shared(self) -> Result<Option<Guard>, Error> {
        lock::try_guard(self, Mode::Shared)
    }

    /// Encodes the name as a file name, injectively even where file names ignore case.
    pub(crate) fn file_name(self) -> String {
        let mut encoded = String::with_capacity(self.checked.len() + 2);
        encoded.push_str("k-");
        for byte in self.checked.bytes() {
            if byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_') {
                encoded.push(char::from(byte));
            } else {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    encoded.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
                }
            }
        }
        encoded
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({:?})", self.checked)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.checked)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, LONGEST};

    #[test]
    fn file_names_are_injective_and_portable() {
        let names = [
            "tcp", "TCP", "Tcp", "t/cp", "t%2fcp", "t.cp", "ü", "a b", "con", "..",
        ];
        let mut encoded: Vec<_> = names
            .iter()
            .map(|name| Key::intern(name).expect("a valid key").file_name())
            .collect();
        for name in &encoded {
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_%".contains(&b)),
                "{name} is not portable"
            );
        }
        encoded.sort();
        encoded.dedup();
        assert_eq!(encoded.len(), names.len());
        assert_eq!(Key::new("t/CP").file_name(), "k-t%2f%43%50");
    }

    #[test]
    fn the_longest_key_fits_into_a_file_name() {
        let name = "Ü".repeat(LONGEST / 2);
        let key = Key::intern(&name).expect("a key of 80 bytes");
        assert!(key.file_name().len() + ".s4294967295".len() <= 255);
    }

    #[test]
    fn bad_names_say_why() {
        let message = |name: &str| Key::intern(name).expect_err("a bad key").to_string();
        assert_eq!(
            message(""),
            "failed to use \"\" as a key, because it is empty"
        );
        assert_eq!(
            message("a\nb"),
            "failed to use \"a\\nb\" as a key, because it has a control character"
        );
        assert!(message(&"x".repeat(81)).ends_with("because it is longer than 80 bytes"));
    }

    #[test]
    fn interning_stores_a_name_once() {
        let first = Key::intern("interned-once").expect("a valid key");
        let second = Key::intern("interned-once").expect("a valid key");
        assert!(std::ptr::eq(first.name(), second.name()));
        assert_eq!(first, Key::new("interned-once"));
    }
}
