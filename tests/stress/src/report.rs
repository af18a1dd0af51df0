//! All printed text except errors.

use std::fmt::Write;
use std::time::Duration;

use crate::options::Options;
use crate::rounds::Found;
use crate::suite::{Runner, Suite};
use crate::verdict::{Verdict, clean_runs};

/// Number of tests without a result that are named.
const MOST_LOST: usize = 6;

/// The line before the first round.
pub(crate) fn start(options: &Options, suite: &Suite) -> String {
    let tests = number(&suite.of(Runner::Libtest).count());
    let Options { copies, noise, .. } = options;
    let goal = if options.each { "each below" } else { "below" };
    let bound = percent(options.bound);
    format!("{tests} tests, {copies} copies at once, noise {noise}; to be shown: {goal} {bound}")
}

/// The line after each round.
pub(crate) fn progress(options: &Options, found: &Found) -> String {
    let (failures, runs) = found.records.pooled();
    let round = match found.cut_off {
        None => format!("round {}", found.rounds),
        Some(reason) => format!("round {}, {reason}", found.rounds + 1),
    };
    let mut line = format!(
        "{round}: {} test runs in {}, {}, below {}; least runs of one test: {}",
        number(&runs),
        time(found.time),
        count(&failures, "failure"),
        percent(found.records.pooled_bound()),
        number(&found.records.least()),
    );
    if options.each {
        if let Some(all) = found.time_for_each(options.bound) {
            let left = time(all.saturating_sub(found.time));
            let _ = write!(line, "; about {left} left if no test fails");
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
    let rounds = count(&found.rounds, "round");
    if let Some(reason) = found.cut_off {
        let lost = &found.without_result;
        let left = count(&lost.len(), "test run");
        write!(
            text,
            "{reason} in round {}: {left} without a result do not count",
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
        "all tests together: {} test runs in {rounds} and {}, {}: the flake rate is below {} (95 %)",
        number(&runs),
        time(found.time),
        count(&failures, "failure"),
        percent(records.pooled_bound()),
    )?;
    writeln!(
        text,
        "each test alone: {} tests, each ran at least {}: the rate of every one is below {} (95 %)",
        number(&records.count()),
        count(&records.least(), "time"),
        percent(records.worst_bound()),
    )?;
    if let Some(all) = found.time_for_each(options.bound) {
        let (bound, needed) = (percent(options.bound), number(&clean_runs(options.bound)));
        let all = time(all);
        writeln!(
            text,
            "  below {bound} needs {needed} clean runs of each: about {all} at this rate"
        )?;
    }
    catalogue(text, found)?;
    let what = if options.each {
        "of every test"
    } else {
        "of all tests together"
    };
    let bound = percent(options.bound);
    let shown = if found.is_shown(options) {
        "shown"
    } else {
        "not shown"
    };
    write!(text, "\n{shown}: the flake rate {what} is below {bound}")?;
    match found.verdict(options) {
        Verdict::Failed => writeln!(text, "; but tests have failed"),
        Verdict::NotShown => writeln!(
            text,
            "; nothing failed, so more rounds or `--minutes` may show it"
        ),
        Verdict::Shown => writeln!(text),
    }
}

/// The failed tests, with the modes of their failures.
fn catalogue(text: &mut String, found: &Found) -> std::fmt::Result {
    let offenders = found.records.offenders();
    if offenders.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{}:", count(&offenders.len(), "offender"))?;
    writeln!(text, "failures/runs   at most   test")?;
    for (test, record) in offenders {
        let ratio = format!("{}/{}", record.failures, record.runs);
        writeln!(text, "{ratio:>13}{:>10}   {test}", percent(record.bound()))?;
        for (mode, found) in &record.modes {
            writeln!(text, "{:>13}   {mode}", format!("{} ×", found.count))?;
            writeln!(text, "{:>16}{}", "", found.example.display())?;
        }
    }
    let folder = found.folder.display();
    writeln!(
        text,
        "\nthe output of each run of the suite with failures: {folder}"
    )
}

fn count(count: &impl ToString, what: &str) -> String {
    let text = count.to_string();
    let s = if text == "1" { "" } else { "s" };
    format!("{} {what}{s}", number(&text))
}

/// Formats a number with thousands separators.
fn number(count: &impl ToString) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a rate as a percentage with three significant digits, rounded up so that `below` stays
/// true.
fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    let mut digits = 0;
    while digits < 8 && percent * 10_f64.powi(digits) < 100.0 && percent > 0.0 {
        digits += 1;
    }
    let scale = 10_f64.powi(digits);
    // The offset keeps a round number round despite its binary representation.
    let percent = (percent * scale - 1e-6).ceil() / scale;
    let text = format!("{percent:.*}", usize::try_from(digits).unwrap_or(0));
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", if text.contains('.') { short } else { &text })
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", number(&seconds.div_ceil(3_600))),
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
