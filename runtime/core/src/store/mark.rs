//! How one process finds a test or guard of another one.

use std::fmt;
use std::sync::Arc;

/// A test or guard, as other processes can find it: its record, its block there, and since when.
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

    /// Reads a mark. Names that are no file names here mean nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (record, block, since) = (parts.next()?, parts.next()?, parts.next()?);
        let is_name = !record.is_empty() && record.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_whole = parts.next().is_none();
        let mark = Mark::new(record, block.parse().ok()?, since.parse().ok()?);
        (is_name && is_whole).then_some(mark)
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
        let Mark {
            record,
            block,
            since,
        } = self;
        write!(formatter, "{record}:{block}:{since}")
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

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
