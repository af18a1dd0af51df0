//! The lines that the command prints about a timeline.

use std::fmt::Write as _;

use crate::figures::{count, plural};
use crate::terminal::{ALERT, FAINT, STRONG, WAIT, styled, wrapped};
use crate::trace::duration;
use crate::trace::timeline::{Outcome, Test, Timeline};

/// The number of keys, failed tests and suggestions to print. The page has all of them.
const KEYS: usize = 5;
const FAILED: usize = 5;
const OVERLAPS: usize = 3;
const SUGGESTIONS: usize = 3;

/// The width of a bar of 100 %.
const BAR: u64 = 30;

/// Summarises a timeline, in lines of at most `width` columns.
pub(super) fn summary(timeline: &Timeline, width: usize) -> String {
    let mut text = first_line(timeline);
    push_phases(&mut text, timeline);
    push_keys(&mut text, timeline);
    push_failed(&mut text, timeline, width);
    push_suggestions(&mut text, timeline, width);
    text
}

fn first_line(timeline: &Timeline) -> String {
    let (failed, unfinished) = (
        timeline.count(Outcome::Failed),
        timeline.count(Outcome::Unfinished),
    );
    let tests = timeline.count(Outcome::Passed) + failed + unfinished;
    let hosts = match timeline.hosts {
        0 => String::new(),
        hosts => format!(" and {}", count(hosts, "host")),
    };
    let mut line = format!(
        "{} in {}{hosts} took {}",
        count(tests, "test"),
        plural(timeline.processes, "process", "processes"),
        duration(timeline.tested)
    );
    for (number, what) in [(failed, "failed"), (unfinished, "unfinished")] {
        if number > 0 {
            let _ = write!(line, ", {}", styled(ALERT, &format!("{number} {what}")));
        }
    }
    if timeline.broken > 0 {
        let broken = count(timeline.broken, "broken line");
        let _ = write!(line, "; skipped {broken}");
    }
    line + "\n"
}

fn push_heading(text: &mut String, heading: &str, note: &str) {
    let _ = writeln!(text, "\n{}{}", styled(STRONG, heading), styled(FAINT, note));
}

fn push_phases(text: &mut String, timeline: &Timeline) {
    let phases = timeline.phases;
    let all = phases.sum();
    if all == 0 {
        return;
    }
    push_heading(text, "where the time went", ", added up over all tests");
    for (name, time) in [
        ("body", phases.body),
        ("waiting for locks", phases.wait),
        ("provisioning", phases.provision),
        ("releasing", phases.release),
        ("rest", phases.rest),
    ] {
        if time == 0 {
            continue;
        }
        let share = |of: u64| (time * of + all / 2) / all;
        let bar = "█".repeat(usize::try_from(share(BAR)).unwrap_or_default());
        let line = format!(
            "  {name:<18}{:>8} {:>4} %  {bar}",
            duration(time),
            share(100)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn push_keys(text: &mut String, timeline: &Timeline) {
    let totals = timeline.totals.iter().filter(|total| total.waits > 0);
    let totals: Vec<_> = totals.collect();
    if totals.is_empty() {
        return;
    }
    push_heading(text, "waiting by key", "");
    let heads = format!(
        "  {:>8}{:>7}{:>10}{:>6}  key",
        "cost", "waits", "longest", "held"
    );
    let _ = writeln!(text, "{}", styled(FAINT, &heads));
    for total in totals.iter().take(KEYS) {
        let _ = writeln!(
            text,
            "  {:>8}{:>7}{:>10}{:>6}  {}",
            duration(total.time),
            total.waits,
            duration(total.longest),
            total.holders,
            total.key.as_deref().unwrap_or("(all tests)")
        );
    }
    push_more(text, totals.len(), KEYS);
}

fn push_failed(text: &mut String, timeline: &Timeline, width: usize) {
    let is_failed = |test: &&Test| test.is_test() && test.outcome != Outcome::Passed;
    let failed: Vec<_> = timeline.tests.iter().filter(is_failed).collect();
    if failed.is_empty() {
        return;
    }
    push_heading(text, "failed", ", and the tests that were active meanwhile");
    for test in failed.iter().take(FAILED) {
        let _ = writeln!(text, "  {}", styled(ALERT, &test.name));
        let why = test.why.lines().next().unwrap_or_default();
        let why = match (why, test.outcome) {
            ("", Outcome::Unfinished) => "never ended",
            (why, _) => why,
        };
        let place = [&*test.at, why].into_iter().filter(|part| !part.is_empty());
        let place: Vec<_> = place.collect();
        if !place.is_empty() {
            let _ = writeln!(text, "{}", wrapped(&place.join(": "), 4, width));
        }
        let _ = writeln!(text, "{}", wrapped(&overlaps(test, timeline), 4, width));
    }
    push_more(text, failed.len(), FAILED);
}

fn overlaps(test: &Test, timeline: &Timeline) -> String {
    let named = test.overlaps.iter().take(OVERLAPS).map(|overlap| {
        let name = &timeline.tests[overlap.test].name;
        format!("{name} {}", duration(overlap.time))
    });
    let mut named: Vec<_> = named.collect();
    if named.is_empty() {
        return "beside nobody".to_owned();
    }
    let others = test.overlapping - named.len();
    if others > 0 {
        named.push(format!("and {}", count(others, "other")));
    }
    format!("beside {}", named.join(", "))
}

fn push_suggestions(text: &mut String, timeline: &Timeline, width: usize) {
    if timeline.suggestions.is_empty() {
        return;
    }
    push_heading(text, "what would save most", "");
    for suggestion in timeline.suggestions.iter().take(SUGGESTIONS) {
        let most = styled(WAIT, &format!("at most {}:", duration(suggestion.saves)));
        let line = format!("{most} {}", suggestion.text);
        let _ = writeln!(text, "{}", wrapped(&line, 2, width));
    }
}

fn push_more(text: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(text, "  and {} more on the page", all - shown);
    }
}
