//! All printed text except errors.

use std::fmt::Write;

use super::diagnosis::{Cause, Partner};
use super::expected::TestId;
use super::options::Options;
use super::verdict::{Found, Verdict};
use crate::bisect::Rate;
use crate::figures::{count, number, percent, time};
use crate::statistics::{CONFIDENCE, clean_runs};
use crate::terminal::{WIDEST, hanging};

/// Number of tests without a result that are named.
const MOST_LOST: usize = 6;

/// The line before the first round.
pub(crate) fn start(options: &Options, found: &Found) -> String {
    let tests = count(found.records.count(), "test");
    let (noise, below) = (options.noise(), percent(options.below));
    let throttled = match options.share() {
        Some(part) => format!(", throttled to {}", percent(part)),
        None => String::new(),
    };
    let copies = options.copies;
    let goal = if options.together {
        "all together"
    } else {
        "each"
    };
    format!(
        "{tests}, copies at once: {copies}, noise: {noise}{throttled}\nto be shown: {goal} below {below}"
    )
}

/// The line during a round, with the results of the rounds before.
pub(crate) fn during(options: &Options, found: &Found) -> String {
    progress(options, found, &format!("in round {}", found.rounds + 1))
}

/// The line after a round.
pub(crate) fn after(options: &Options, found: &Found) -> String {
    let round = match found.cut_off {
        None => format!("round {}", found.rounds),
        Some(reason) => format!("round {}, {reason}", found.rounds + 1),
    };
    progress(options, found, &round)
}

fn progress(options: &Options, found: &Found, round: &str) -> String {
    let (failures, runs) = found.records.pooled();
    let goal = if options.together {
        "all together"
    } else {
        "each"
    };
    let bound = percent(found.bound(options));
    let mut line = format!(
        "{round}: {} in {}, {}, {goal} below {bound}",
        count(runs, "run"),
        time(found.time),
        count(failures, "failure"),
    );
    if !options.together && failures == 0 {
        if let Some(all) = found.time_for_each(options.below) {
            let left = time(all.saturating_sub(found.time));
            let _ = write!(line, "; about {left} left");
        }
    }
    line
}

/// The final report.
pub(crate) fn render(options: &Options, found: &Found) -> String {
    let mut text = String::new();
    let _ = summary(&mut text, options, found);
    text
}

fn summary(text: &mut String, options: &Options, found: &Found) -> std::fmt::Result {
    let records = &found.records;
    let (failures, runs) = records.pooled();
    let rounds = count(found.rounds, "round");
    if let Some(reason) = found.cut_off {
        let lost = &found.without_result;
        let left = count(lost.len(), "test run");
        write!(
            text,
            "{reason} in round {}: {left} without a result, not counted",
            found.rounds + 1
        )?;
        for test in lost.iter().take(MOST_LOST) {
            write!(text, "\n  {test}")?;
        }
        writeln!(
            text,
            "{}",
            if lost.len() > MOST_LOST {
                "\n  …"
            } else {
                ""
            }
        )?;
    }
    writeln!(
        text,
        "all tests together: {} in {rounds} and {}, {}: below {} (95 %)",
        count(runs, "run"),
        time(found.time),
        count(failures, "failure"),
        percent(records.pooled_bound()),
    )?;
    writeln!(
        text,
        "each single test: {}, each ran at least {}: below {} (95 %)",
        count(records.count(), "test"),
        count(records.least(), "time"),
        percent(records.worst_bound()),
    )?;
    if let Some(all) = found.time_for_each(options.below) {
        let clean = clean_runs(options.below, CONFIDENCE);
        let (bound, needed) = (percent(options.below), number(clean));
        let all = time(all);
        writeln!(
            text,
            "  below {bound} needs {needed} clean runs of each: about {all} at this rate"
        )?;
    }
    catalogue(text, found)?;
    let what = if options.together {
        "of all tests together"
    } else {
        "of every test"
    };
    let bound = percent(options.below);
    let shown = if found.is_shown(options) {
        "shown"
    } else {
        "not shown"
    };
    write!(text, "\n{shown}: the failure rate {what} is below {bound}")?;
    match found.verdict(options) {
        Verdict::Failed => writeln!(text, "; but tests have failed"),
        Verdict::NotShown => writeln!(
            text,
            ";\nnothing failed, so more time (`--for`) may show it"
        ),
        Verdict::Shown => writeln!(text),
    }
}

/// The failed tests, with the modes of their failures and what it takes.
fn catalogue(text: &mut String, found: &Found) -> std::fmt::Result {
    let offenders = found.records.offenders();
    if offenders.is_empty() {
        return Ok(());
    }
    let folder = &*found.folder;
    writeln!(text, "\n{}:", count(offenders.len(), "offender"))?;
    for (test, record) in offenders {
        let rate = Rate {
            failures: record.failures,
            runs: record.runs,
        };
        writeln!(text, "\n{test}")?;
        writeln!(text, "  failed in {rate}")?;
        if let Some(cause) = found.causes.get(test) {
            write_cause(text, test, cause)?;
        }
        for (mode, found) in &record.modes {
            let mode = format!("{} × {mode}", found.count);
            writeln!(text, "{}", hanging(&mode, [2, 6], WIDEST))?;
            let example = found.example.strip_prefix(folder);
            let example = example.unwrap_or(&found.example);
            writeln!(text, "      see {}", example.display())?;
        }
    }
    writeln!(text, "\nthe outputs are in {}", folder.display())
}

fn write_cause(text: &mut String, id: &TestId, cause: &Cause) -> std::fmt::Result {
    let of = |rate: &Rate| format!("{} of {} runs", rate.failures, rate.runs);
    match cause {
        Cause::Alone { alone } => writeln!(text, "  fails alone too: in {}", of(alone)),
        Cause::Load {
            alone,
            throttled,
            part,
        } => {
            let part = percent(*part);
            let when = if alone.failures == 0 {
                "only"
            } else {
                "mostly"
            };
            writeln!(
                text,
                "  fails {when} under load: alone with {part} of a processor in {},",
                of(throttled)
            )?;
            writeln!(text, "    at full speed in {}", of(alone))
        }
        Cause::Beside { alone, partners } => {
            writeln!(
                text,
                "  fails only beside another test: alone in {},",
                of(alone)
            )?;
            for Partner { binary, name, rate } in partners {
                let other = if *binary == id.binary && *name == id.name {
                    "itself, in another copy of the suite".to_owned()
                } else {
                    format!("{binary} {name}")
                };
                writeln!(text, "    in {} beside {other}", of(rate))?;
            }
            Ok(())
        }
        Cause::Unknown {
            alone,
            throttled,
            partners,
        } => {
            write!(text, "  did not fail again: alone in {}", of(alone))?;
            if let Some(throttled) = throttled {
                write!(text, ", throttled in {}", of(throttled))?;
            }
            if *partners > 0 {
                let partners = count(partners, "test");
                write!(
                    text,
                    ",\n    nor beside any of {partners} that overlapped with failures"
                )?;
            }
            writeln!(text, "\n    other tests: `cargo isolated bisect '{id}'`")
        }
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
