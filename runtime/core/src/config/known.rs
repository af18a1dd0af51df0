//! The names of our variables, and the nearest one to an unknown name.

use std::ffi::OsString;

use super::{CLOCK, HOST_DIR, OWNER, SANDBOX};

/// The expected value of a variable for a directory.
const PATH: &str = "an absolute path";

/// The expected value of a variable for a time.
const TIME: &str = "a time above zero such as `90s`, `10m` or `500ms`";

/// All our variables that users may set, each with the expected value.
const KNOWN: [(&str, &str); 15] = [
    ("ISOLATED_DIR", PATH),
    ("ISOLATED_FLAKY", "`pass` or `fail`"),
    ("ISOLATED_KEEP", "`never`, `failure` or `always`"),
    ("ISOLATED_LINGER", TIME),
    (
        "ISOLATED_LOCKS",
        "the URL of a database such as `postgres://user:password@host/database`",
    ),
    ("ISOLATED_LOCK_TIMEOUT", TIME),
    (
        "ISOLATED_POSTGRES",
        "the URL of a server such as `postgres://user:password@host`",
    ),
    (
        "ISOLATED_POSTGRES_BIN",
        "the directory of `postgres` and `initdb`",
    ),
    ("ISOLATED_PROCESS", "`on` or `off`"),
    ("ISOLATED_REPEAT", "a whole number above zero such as `100`"),
    ("ISOLATED_RETRIES", "a whole number from `0` to `100`"),
    (
        "ISOLATED_SEED",
        "a whole number below 2^64 such as `42` or `0x2a`",
    ),
    (
        "ISOLATED_TIMEOUT_SCALE",
        "a number above zero such as `10` or `1.5`",
    ),
    ("ISOLATED_TRACE", PATH),
    ("ISOLATED_WAIT_NOTICE", TIME),
];

/// The prefix of the names of our variables.
pub(crate) const PREFIX: &str = "ISOLATED_";

/// The expected value of a variable.
pub(super) fn expected(name: &str) -> &'static str {
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, expected)| expected)
}

/// Refuses unknown variables that have our prefix; an empty value counts as unset.
pub(super) fn refuse_unknown(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(), String> {
    for (name, value) in variables {
        // Nearly all variables are not ours, and every subprocess of a test checks them all.
        if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let name = name.to_string_lossy();
        let is_internal = [OWNER, CLOCK, HOST_DIR, SANDBOX].contains(&&*name);
        if !value.is_empty() && !is_internal && known().all(|known| known != name) {
            let way_out = match nearest(&name) {
                Some(known) => format!("a similar variable exists: `{known}`"),
                None => format!("expected one of {}", list()),
            };
            return Err(format!(
                "read the variable `{name}`: it is unknown; {way_out}"
            ));
        }
    }
    Ok(())
}

/// The names that users may set.
fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().map(|(name, _)| name)
}

fn list() -> String {
    let names: Vec<_> = known().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Returns the variable most similar to a name, if at least half of the characters match.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix(PREFIX)?.to_ascii_uppercase();
    let ends = known().filter_map(|known| Some((known.strip_prefix(PREFIX)?, known)));
    let by_distance = ends.map(|(end, known)| (distance(&name, end), end, known));
    let (distance, end, nearest) = by_distance.min()?;
    (distance * 2 <= name.len().max(end.len())).then_some(nearest)
}

/// The number of characters to insert, remove or replace to turn one text into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, character) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, another) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *another);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, refuse_unknown};

    fn refused(name: &str, value: &str) -> Option<String> {
        let variable = (name.into(), value.into());
        refuse_unknown(std::iter::once(variable)).err()
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_nearest_name() {
        for (name, known) in [
            ("ISOLATED_RETRY", "ISOLATED_RETRIES"),
            ("ISOLATED_REPEATS", "ISOLATED_REPEAT"),
            ("ISOLATED_LOCKTIMEOUT", "ISOLATED_LOCK_TIMEOUT"),
            ("ISOLATED_dir", "ISOLATED_DIR"),
            ("ISOLATED_SEEDS", "ISOLATED_SEED"),
        ] {
            assert_eq!(
                refused(name, "1"),
                Some(format!(
                    "read the variable `{name}`: it is unknown; a similar variable exists: `{known}`"
                ))
            );
        }
        let text = refused("ISOLATED_TYPO", "1").unwrap();
        let list = "it is unknown; expected one of `ISOLATED_DIR`, `ISOLATED_FLAKY`, ";
        assert!(text.contains(list), "{text}");
        assert!(!text.contains("OWNER"), "{text}");
    }

    #[test]
    fn what_is_known_empty_or_not_ours_is_accepted() {
        for (name, value) in [
            ("ISOLATED_KEEP", "never"),
            ("ISOLATED_OWNER", "1"),
            ("ISOLATED_CLOCK", "/tmp/setting"),
            ("ISOLATED_SANDBOX", "1"),
            ("ISOLATED_TYPO", ""),
            ("ISOLATE", "1"),
            ("NOT_ISOLATED_DIR", "1"),
        ] {
            assert_eq!(refused(name, value), None, "{name}");
        }
    }

    #[test]
    fn distances_count_changed_characters() {
        for (one, other, changes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 2),
            ("RETRY", "RETRIES", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), changes, "{one} {other}");
            assert_eq!(distance(other, one), changes, "{other} {one}");
        }
    }
}
