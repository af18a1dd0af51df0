//! The table that compares the suites.

use std::time::Duration;

use crate::collision::Kind;
use crate::options::Options;
use crate::runs::Runs;
use crate::suite::Record;

/// Renders the records as a table with one column for each suite.
pub(crate) fn render(options: &Options, records: [&Record; 2]) -> String {
    let Options {
        rounds, processes, ..
    } = options;
    let mut table = Table(String::new());
    table.row("", records.map(|record| record.name.to_owned()));

    let title = format!("one test at a time, {processes} runs of the suite");
    table.row(&title, [const { String::new() }; 2]);
    table.row(
        "  test runs",
        records.map(|record| record.alone.tests.to_string()),
    );
    table.row(
        "  failures",
        records.map(|record| record.alone.failures.len().to_string()),
    );
    table.row(
        "  wall time of a run",
        records.map(|record| seconds(record.alone.time_of_suite())),
    );

    let together = records.map(|record| &record.together);
    let title = format!("{processes} processes at once, {rounds} rounds");
    table.row(&title, [const { String::new() }; 2]);
    table.row("  test runs", together.map(|runs| runs.tests.to_string()));
    table.row(
        "  failures",
        together.map(|runs| runs.failures.len().to_string()),
    );
    for kind in Kind::ALL {
        let count = |runs: &Runs| {
            runs.failures
                .iter()
                .filter(|failure| failure.kind == kind)
                .count()
        };
        table.row(
            &format!("    {}", kind.name()),
            together.map(|runs| count(runs).to_string()),
        );
    }
    table.row(
        "  wall time of a run",
        together.map(|runs| seconds(runs.time_of_suite())),
    );
    table.row("  wall time", together.map(|runs| seconds(runs.time)));
    table.0
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

struct Table(String);

impl Table {
    fn row(&mut self, label: &str, [left, right]: [String; 2]) {
        let row = format!("{label:<36}{left:>10}{right:>12}");
        self.0.push_str(row.trim_end());
        self.0.push('\n');
    }
}
