//! Where the statements of an SQL file begin and end.
//!
//! The server splits a file by itself. This is for the line of a failed statement, and for files
//! whose statements must not share a transaction.

use std::ops::Range;

/// The ranges of all statements that are not empty.
pub(crate) fn statements(sql: &str) -> Vec<Range<usize>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let (mut begin, mut at) = (None, 0);
    // The body of an SQL function since PostgreSQL 14 contains semicolons: BEGIN ATOMIC … END.
    let mut depth = 0_u32;
    while at < bytes.len() {
        let rest = &sql[at..];
        let (length, is_blank) = token(rest);
        if depth == 0 && rest.starts_with(';') {
            found.extend(begin.take().map(|begin| begin..at));
        } else if !is_blank {
            begin.get_or_insert(at);
        }
        let word = &rest[..length];
        if depth > 0 && word.eq_ignore_ascii_case("case") {
            depth += 1;
        } else if depth > 0 && word.eq_ignore_ascii_case("end") {
            depth -= 1;
        } else if word.eq_ignore_ascii_case("atomic") {
            depth += 1;
        }
        at += length;
    }
    found.extend(begin.map(|begin| begin..bytes.len()));
    found
}

/// The words, texts and signs of a statement, without white space and comments.
pub(crate) fn words(sql: &str) -> impl Iterator<Item = &str> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (length, is_blank) = token(rest);
            let (word, after) = rest.split_at(length);
            rest = after;
            if !is_blank {
                return Some(word);
            }
        }
        None
    })
}

/// The length of the first token, and whether it is blank: white space or a comment.
fn token(rest: &str) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let first = rest.chars().next().unwrap_or(' ');
    if first.is_whitespace() {
        return (first.len_utf8(), true);
    }
    if rest.starts_with("--") {
        return (rest.find('\n').unwrap_or(rest.len()), true);
    }
    if rest.starts_with("/*") {
        return (block_comment(bytes), true);
    }
    let length = match first {
        '\'' | '"' => quoted(bytes, 0, false),
        'e' | 'E' if bytes.get(1) == Some(&b'\'') => quoted(bytes, 1, true),
        '$' => dollar_quoted(rest).unwrap_or(1),
        _ if is_of_word(first) => rest
            .find(|one: char| !is_of_word(one) && one != '$')
            .unwrap_or(rest.len()),
        _ => first.len_utf8(),
    };
    (length, false)
}

fn is_of_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

/// The length of a comment, which may contain others.
fn block_comment(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

/// The length of a text or a name whose quote is at `open`.
fn quoted(bytes: &[u8], open: usize, has_escapes: bool) -> usize {
    let quote = bytes[open];
    let mut at = open + 1;
    while at < bytes.len() {
        if has_escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// The length of a text between `$tag$` and `$tag$`. `None` if there is no tag.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let length = rest[1..].find('$')? + 2;
    let tag = &rest[..length];
    let inner = &tag[1..length - 1];
    let starts_well = !inner.starts_with(|one: char| one.is_ascii_digit());
    if !starts_well || !inner.chars().all(is_of_word) {
        return None;
    }
    let end = rest[length..].find(tag);
    Some(end.map_or(rest.len(), |end| end + 2 * length))
}

/// The number of the line, from one, with this byte.
pub(crate) fn line_of(sql: &str, at: usize) -> usize {
    let before = sql.get(..at).unwrap_or(sql);
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{line_of, statements};

    fn split(sql: &str) -> Vec<&str> {
        statements(sql)
            .into_iter()
            .map(|range| &sql[range])
            .collect()
    }

    #[test]
    fn only_semicolons_between_statements_count() {
        assert_eq!(split(" ; -- a;\n/* b; /* c; */ ; */ ;"), [] as [&str; 0]);
        assert_eq!(split("SELECT 1;\n\nSELECT 2"), ["SELECT 1", "SELECT 2"]);
        for one in [
            "SELECT 'a;''b;'",
            r"SELECT E'a\';b'",
            r#"SELECT "a;""b;""#,
            "SELECT $$a;$b;$$",
            "DO $body$ BEGIN; $$;$$ END; $body$",
            "SELECT $1, a$b;$c".split(';').next().unwrap(),
            "SELECT 1 -- a;\n + 1",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        ] {
            assert_eq!(split(&format!("{one}; COMMIT;")), [one, "COMMIT"]);
        }
    }

    #[test]
    fn what_is_never_closed_extends_to_the_end() {
        for one in [
            "SELECT 'a;",
            "SELECT $$a;",
            "SELECT \"a;",
            "SELECT E'a\\",
            "SELECT 1 /* a;",
        ] {
            assert_eq!(split(one), [one]);
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(
            ["a", "\na", "\n\n\na"].map(|sql| line_of(sql, sql.len() - 1)),
            [1, 2, 4]
        );
    }
}
