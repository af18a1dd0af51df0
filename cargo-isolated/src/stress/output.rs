//! Reads the output of one run of the suite: a result for every test that should have run, whatever
//! the runner printed.

use super::expected::{Expected, Runner, TestId};
use super::results::{Ended, How, Outcome, Results, tail};
use super::{libtest, nextest};

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
