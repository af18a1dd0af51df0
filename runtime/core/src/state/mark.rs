//! How one process finds a test or guard of another process.

use std::fmt;
use std::sync::Arc;

/// Identifies a test or guard to other processes: its record, its block there, and when it took the
/// block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    record: Arc<str>,
    block: usize,
    since: u64,
}

impl Mark {
    pub(crate) fn new(record: impl Into<Arc<str>>, block: usize, since: u64) -> Self {
        Mark {
            record: record.into(),
            block,
            since,
        }
    }

    /// Parses a mark. A record name that cannot be a file name of ours is rejected.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (record, rest) = text.split_once(':')?;
        let (block, since) = rest.split_once(':')?;
        let is_name = !record.is_empty() && record.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let mark = Mark::new(record, block.parse().ok()?, since.parse().ok()?);
        is_name.then_some(mark)
    }

    pub(crate) fn record(&self) -> &str {
        &self.record
    }

    pub(crate) fn block(&self) -> usize {
        self.block
    }

    pub(crate) fn since(&self) -> u64 {
        self.since
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.record, self.block, self.since)
    }
}

/// How a test or guard belongs to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tie {
    /// A test acts for the test that has called it or started its program.
    For(Mark),
    /// A guard is part of the test for which it was acquired, or of the first guard of its thread.
    Of(Mark),
}

impl Tie {
    /// Parses a line of a record.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        match line.split_once(' ')? {
            ("for", mark) => Mark::parse(mark).map(Tie::For),
            ("of", mark) => Mark::parse(mark).map(Tie::Of),
            _ => None,
        }
    }

    pub(crate) fn mark(&self) -> &Mark {
        match self {
            Tie::For(mark) | Tie::Of(mark) => mark,
        }
    }
}

/// Displays the tie as written into a record: `for g69cc0:3:1795288470360`.
impl fmt::Display for Tie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tie::For(mark) => write!(formatter, "for {mark}"),
            Tie::Of(mark) => write!(formatter, "of {mark}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, Tie};

    #[test]
    fn a_tie_is_read_as_it_is_written() {
        let mark = || Mark::new("g69cc0", 3, 17);
        for tie in [Tie::For(mark()), Tie::Of(mark())] {
            assert_eq!(Tie::parse(&tie.to_string()), Some(tie));
        }
        for line in ["for", "for x", "by g69cc0:3:17", "test"] {
            assert_eq!(Tie::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        let mark = Mark::new("g69cc0", 3, 1_795_288_470_360);
        assert_eq!(mark.to_string(), "g69cc0:3:1795288470360");
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        for text in [
            "", "g69cc0", "g69cc0:3", "../x:3:1", ":3:1", "a:b:1", "a:3:b", "a:3:1:0",
        ] {
            assert_eq!(Mark::parse(text), None, "{text}");
        }
    }
}
