//! The lines that nextest prints about tests.

/// The statuses of a passed test, including one that left processes behind.
const PASSED: [&str; 2] = ["PASS", "LEAK"];

/// The statuses of a test that is still running.
const RUNNING: [&str; 3] = ["SLOW", "TERMINATING", "TERMINATN"];

/// A line such as `PASS [   0.005s] ( 1/14) package::binary module::name`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'l> {
    pub(crate) status: &'l str,
    pub(crate) binary: &'l str,
    pub(crate) name: &'l str,
}

impl<'l> Line<'l> {
    /// Parses a line. A test may print one of the same form, so it counts only if the caller knows the
    /// test.
    pub(crate) fn parse(line: &'l str) -> Option<Self> {
        let (status, rest) = line.trim_start().split_once(" [")?;
        let is_status = status.starts_with(|c: char| c.is_ascii_uppercase());
        let (_, rest) = rest.split_once("] ")?;
        let rest = match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(") ")?.1,
            None => rest,
        };
        let (binary, name) = rest.trim_start().split_once(' ')?;
        is_status.then(|| Self {
            status: status.trim(),
            binary,
            name,
        })
    }

    /// Whether the test has no result yet.
    pub(crate) fn is_running(&self) -> bool {
        RUNNING.contains(&self.status)
    }

    pub(crate) fn has_passed(&self) -> bool {
        PASSED.contains(&self.status)
    }
}
