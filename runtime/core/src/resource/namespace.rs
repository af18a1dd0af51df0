//! Names that nobody else has.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::random;

/// The length of a namespace, in bytes.
const LENGTH: usize = 26;

/// A name that is unique on this machine and in time.
///
/// It is 26 bytes long, begins with `t`, and the rest is lowercase letters and digits. So it is a
/// valid SQL identifier without quotes, DNS label, file name, topic, bucket and schema name, also
/// where case is ignored, and leaves room for a prefix or suffix of one's own within the 63 bytes
/// that PostgreSQL and DNS allow. It carries 122 random bits from the operating system.
///
/// # When the process dies
///
/// The name is never given out again, so what was left under it is never met.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    name: Arc<str>,
}

impl Namespace {
    /// Makes a new name.
    pub(crate) fn new() -> Self {
        Namespace {
            name: format!("t{}", random::digits(random::bits(), LENGTH - 1)).into(),
        }
    }

    /// Takes over a name that was made in another process.
    pub(crate) fn given(name: &str) -> Self {
        Namespace { name: name.into() }
    }

    /// Returns the name.
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
        // 36^25 > 2^128: no digit is cut off.
        assert!(25.0 * 36_f64.log2() > 128.0);
    }

    #[test]
    fn names_differ() {
        let names: HashSet<_> = (0..10_000).map(|_| Namespace::new()).collect();
        assert_eq!(names.len(), 10_000);
    }
}
