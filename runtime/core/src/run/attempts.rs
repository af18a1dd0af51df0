//! How often a test runs: once, again after a failure, or many times to measure how often it fails.
//!
//! A test that may be retried runs in a subprocess from its first attempt. So an attempt that
//! aborts, exits or hangs can be retried too, each attempt gets fresh statics, and its whole output
//! is known, which a test runner never reveals.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::{Flaky, variables};
use crate::error::Error;
use crate::mutex::lock;
use crate::name::Name;
use crate::os;
use crate::output;
use crate::report::{self, AttemptLog};
use crate::run::context::try_current;
use crate::run::spec::Spec;
use crate::run::verdict::Verdict;

/// How often the body of a test can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Once in this process, because a call consumes what it is given.
    Once,
    /// Any number of times.
    Often,
}

/// The runs of one test, past and future.
pub(crate) struct Attempts {
    name: Name,
    plan: Schedule,
    /// Whether each run gets a subprocess.
    pub(crate) in_subprocess: bool,
    quarantine: Option<&'static str>,
    /// Whether the output of each run is recorded, because the test runner may hide it.
    is_recorded: bool,
    runs: u32,
    failures: u32,
    /// The verdict that counts after the last repetition: the first failure, or the first pass.
    counts: Option<Verdict>,
    /// The failure and output of each run, if recorded.
    logs: Vec<AttemptLog>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schedule {
    Once,
    /// This many times, whether it passes or fails.
    Repeat(u32),
    /// Until it passes, but at most this many times.
    Retry {
        most: u32,
    },
}

impl Attempts {
    /// One run, in place.
    pub(crate) fn once(name: &Name) -> Self {
        Attempts {
            name: name.clone(),
            plan: Schedule::Once,
            in_subprocess: false,
            quarantine: None,
            is_recorded: false,
            runs: 0,
            failures: 0,
            counts: None,
            logs: Vec::new(),
        }
    }

    /// Decides how often a test runs, and where.
    pub(crate) fn of(spec: &Spec, name: &Name, calls: Calls) -> Result<Self, Error> {
        let variables = variables()?;
        let process = spec.process;
        // A test that another test calls is part of that test, and is repeated with it.
        let is_whole = !spec.is_called_often && try_current().is_none();
        let of_all = variables.retries.filter(|_| is_whole);
        let retries = process
            .and_then(|process| process.retries)
            .or(of_all)
            .filter(|_| variables.process)
            .unwrap_or(0);
        let can_repeat =
            is_whole && (calls == Calls::Often || variables.process && !spec.is_called_often);
        let plan = match variables.repeat {
            Some(runs) if can_repeat => Schedule::Repeat(runs),
            Some(_) => {
                if try_current().is_none() {
                    runs_once(name);
                }
                Schedule::Once
            }
            None if retries > 0 => Schedule::Retry { most: retries + 1 },
            None => Schedule::Once,
        };
        let needs_process = match plan {
            Schedule::Once => false,
            Schedule::Repeat(_) => calls == Calls::Once,
            Schedule::Retry { .. } => true,
        };
        // Only a subprocess can be ended when a lock is lost.
        let needs_process = needs_process || is_whole && spec.is_across_machines();
        let quarantine = process.and_then(|process| process.quarantine);
        Ok(Attempts {
            plan,
            in_subprocess: variables.process && (process.is_some() || needs_process),
            quarantine,
            is_recorded: matches!(plan, Schedule::Retry { .. }) || quarantine.is_some(),
            ..Attempts::once(name)
        })
    }

    /// Begins a run.
    pub(crate) fn begin(&self) {
        if self.is_recorded {
            output::record();
        }
    }

