//! Rows: the value of one method in one round. The comparison keeps all of them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Result;

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The measured case.
    pub(crate) case: String,
    /// The crate or technique, such as `isolated-test` or `floor`.
    pub(crate) method: String,
    pub(crate) round: u32,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

impl Row {
    pub(crate) fn new(case: &str, method: &str, round: u32, value: f64, unit: &str) -> Self {
        Row {
            case: case.to_owned(),
            method: method.to_owned(),
            round,
            value,
            unit: unit.to_owned(),
        }
    }

    /// Parses a row that a test printed, or returns `None` for any other line. A case may contain
    /// commas.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut fields = line.strip_prefix("row,")?.rsplitn(5, ',');
        let unit = fields.next()?.to_owned();
        let value = fields.next()?.parse().ok()?;
        let round = fields.next()?.parse().ok()?;
        let method = fields.next()?.to_owned();
        let case = fields.next()?.to_owned();
        Some(Row {
            case,
            method,
            round,
            value,
            unit,
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<(&'static str, Row)>);

impl Rows {
    pub(crate) fn add(&mut self, part: &'static str, rows: Vec<Row>) {
        self.0.extend(rows.into_iter().map(|row| (part, row)));
    }

    /// Writes the rows as comma-separated values.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::from("part,case,method,round,value,unit\n");
        for (part, row) in &self.0 {
            let Row {
                case,
                method,
                round,
                value,
                unit,
            } = row;
            writeln!(
                text,
                "{part},\"{case}\",\"{method}\",{round},{value},{unit}"
            )?;
        }
        fs::write(path, text)?;
        Ok(())
    }
}

/// The median, or 0 without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, median};

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert!((median([3.0, 1.0, 100.0]) - 3.0).abs() < f64::EPSILON);
        assert!((median([1.0, 2.0]) - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_row_is_read_from_the_end() {
        let row = Row::read("row,`serial`, uncontended,floor,3,1.25,µs").unwrap();
        assert_eq!(
            row,
            Row::new("`serial`, uncontended", "floor", 3, 1.25, "µs")
        );
        assert_eq!(Row::read("test overhead ... ok"), None);
    }
}
