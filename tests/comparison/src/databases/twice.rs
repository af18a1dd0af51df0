//! Two runs of one suite at the same time, as in two checkouts.

use std::process::Command;

use super::{ISOLATED, SQLX, Suites};
use crate::rows::Row;
use crate::{Result, progress};

const CASE: &str = "failures, 20 tests in two runs at once";

/// Ten tests of the suite.
const TESTS: &str = "a::";

/// A shell with this script runs its arguments twice at the same time, however they end.
const TWICE: &str = "\"$0\" \"$@\" & \"$0\" \"$@\"; wait";

impl Suites {
    /// Counts the tests that fail in two runs on one server.
    pub(super) fn run_twice(&self, rounds: u32, rows: &mut Vec<Row>) -> Result<()> {
        for round in 0..rounds {
            let number = round + 1;
            progress::say(&format!("databases: {CASE}, round {number} of {rounds}"));
            for way in [SQLX, ISOLATED] {
                let tests = format!("{}::{TESTS}", way.module);
                let suite = self.in_one_process(way.package, &tests, 2);
                let mut twice = Command::new("sh");
                twice
                    .args(["-c", TWICE])
                    .arg(suite.get_program())
                    .args(suite.get_args());
                let output = self.with_server(way.server, twice)?.expect(way.method)?;
                let failed = failures(&output)
                    .ok_or_else(|| format!("a run has not ended as such:\n{output}"))?;
                rows.push(Row::new(CASE, way.method, round, f64::from(failed), ""));
            }
        }
        Ok(())
    }
}

/// The sum of two runs of ten tests. The holder is the third run.
fn failures(output: &str) -> Option<u32> {
    let numbers = |word: &str| {
        let lines = output
            .lines()
            .filter(|line| line.starts_with("test result: "));
        let numbers = lines.map(|line| line.split(word).next()?.rsplit(' ').next()?.parse().ok());
        numbers.collect::<Option<Vec<u32>>>()
    };
    let (passed, failed) = (numbers(" passed")?, numbers(" failed")?);
    let (passed, failed): (u32, u32) = (passed.iter().sum(), failed.iter().sum());
    (passed + failed == 21).then_some(failed)
}

#[cfg(test)]
mod tests {
    use super::failures;

    #[test]
    fn the_failures_of_both_runs_are_counted() {
        let line = |passed, failed| {
            format!("test result: ok. {passed} passed; {failed} failed; 0 ignored\n")
        };
        let whole = line(6, 4) + &line(8, 2) + &line(1, 0);
        assert_eq!(failures(&whole), Some(6));
        assert_eq!(failures(&(line(6, 4) + &line(1, 0))), None);
    }
}
