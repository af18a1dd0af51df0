//! The results of one run of the suite.

use std::collections::BTreeMap;

use crate::stress::expected::TestId;

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(Failure),
}

/// The failure of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One line that stays the same as long as the cause is likely the same.
    pub(crate) mode: String,
    /// Everything known about the failure.
    pub(crate) output: String,
}

impl Outcome {
    pub(crate) fn failed(mode: impl Into<String>, output: impl Into<String>) -> Self {
        Self::Failed(Failure {
            mode: mode.into(),
            output: output.into(),
        })
    }

    pub(crate) fn is_failure(&self) -> bool {
        *self != Self::Passed
    }
}

/// The end and the output of a run of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: How,
    /// Standard output and standard error, interleaved.
    pub(crate) output: String,
}

/// The end of a run of the suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    Well,
    /// The exit status, in words that follow "ended with".
    Badly(String),
    /// It was stopped because it made no progress for this many seconds.
    Hung(u64),
    /// It was stopped together with the command.
    CutOff,
}

pub(crate) type Results = BTreeMap<TestId, Outcome>;

/// The last 64 KiB of an output, because all of it may be too long to keep for many tests.
pub(crate) fn tail(output: &str) -> String {
    const MOST: usize = 64 << 10;
    let mut start = output.len().saturating_sub(MOST);
    while !output.is_char_boundary(start) {
        start += 1;
    }
    output[start..].to_owned()
}
