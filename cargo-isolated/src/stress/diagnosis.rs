//! The cause of a failure: the test itself, load, or another test.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::expected::TestId;
use super::options::Options;
use super::overlap::Overlaps;
use super::records::Record;
use super::throttle::{Throttle, Use};
use crate::bisect::{Prober, Rate, Way, cores_or_more};
use crate::interrupt;
use crate::statistics::{CONFIDENCE, clean_runs, lower_bound, upper_bound};
use crate::suite::Suite;

/// Number of failures that measure a rate well enough.
const ENOUGH: u64 = 5;
/// Number of reruns in each setting, unless fewer are allowed.
const LEAST: u64 = 10;
/// Maximum number of partners to try.
const PARTNERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// The cause of the failures of a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Cause {
    /// It fails by itself.
    Alone { alone: Rate },
    /// It fails alone on a throttled processor. At full speed it passes, or fails much less often.
    Load {
        alone: Rate,
        throttled: Rate,
        /// The share of a processor that it gets.
        part: f64,
    },
    /// It fails only beside other tests, each of which is enough.
    Beside { alone: Rate, partners: Vec<Partner> },
    /// It did not fail again in any of these settings.
    Unknown {
        alone: Rate,
        throttled: Option<Rate>,
        /// Number of partners that were tried.
        partners: usize,
    },
}

/// A test beside which another one fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Partner {
    pub(crate) binary: String,
    pub(crate) name: String,
    pub(crate) rate: Rate,
}

/// Runs a test that failed alone, then throttled, then beside those that overlapped with failures.
pub(crate) fn diagnose(
    suite: &Suite,
    options: &Options,
    overlaps: &Overlaps,
    test: &TestId,
    record: &Record,
) -> Result<Cause> {
    let prober = Prober::new(suite, test, PATIENCE, cores_or_more())?;
    // In a setting that matters, it fails about as often as in the rounds.
    let least = lower_bound(record.failures, record.runs, CONFIDENCE);
    let runs = clean_runs(least, CONFIDENCE).max(LEAST).min(options.reruns);
    let alone = rate(runs, || prober.alone())?;
    if alone.failures >= ENOUGH {
        return Ok(Cause::Alone { alone });
    }
    let part = options.share();
    let mut throttled = None;
    if let Some(part) = part {
        let throttle = Throttle::start(part, Use::Always, 0)?;
        let rate = throttle.within(|| rate(runs, || prober.alone()))?;
        if is_higher(rate, alone) {
            return Ok(Cause::Load {
                alone,
                throttled: rate,
                part,
            });
        }
        throttled = Some(rate);
    }
    if alone.failures > 0 {
        return Ok(Cause::Alone { alone });
    }
    let mut tried = 0;
    let mut partners = Vec::new();
    for partner in overlaps.partners(test).into_iter().take(PARTNERS) {
        if suite.binary(&partner.binary).is_none() {
            continue;
        }
        tried += 1;
        let others = [partner.clone()];
        let rate = rate(runs, || prober.run(Way::Processes, &others))?;
        if rate.failures > 0 {
            let TestId { binary, name } = partner;
            partners.push(Partner { binary, name, rate });
        }
    }
    if partners.is_empty() {
        return Ok(Cause::Unknown {
            alone,
            throttled,
            partners: tried,
        });
    }
    Ok(Cause::Beside { alone, partners })
}

/// Whether a rate is clearly higher than the rate alone. On a busy machine, a test with a deadline may
/// fail now and then without throttling.
fn is_higher(rate: Rate, alone: Rate) -> bool {
    let Rate { failures, runs } = alone;
    if failures == 0 {
        return rate.failures > 0;
    }
    lower_bound(rate.failures, rate.runs, CONFIDENCE) > upper_bound(failures, runs, CONFIDENCE)
}

/// Runs until the test has failed often enough, but at most `runs` times.
fn rate(runs: u64, mut run: impl FnMut() -> Result<Option<String>>) -> Result<Rate> {
    let mut rate = Rate::default();
    while rate.runs < runs && rate.failures < ENOUGH {
        if interrupt::is_due() {
            anyhow::bail!("interrupted");
        }
        rate.runs += 1;
        rate.failures += u64::from(run()?.is_some());
    }
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::{Rate, is_higher};

    #[test]
    fn a_rate_under_load_must_be_clearly_higher() {
        let rate = |failures, runs| Rate { failures, runs };
        assert!(is_higher(rate(1, 10), rate(0, 10)));
        assert!(!is_higher(rate(0, 10), rate(0, 10)));
        assert!(is_higher(rate(5, 5), rate(1, 11)));
        assert!(!is_higher(rate(5, 5), rate(4, 11)));
        assert!(!is_higher(rate(3, 10), rate(1, 10)));
    }
}
