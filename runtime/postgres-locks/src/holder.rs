//! How a session describes itself to others: in a comment, with which all of its statements begin.

use std::fmt::Write;

use isolated_test_postgres_wire::percent;

/// A test that holds locks or waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// The name of the test.
    pub test: String,
    /// The name of its machine.
    pub machine: String,
    /// The process on that machine.
    pub process: u32,
    /// The package and the source location.
    pub place: String,
}

/// The beginning of each comment.
const BEGINNING: &str = "/*isolated-test 1";

/// The longest text of each kind, in bytes as written. `pg_stat_activity` shows 1,024 bytes of a statement,
/// and what remains belongs to the keys.
const LONGEST: usize = 240;

impl Holder {
    /// The comment for a session that uses these keys.
    pub(crate) fn comment<'k>(&self, keys: impl Iterator<Item = &'k str>) -> String {
        let mut text = BEGINNING.to_owned();
        let process = self.process.to_string();
        for (name, value) in [
            ("machine", &self.machine),
            ("process", &process),
            ("test", &self.test),
            ("place", &self.place),
        ] {
            let _ = write!(text, " {name}=");
            push(&mut text, value, LONGEST);
        }
        for key in keys {
            text.push_str(" key=");
            push(&mut text, key, usize::MAX);
        }
        text.push_str(" */ ");
        text
    }

    /// Reads the comment of a statement. Also returns the keys, without one that was cut off.
    pub(crate) fn parse(statement: &str) -> Option<(Self, Vec<String>)> {
        let rest = statement.strip_prefix(BEGINNING)?.strip_prefix(' ')?;
        let (mut holder, mut keys) = (Holder::default(), Vec::new());
        let is_whole = rest.contains("*/");
        let mut words = rest.split(' ').take_while(|word| *word != "*/").peekable();
        while let Some(word) = words.next() {
            let Some((name, value)) = word.split_once('=') else {
                continue;
            };
            // Another program may write such comments.
            let value = percent::decode(value).unwrap_or_else(|_| value.to_owned());
            match name {
                "machine" => holder.machine = value,
                "process" => holder.process = value.parse().unwrap_or(0),
                "test" => holder.test = value,
                "place" => holder.place = value,
                "key" if is_whole || words.peek().is_some() => keys.push(value),
                _ => {}
            }
        }
        Some((holder, keys))
    }
}

/// Adds a text in letters that every encoding of a database has, and that end no comment.
fn push(text: &mut String, value: &str, longest: usize) {
    let end = text.len().saturating_add(longest);
    for character in value.chars() {
        let word = percent::encode(character.encode_utf8(&mut [0; 4]), b"-._:,/");
        if text.len() + word.len() > end {
            return;
        }
        text.push_str(&word);
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    fn holder() -> Holder {
        Holder {
            test: "shop::größer::*/ DROP".to_owned(),
            machine: "build 7".to_owned(),
            process: 42,
            place: "package shop, src/a=b.rs:1".to_owned(),
        }
    }

    #[test]
    fn a_comment_is_read_as_it_is_written() {
        let keys = ["staging", "a b\tshop"];
        let comment = holder().comment(keys.into_iter());
        assert!(comment.is_ascii(), "{comment}");
        assert_eq!(comment.matches("*/").count(), 1, "{comment}");
        let (read, found) = Holder::parse(&format!("{comment}SELECT 1")).unwrap();
        assert_eq!((read, &*found), (holder(), &keys.map(str::to_owned)[..]));
        assert_eq!(Holder::parse("SELECT 1"), None);
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        let long = Holder {
            test: "ü".repeat(1000),
            place: "x".repeat(1000),
            ..holder()
        };
        let key = "k".repeat(80);
        let keys: Vec<_> = std::iter::repeat_n(&*key, 9).collect();
        let comment = long.comment(keys.into_iter());
        let (read, found) = Holder::parse(&comment[..1023]).unwrap();
        assert_eq!(read.test, "ü".repeat(40));
        assert_eq!((read.process, read.place.len()), (42, 240));
        assert!(
            found.len() >= 4 && found.iter().all(|one| *one == key),
            "{found:?}"
        );
    }
}
