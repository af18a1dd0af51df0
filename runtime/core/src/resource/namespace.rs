//! Unique names.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::random;

/// The length of a namespace, in bytes.
const LENGTH: usize = 26;

/// A name that is unique on this machine, now and later.
///
/// The name is 26 bytes long: a `t`, followed by lowercase letters and digits. It is valid as an
/// unquoted SQL identifier, DNS label, file name, topic, bucket or schema name, even where case is
/// ignored. It leaves room for your own prefix or suffix within the 63 bytes that PostgreSQL and
/// DNS allow. It carries 122 random bits from the operating system.
///
/// # When the process dies
///
/// No test gets the name again, so nothing collides with what was left under it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    name: Arc<str>,
}

impl Namespace {
    /// Creates a new name.
    pub(crate) fn new() -> Self {
        Namespace {
            name: format!("t{}", random::digits(random::bits(), LENGTH - 1)).into(),
        }
    }

    /// Takes over a name that another process created.
    pub(crate) fn given(name: &str) -> Self {
        Namespace { name: name.into() }
    }

    /// Returns the name as a string slice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl AsRef<str> for Namespace {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.name)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Namespace({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{LENGTH, Namespace};

    #[test]
    fn names_have_the_documented_form() {
        for _ in 0..1000 {
            let name = Namespace::new();
            assert_eq!(name.len(), LENGTH);
            assert!(name.starts_with('t'));
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                "{name}"
            );
        }
    }

    #[test]
    fn the_form_holds_122_bits() {
        // 36^25 > 2^128, so no digit is cut off.
        assert!(25.0 * 36_f64.log2() > 128.0);
    }

    #[test]
    fn names_differ() {
        let names: HashSet<_> = (0..10_000).map(|_| Namespace::new()).collect();
        assert_eq!(names.len(), 10_000);
    }
}
