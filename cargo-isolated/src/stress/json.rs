//! The report as JSON.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::diagnosis::Cause;
use super::expected::TestId;
use super::options::Options;
use super::records::Record;
use super::verdict::Found;
use crate::statistics::{CONFIDENCE, interval};

/// The version of the JSON. It changes if a field gets another meaning or disappears.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    /// Whether the failure rate is shown to be below `below`.
    shown: bool,
    below: f64,
    /// Whether `below` is about all test runs together.
    together: bool,
    confidence: f64,
    rounds: usize,
    seconds: f64,
    /// The reason if the last round was cut off.
    cut_off: Option<&'a str>,
    runs: u64,
    failures: u64,
    /// The upper bound for all test runs together.
    bound: f64,
    tests: Vec<Test<'a>>,
    /// Failures of binaries and runners outside of tests.
    others: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    binary: &'a str,
    name: &'a str,
    runs: u64,
    failures: u64,
    /// The two-sided interval of the failure rate.
    interval: [f64; 2],
    modes: Vec<Mode<'a>>,
    cause: Option<&'a Cause>,
}

#[derive(Serialize)]
struct Mode<'a> {
    message: &'a str,
    count: u64,
    example: &'a Path,
}

pub(crate) fn render(options: &Options, found: &Found) -> Result<String> {
    let records = &found.records;
    let (failures, runs) = records.pooled();
    Ok(serde_json::to_string_pretty(&Report {
        version: VERSION,
        shown: found.is_shown(options),
        below: options.below,
        together: options.together,
        confidence: CONFIDENCE,
        rounds: found.rounds,
        seconds: found.time.as_secs_f64(),
        cut_off: found.cut_off,
        runs,
        failures,
        bound: records.pooled_bound(),
        tests: records
            .by_test()
            .map(|record| test(found, record))
            .collect(),
        others: records
            .offenders()
            .into_iter()
            .filter(|(id, _)| id.is_whole())
            .map(|record| test(found, record))
            .collect(),
    })?)
}

fn test<'a>(found: &'a Found, (id, record): (&'a TestId, &'a Record)) -> Test<'a> {
    let modes = record.modes.iter().map(|(message, mode)| Mode {
        message,
        count: mode.count,
        example: &mode.example,
    });
    Test {
        binary: &id.binary,
        name: &id.name,
        runs: record.runs,
        failures: record.failures,
        interval: interval(record.failures, record.runs),
        modes: modes.collect(),
        cause: found.causes.get(id),
    }
}
