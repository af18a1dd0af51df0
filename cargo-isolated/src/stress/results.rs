//! The results of one run of the suite: one for every test that should have run, whatever the
//! runner printed.

use std::collections::BTreeMap;

use crate::stress::expected::{Expected, Runner, TestId};
use crate::stress::{libtest, nextest};

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(Failure),
}

/// How a test failed.
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

/// How a run of the suite ended, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: How,
    /// Standard output and standard error, interleaved.
    pub(crate) output: String,
}

/// How a run of the suite ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    Well,
    /// The exit status, in words that follow "ended with".
    Badly(String),
    /// It was ended because nothing had happened for this many seconds.
    Hung(u64),
    /// It was ended because the whole command was stopping.
    CutOff,
}

pub(crate) type Results = BTreeMap<TestId, Outcome>;

/// Parses one run of the suite. For a run that was cut off, only results that already exist count.
pub(crate) fn read(runner: Runner, suite: &Expected, ended: &Ended) -> Results {
    let mut results = match runner {
        Runner::Libtest => libtest::read(suite, ended),
        Runner::Nextest => nextest::read(suite, ended),
    };
    if ended.how == How::CutOff {
        return results;
    }
    for test in suite.of(runner) {
        results
            .entry(test)
            .or_insert_with(|| Outcome::failed(ended.lost(runner), tail(&ended.output)));
    }
    let failed = results.values().any(Outcome::is_failure);
    let whole = match &ended.how {
        How::Well if failed => Some("ended well although tests have failed".to_owned()),
        How::Badly(status) if !failed => {
            Some(format!("ended with {status} although no test has failed"))
        }
        How::Hung(seconds) if !failed => Some(format!(
            "did not end within {seconds} s after its last test"
        )),
        _ => None,
    };
    let whole = whole.map_or(Outcome::Passed, |mode| {
        Outcome::failed(mode, tail(&ended.output))
    });
    results.insert(TestId::whole(runner.name()), whole);
    results
}

impl Ended {
    /// The mode of a test without a result.
    fn lost(&self, runner: Runner) -> String {
        let runner = runner.name();
        match &self.how {
            How::Well | How::CutOff => format!("no result, although `{runner}` ended well"),
            How::Badly(status) => format!("no result: `{runner}` ended with {status}"),
            How::Hung(seconds) => format!("no result: nothing happened for {seconds} s"),
        }
    }
}

/// The last 64 KiB of an output, because all of it may be too long to keep for many tests.
pub(crate) fn tail(output: &str) -> String {
    const MOST: usize = 64 << 10;
    let mut start = output.len().saturating_sub(MOST);
    while !output.is_char_boundary(start) {
        start += 1;
    }
    output[start..].to_owned()
}
