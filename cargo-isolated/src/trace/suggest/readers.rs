//! Tests that exclude others from a key, although they only read.

use super::{Suggestion, waits};
use crate::findings::Findings;
use crate::trace::duration;
use crate::trace::phases::union;
use crate::trace::timeline::{Test, Timeline};

/// Suggests `shared` for the tests with `serial` on this key that `cargo isolated observe` has seen
/// change nothing that another test uses.
pub(super) fn suggestion(
    timeline: &Timeline,
    key: &str,
    findings: &Findings,
) -> Option<Suggestion> {
    let serial = format!("serial {key}");
    let holds = |test: &&Test| test.locks.iter().any(|lock| lock.want == serial);
    let holders: Vec<&Test> = timeline.without_hosts().filter(holds).collect();
    let readers: Vec<&Test> = holders
        .iter()
        .copied()
        .filter(|test| only_reads(&test.name, findings))
        .collect();
    if readers.len() < 2 {
        return None;
    }
    let is_reader = |name: &str| readers.iter().any(|reader| reader.name == name);
    let cost: u64 = waits(timeline)
        .filter(|(_, wait)| wait.want == serial)
        .map(|(_, wait)| wait.to - wait.from)
        .sum();
    let needless = waits(timeline).filter(|(test, wait)| {
        let mut behind = wait.behind.iter();
        wait.want == serial && is_reader(&test.name) && behind.all(|other| is_reader(&other.test))
    });
    Some(Suggestion {
        saves: union(needless.map(|(_, wait)| (wait.from, wait.to)).collect()),
        text: format!(
            "`serial = \"{key}\"` costs {} of waiting; {} of its {} tests only read: \
             `shared = \"{key}\"`",
            duration(cost),
            readers.len(),
            holders.len()
        ),
    })
}

/// Whether a test was observed, and changes nothing that it shares.
fn only_reads(name: &str, findings: &Findings) -> bool {
    let is_it = |test: &crate::findings::Test| {
        let crate_name = test.target.replace('-', "_");
        name.split_once("::") == Some((&*crate_name, &*test.name))
    };
    let Some(index) = findings.tests.iter().position(is_it) else {
        return false;
    };
    let mut conflicts = findings.all_conflicts();
    !conflicts.any(|conflict| conflict.writers.contains(&index))
}
