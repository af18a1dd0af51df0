//! Keys: the names of what tests must not use at the same time.

use std::fmt;
use std::sync::Mutex;

use crate::error::{Error, ErrorKind};
use crate::mutex::lock;

/// The longest name of a key, in bytes.
///
/// Encoding a name makes it at most three times as long, and file names have at most 255 bytes.
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
/// Helpers, build scripts and other programs can join in by acquiring the lock themselves:
///
/// ```
/// # fn main() -> Result<(), isolated_test::Error> {
/// use isolated_test::Key;
///
/// let guard = Key::new("doc-schema").lock()?;
/// // No isolated test with `serial = "doc-schema"` runs here.
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
    /// The first field, so that internal keys sort after all others.
    pub(super) is_internal: bool,
    /// The next field, so that these sort after all other internal keys.
    is_last: bool,
    /// The next field, so that these sort after all other ordinary keys.
    is_across_machines: bool,
    name: &'static str,
    /// Empty without one.
    scope: &'static str,
}

impl Key {
    /// The key of `serial` and `shared` without a value.
    pub const DEFAULT: Key = Key::new("default");

    /// Creates the key of this name.
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, when the name is empty, is longer than 80 bytes, or
    /// contains a control character.
    #[must_use]
    pub const fn new(name: &'static str) -> Key {
        check(name);
        Key::checked(name)
    }

    /// Names a key by a text that the attribute has checked.
    pub(super) const fn checked(name: &'static str) -> Key {
        Key {
            is_internal: false,
            is_last: false,
            is_across_machines: false,
            name,
            scope: "",
        }
    }

    /// Creates a key that is the same lock on all machines: for something that they share, such as a staging
    /// environment.
    ///
    /// The lock is kept by the PostgreSQL server that `ISOLATED_LOCKS` names. This needs the feature
    /// `machines` and a Unix system; without them, and without the variable, the lock is refused. It is a
    /// different lock from the key of that name on this machine. [The
    /// guide](https://github.com/isolated-test/isolated-test/blob/main/docs/guide/machines.md) has more.
    ///
    /// A test that names such a key runs in a subprocess. If its lock is lost, because the connection to the
    /// server is, the test is ended and fails.
    ///
    /// ```
    /// use isolated_test::Key;
    ///
    /// const STAGING: Key = Key::across_machines("staging");
    ///
    /// // Above a test: #[isolated(serial = STAGING)]
    /// assert_ne!(STAGING, Key::new("staging"));
    /// ```
    ///
    /// # When the process dies
    ///
    /// The server releases the lock once no process of the test is left; when the machine or the network
    /// dies, about ten seconds later.
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, in the same cases as [`new`](Key::new).
    #[must_use]
    pub const fn across_machines(name: &'static str) -> Key {
        Key {
            is_across_machines: true,
            ..Key::new(name)
        }
    }

    /// Puts the key into a scope, such as a package. Keys of different scopes are different locks.
    ///
    /// All projects of a user share their keys, so that they can lock what they all use. Scope the
    /// key of something that each project has for itself. Otherwise unrelated projects wait for
    /// each other:
    ///
    /// ```rust,test_harness
    /// use isolated_test::{Key, isolated};
    ///
    /// const DB: Key = Key::new("db").scoped(env!("CARGO_PKG_NAME"));
    ///
    /// #[isolated(serial = DB)]
    /// #[test]
    /// fn migrates() {
    ///     assert_ne!(DB, Key::new("db"));
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, when the scope is not a valid name, when scope and
    /// name together are longer than 80 bytes, or when the key already has a scope.
    #[must_use]
    pub const fn scoped(self, scope: &'static str) -> Key {
        check(scope);
        assert!(
            self.scope.is_empty(),
            "the key has a scope already; write one `scoped`"
        );
        assert!(
            self.name.len() + scope.len() <= LONGEST,
            "a key and its scope are at most 80 bytes long together; shorten one"
        );
        Key { scope, ..self }
    }

