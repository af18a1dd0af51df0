//! Suggestions for a faster suite, from its trace.
//!
//! Each suggestion has an upper bound: more than that it cannot save. Without data there is no
//! suggestion.

use crate::figures::plural;
use crate::findings::Findings;
use crate::trace::duration;
use crate::trace::phases::{overlap, union};
use crate::trace::timeline::{Suggestion, Test, Timeline, Wait};

mod readers;

/// The smallest share of the whole run that is worth a suggestion: one in so many.
const WORTH: u64 = 20;

/// All suggestions for a timeline, the best first.
pub(crate) fn all(timeline: &Timeline, findings: Option<&Findings>) -> Vec<Suggestion> {
    let mut all: Vec<_> = slots(timeline).into_iter().collect();
    all.extend(alone(timeline));
    all.extend(last(timeline));
    for key in timeline
        .totals
        .iter()
        .filter_map(|total| total.key.as_deref())
    {
        let read = findings.and_then(|findings| readers::suggestion(timeline, key, findings));
        all.extend(read.or_else(|| queue(timeline, key)));
    }
    all.retain(|suggestion| suggestion.saves > 0 && suggestion.saves >= timeline.tested / WORTH);
    all.sort_by_key(|suggestion| std::cmp::Reverse(suggestion.saves));
    all
}

/// All waits, each with its test.
fn waits(timeline: &Timeline) -> impl Iterator<Item = (&Test, &Wait)> {
    let tests = timeline.without_hosts();
    tests.flat_map(|test| test.waits.iter().map(move |wait| (test, wait)))
}

/// Tests that wait in slots of nextest, which other tests need.
fn slots(timeline: &Timeline) -> Option<Suggestion> {
    let is_in_slot = |test: &&Test| test.binary.is_some() && test.is_test();
    let tests: Vec<_> = timeline.tests.iter().filter(is_in_slot).collect();
    let last = tests.iter().map(|test| test.begin).max()?;
    let is_exclusive = |want: &str| {
        ["serial ", "limit ", "port "]
            .iter()
            .any(|word| want.starts_with(word))
    };
    let lost_time: u64 = waits(timeline)
        .filter(|(test, wait)| is_in_slot(test) && is_exclusive(&wait.want))
        .map(|(_, wait)| overlap((wait.from, wait.to), (0, last)))
        .sum();
    let at_once = |time: u64| {
        tests
            .iter()
            .filter(|test| test.begin <= time && time < test.end)
            .count()
    };
    let slots = tests.iter().map(|test| at_once(test.begin)).max()?.max(1);
    let text = format!(
        "tests waited {} in slots of nextest while others had not begun; \
         `cargo isolated groups` prints test groups that keep these slots free",
        duration(lost_time)
    );
    Some(Suggestion {
        saves: lost_time / slots as u64,
        text,
    })
}

/// Tests that run alone.
fn alone(timeline: &Timeline) -> Option<Suggestion> {
    let holds = |test: &&Test| test.locks.iter().any(|lock| lock.want == "alone");
    let number = timeline.without_hosts().filter(holds).count();
    let waits = waits(timeline).filter(|(_, wait)| ["alone", "test"].contains(&&*wait.want));
    let time = union(waits.map(|(_, wait)| (wait.from, wait.to)).collect());
    (number > 0).then(|| Suggestion {
        saves: time,
        text: format!(
            "{} `alone`, and for {} others waited for that, or it for others; `serial` with a key \
             excludes only the tests that have this key",
            plural(number, "test runs", "tests run"),
            duration(time)
        ),
    })
}

/// A test that began late and is still running when all others have ended.
fn last(timeline: &Timeline) -> Option<Suggestion> {
    let tests = || timeline.tests.iter().filter(|test| test.is_test());
    let last = tests().max_by_key(|test| test.end)?;
    let others = tests().filter(|test| !std::ptr::eq(*test, last));
    let tail = last.end - others.map(|test| test.end).max()?.max(last.begin);
    last.binary.as_ref()?;
    Some(Suggestion {
        saves: tail.min(last.begin),
        text: format!(
            "`{}` ran for {} after all others, and began {} after the first; \
             `priority = 100` in an override of nextest starts it first",
            last.name,
            duration(tail),
            duration(last.begin)
        ),
    })
}

/// A key whose tests stand in a queue.
fn queue(timeline: &Timeline, key: &str) -> Option<Suggestion> {
    let serial = format!("serial {key}");
    let locks = timeline.without_hosts().flat_map(|test| &test.locks);
    let held: Vec<_> = locks
        .filter(|lock| lock.want == serial)
        .map(|lock| (lock.from, lock.to))
        .collect();
    let longest = held.iter().map(|(from, to)| to - from).max()?;
    let (holders, busy) = (held.len(), union(held));
    let waits = waits(timeline).filter(|(_, wait)| wait.want.ends_with(&format!(" {key}")));
    let waited = union(waits.map(|(_, wait)| (wait.from, wait.to)).collect());
    Some(Suggestion {
        saves: busy.saturating_sub(longest).min(waited),
        text: format!(
            "`serial = \"{key}\"` was held for {} of {}, {holders} times, one after the other; split the \
             key if these tests use different things, or shorten them",
            duration(busy),
            duration(timeline.tested)
        ),
    })
}

#[cfg(test)]
mod tests;
