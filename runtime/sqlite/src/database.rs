//! The handle of a test.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use isolated_test_core::__private::Variable;

/// The database of a test: a file.
///
/// `rusqlite` and `sqlite3` open its [`path`](Database::path), and sqlx, diesel and sea-orm its
/// [`url`](Database::url).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Database {
    path: PathBuf,
    url: String,
}

impl Database {
    /// The database in a file.
    pub(crate) fn at(path: PathBuf) -> Result<Self, String> {
        let text = path
            .to_str()
            .ok_or_else(|| format!("the path `{}` is not UTF-8", path.display()))?;
        let url = format!("sqlite://{}", encode(text));
        Ok(Database { path, url })
    }

    /// Returns the path of the file, which exists.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the URL: `sqlite:///path/of/the/file`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Writes a path as a part of a URL.
fn encode(path: &str) -> String {
    use std::fmt::Write;

    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => encoded.push('/'),
            b'/' | b':' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

impl AsRef<Path> for Database {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// Writes the URL.
impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

/// For `env(DATABASE_URL = db)`.
impl Variable for Database {
    fn to_variable(&self) -> Option<OsString> {
        Some(OsString::from(&self.url))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Database({})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn a_url_has_no_character_with_another_meaning() {
        assert_eq!(encode("/dev/shm/a-1_b.sqlite"), "/dev/shm/a-1_b.sqlite");
        assert_eq!(encode("/50%/ü ?#"), "/50%25/%C3%BC%20%3F%23");
    }
}