    /// Creates a key at run time, for names that are built from paths or numbers.
    ///
    /// Each distinct name is stored once and stays in memory until the process ends.
    ///
    /// # Errors
    ///
    /// Fails when the name is empty, is longer than 80 bytes, or contains a control character.
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
        let mut names = lock(&NAMES);
        if let Some(known) = names.iter().find(|known| **known == name) {
            return Ok(Key::new(known));
        }
        let stored: &'static str = Box::leak(name.into());
        names.push(stored);
        Ok(Key::new(stored))
    }

    /// Returns the internal key of this name, for a [`Resource`](crate::Resource) that acquires a
    /// lock while it is provisioned or released.
    ///
    /// It is a different lock from the ordinary key of that name and comes after all ordinary keys
    /// in the order of locks. So a resource can lock it whichever ordinary keys the test holds.
    /// While it is held, waiting for an ordinary key is refused. Internal keys are ordered by name.
    /// An attribute cannot name one.
    ///
    /// # Panics
    ///
    /// Panics, at compile time in a constant, for a key [across machines](Key::across_machines).
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{BoxError, Current, Key, Resource, isolated};
    ///
    /// const SCHEMA: Key = Key::new("schema").internal();
    ///
    /// struct Table;
    ///
    /// impl Resource for Table {
    ///     type Handle = String;
    ///
    ///     fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
    ///         let _guard = SCHEMA.lock()?;
    ///         // CREATE TABLE ..., which only one test may do at a time.
    ///         Ok(format!("orders_{}", test.namespace()))
    ///     }
    /// }
    ///
    /// #[isolated(namespace, serial = "warehouse", table = Table)]
    /// #[test]
    /// fn stores_orders(table: &String) {
    ///     assert!(table.starts_with("orders_t"));
    /// }
    /// ```
    #[must_use]
    pub const fn internal(self) -> Key {
        assert!(
            !self.is_across_machines,
            "a key across machines cannot be internal; name it in the attribute of the test"
        );
        Key {
            is_internal: true,
            ..self
        }
    }

    /// The same as an internal key that comes after all others in the order of locks. Its holder waits
    /// for no other key.
    #[cfg(unix)]
    pub(crate) const fn last(self) -> Key {
        Key {
            is_internal: true,
            is_last: true,
            ..self
        }
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns the scope, if the key was [`scoped`](Key::scoped).
    #[must_use]
    pub const fn scope(self) -> Option<&'static str> {
        if self.scope.is_empty() {
            None
        } else {
            Some(self.scope)
        }
    }

    /// Whether it is the same lock on all machines.
    pub(crate) fn is_across_machines(self) -> bool {
        self.is_across_machines
    }

    /// The key as written in records: its name and, after a tab, its scope. Neither contains a
    /// control character.
    pub(crate) fn recorded(self) -> String {
        let mut text = String::new();
        self.push_recorded(&mut text);
        text
    }

    /// Adds the key as written in records.
    pub(crate) fn push_recorded(self, text: &mut String) {
        text.push_str(self.name());
        if let Some(scope) = self.scope() {
            text.push('\t');
            text.push_str(scope);
        }
    }

    /// Encodes the key as a file name, injectively even where file names ignore case.
    pub(crate) fn file_name(self) -> String {
        let mut encoded = String::with_capacity(self.name.len() + 2);
        encoded.push_str(if self.is_internal { "i-" } else { "k-" });
        encode(self.name, &mut encoded);
        if let Some(scope) = self.scope() {
            // The encoding of a name never contains `@`.
            encoded.push('@');
            encode(scope, &mut encoded);
        }
        encoded
    }
}

/// The words that messages add to a key across machines.
pub(crate) const ACROSS: &str = " across machines";

/// Panics if a key cannot have this name.
const fn check(name: &str) {
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
}

/// Formats a recorded key for messages: `"db"`, or `"db" of "shop"`.
pub(crate) fn quoted(recorded: &str) -> String {
    match recorded.split_once('\t') {
        None => format!("{recorded:?}"),
        Some((name, scope)) => format!("{name:?} of {scope:?}"),
    }
}

/// Appends the encoding of a name to a file name.
fn encode(name: &str, encoded: &mut String) {
    for byte in name.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let internal = if self.is_internal { "internal " } else { "" };
        let key = quoted(&self.recorded());
        let across = if self.is_across_machines { ACROSS } else { "" };
        write!(formatter, "Key({internal}{key}{across})")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)?;
        match self.scope() {
            None => Ok(()),
            Some(scope) => write!(formatter, " of {scope}"),
        }
    }
}

#[cfg(test)]
mod tests;