    /// Records the verdict of a run. After the last run, returns the verdict that counts.
    pub(crate) fn judge(&mut self, verdict: Verdict) -> Option<Verdict> {
        if matches!(verdict, Verdict::Skipped) {
            return Some(verdict);
        }
        let (is_pass, is_unable) = (verdict.is_pass(), matches!(verdict, Verdict::Unable(_)));
        self.runs += 1;
        self.failures += u32::from(!is_pass);
        if self.is_recorded {
            self.logs.push(AttemptLog {
                why: (!is_pass).then(|| verdict.why()),
                printed: output::recorded(),
            });
        }
        let verdict = match self.plan {
            Schedule::Once => verdict,
            Schedule::Retry { most } => {
                if !is_pass && self.runs < most {
                    report::runs_again(self.name.full(), self.runs, most, &verdict.why());
                    return None;
                }
                self.retried(verdict)
            }
            Schedule::Repeat(most) => {
                if self.counts.is_none() || (!is_pass && self.failures == 1) {
                    self.counts = Some(verdict);
                }
                // A test that could not begin rarely can the next time, and may have waited long.
                if self.runs < most && !is_unable {
                    return None;
                }
                self.repeated(most)?
            }
        };
        Some(self.out_of_quarantine(verdict))
    }

    /// Reports a flaky test, and returns the verdict that counts.
    fn retried(&self, verdict: Verdict) -> Verdict {
        if !verdict.is_pass() || self.failures == 0 {
            return verdict;
        }
        let counts = variables().map_or(Flaky::Pass, |variables| variables.flaky);
        report::flaky(self.name.full(), &self.logs, counts);
        match counts {
            Flaky::Pass => verdict,
            Flaky::Fail => Verdict::Flaky,
        }
    }

    /// Reports how often a repeated test failed, and returns the verdict that counts.
    fn repeated(&mut self, wanted: u32) -> Option<Verdict> {
        let verdict = self.counts.take()?;
        let (runs, failures) = (u64::from(self.runs), u64::from(self.failures));
        let why = (failures > 0).then(|| verdict.why());
        report::repeated(
            self.name.full(),
            runs,
            failures,
            u64::from(wanted),
            why.as_deref(),
        );
        Total::add(runs, failures);
        Some(verdict)
    }

    /// Reports a quarantined test, and makes its failure a pass.
    fn out_of_quarantine(&self, verdict: Verdict) -> Verdict {
        let Some(reason) = self.quarantine else {
            return verdict;
        };
        let why = (!verdict.is_pass()).then(|| verdict.why());
        // A flaky test was reported already.
        if why.is_some() || self.failures == 0 {
            report::quarantined(self.name.full(), reason, why.as_deref(), &self.logs);
        }
        why.map_or(verdict, |_| Verdict::Skipped)
    }
}

/// Reports, once for each test, that it cannot be repeated although `ISOLATED_REPEAT` is set.
pub(crate) fn runs_once(name: &Name) {
    static REPORTED: Mutex<Vec<Name>> = Mutex::new(Vec::new());

    if !variables().is_ok_and(|variables| variables.repeat.is_some()) || try_current().is_some() {
        return;
    }
    let mut reported = lock(&REPORTED);
    if !reported.contains(name) {
        reported.push(name.clone());
        report::not_repeated(name.full());
    }
}

/// The totals of all repeated tests of this process.
struct Total {
    tests: AtomicU64,
    runs: AtomicU64,
    failures: AtomicU64,
}

static TOTAL: Total = Total {
    tests: AtomicU64::new(0),
    runs: AtomicU64::new(0),
    failures: AtomicU64::new(0),
};

impl Total {
    fn add(runs: u64, failures: u64) {
        TOTAL.runs.fetch_add(runs, Ordering::Relaxed);
        TOTAL.failures.fetch_add(failures, Ordering::Relaxed);
        if TOTAL.tests.fetch_add(1, Ordering::Relaxed) == 0 {
            os::at_exit(report_total);
        }
    }
}

/// Reports the totals at the end of the process, if several tests were repeated.
extern "C" fn report_total() {
    let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
    let (tests, runs, failures) = (load(&TOTAL.tests), load(&TOTAL.runs), load(&TOTAL.failures));
    if tests > 1 {
        report::all_repeated(tests, runs, failures);
    }
}
