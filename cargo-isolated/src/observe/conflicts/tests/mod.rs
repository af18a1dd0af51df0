//! Conflicts among the records of a few tests, one line each.

mod decisions;
mod locks;
mod parts;

use super::{Observed, Shared, find};
use crate::findings::{Kind, Touch};
use crate::observe::record::Record;
use crate::observe::rules::Rules;

/// The record of a test that touches these resources while it holds these locks.
fn record(touches: &[(Kind, &str, Touch)], locks: &[&str]) -> Record {
    Record {
        locks: locks.iter().map(|lock| (*lock).to_owned()).collect(),
        ..Record::touching(touches)
    }
}

/// The conflicts among tests of two programs, one line each.
fn conflicts(records: &[Record]) -> Vec<String> {
    let rules = Rules::new(
        "/w/target".into(),
        ["/w/target/debug".into()],
        &["*.ignored".into()],
    );
    let tests: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(index, record)| Observed {
            // The last test is in another program.
            binary: usize::from(index == 2),
            record,
        })
        .collect();
    let shared = find(&tests, &rules.expect("rules"));
    let line = |shared: &Shared| {
        format!(
            "{} {:?} {:?}",
            shared.resource.name, shared.writers, shared.readers
        )
    };
    shared.iter().map(line).collect()
}

/// The conflicts among tests that touch these files.
fn files(touches: &[&[(&str, Touch)]]) -> Vec<String> {
    let records = touches.iter().map(|touches| {
        let touches = touches
            .iter()
            .map(|(name, touch)| (Kind::File, *name, *touch));
        record(&touches.collect::<Vec<_>>(), &[])
    });
    conflicts(&records.collect::<Vec<_>>())
}

/// A test that sets the variable `A` while it holds these locks of its program; always to `value`, if there is one.
fn sets(locks: &[u64], value: Option<&str>) -> Record {
    let mut record = record(&[(Kind::Variable, "A", Touch::Change)], &[]);
    let variable = (Kind::Variable, "A".to_owned());
    record
        .guarded
        .insert(variable, locks.iter().copied().collect());
    let value = value.map(|value| ("A".to_owned(), value.into()));
    record.constants.extend(value);
    record
}
