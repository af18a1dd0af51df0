//! The locks that an attribute requests, and their keys.

use std::env;
use std::path::Path;
use std::sync::OnceLock;

use isolated_test_core::{Error, Key};

/// One lock of an attribute. The text is the key, which is empty if none is given, or the path of a
/// file.
#[derive(Debug, Clone, Copy)]
pub enum Claim {
    /// `serial`.
    Serial(&'static str),
    /// `parallel`.
    Parallel(&'static str),
    /// `file_serial`.
    FileSerial(&'static str),
    /// `file_parallel`.
    FileParallel(&'static str),
    /// `file_serial` with a path.
    SerialAt(&'static str),
    /// `file_parallel` with a path.
    ParallelAt(&'static str),
}

/// How a key is held. The variants are ordered by strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Shared,
    Exclusive,
}

/// The package whose keys this process uses. Set when the first key is needed.
static PACKAGE: OnceLock<String> = OnceLock::new();

/// Maximum lengths of a key's name and scope in bytes. Together they are the maximum length of a key.
const LONGEST_NAME: usize = 48;
const LONGEST_SCOPE: usize = 32;

/// The key of `serial` and `parallel`, which belongs to the package.
///
/// The whole process uses the keys of one package, so that a helper from another crate uses the same
/// keys as the tests that call it. A crate compiled as a test knows its package. Any other crate learns
/// from Cargo or nextest which package is being tested.
pub(crate) fn key_of_package(
    name: &str,
    is_tested: bool,
    compiled: Option<&str>,
) -> Result<Key, Error> {
    let package = PACKAGE.get_or_init(|| {
        let told = || env::var("CARGO_PKG_NAME").ok();
        let compiled = compiled.map(str::to_owned);
        let package = if is_tested {
            compiled.or_else(told)
        } else {
            told().or(compiled)
        };
        let package = package.filter(|package| !package.is_empty());
        shortened(
            &package.unwrap_or_else(|| "no package".to_owned()),
            LONGEST_SCOPE,
        )
    });
    named(name).map(|key| key.scoped(package))
}

/// The key of `serial` and `parallel`, if any has been used.
pub(crate) fn used_key_of_package(name: &str) -> Option<Key> {
    let package = PACKAGE.get()?;
    named(name).ok().map(|key| key.scoped(package))
}

/// The key of `file_serial` and `file_parallel`, which belongs to no package.
pub(crate) fn key_of_all(name: &str) -> Result<Key, Error> {
    named(name)
}

/// The key of the file at an absolute path.
pub(crate) fn key_of_file(path: &Path) -> Result<Key, Error> {
    // Scoped, because a quoted key that looks like a path locks no file.
    let key = Key::intern(&shortened(&path.to_string_lossy(), LONGEST_NAME))?;
    Ok(key.scoped("path"))
}

fn named(name: &str) -> Result<Key, Error> {
    match name {
        "" => Ok(Key::DEFAULT),
        // Must differ from the key of an attribute without one.
        name if name == Key::DEFAULT.name() => Key::intern("`default`"),
        name => Key::intern(&shortened(name, LONGEST_NAME)),
    }
}

/// Shortens a text that is too long to a hash and its end, and replaces characters that keys cannot
/// contain.
fn shortened(text: &str, longest: usize) -> String {
    let is_clean = !text.contains(|letter: char| letter.is_ascii_control());
    if text.len() <= longest && is_clean {
        return text.to_owned();
    }
    let mut begin = text.len().saturating_sub(longest - 17);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    let end = text[begin..].replace(|letter: char| letter.is_ascii_control(), "?");
    format!("{:016x}~{end}", number(text))
}

/// A hash that does not depend on the compiler (FNV-1a).
fn number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_NAME, LONGEST_SCOPE, key_of_all, number, shortened};

    #[test]
    fn a_long_name_stays_distinct_and_short_enough() {
        let [one, two] = ["a", "b"].map(|first| first.to_owned() + &"ü".repeat(60));
        let [short_one, short_two] = [&one, &two].map(|name| shortened(name, LONGEST_NAME));
        assert_ne!(short_one, short_two);
        assert!(short_one.len() <= LONGEST_NAME, "{short_one}");
        assert!(shortened(&one, LONGEST_SCOPE).len() <= LONGEST_SCOPE);
        assert_eq!(shortened("tcp", LONGEST_NAME), "tcp");
        assert!(key_of_all("a\tb").is_ok());
    }

    #[test]
    fn the_number_of_a_text_is_the_published_one() {
        assert_eq!(number(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(number("a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn a_key_that_is_called_default_is_not_the_one_without_a_name() {
        assert_ne!(key_of_all("default").unwrap(), key_of_all("").unwrap());
    }
}
