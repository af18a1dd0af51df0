//! The tables: medians, ranges, and ratios to the first method of each case.

use std::fmt::Write;

use crate::rows::{Row, median};

/// Renders rows as Markdown. Cases and methods appear in the order in which they were first
/// measured.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | method | median | lowest to highest | to the first |\n|---|---|---:|---:|---:|\n",
    );
    for case in distinct(rows.iter().map(|row| &*row.case)) {
        let of_case: Vec<_> = rows.iter().filter(|row| row.case == case).collect();
        let methods = distinct(of_case.iter().map(|row| &*row.method));
        for (index, method) in methods.iter().enumerate() {
            let of_method = || of_case.iter().filter(|row| row.method == *method);
            let values: Vec<_> = of_method().map(|row| row.value).collect();
            let unit = &of_case[0].unit;
            let (lowest, highest) = values
                .iter()
                .fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
                    (low.min(*value), high.max(*value))
                });
            let ratio = median(of_method().filter_map(|row| {
                let first = of_case
                    .iter()
                    .find(|other| other.method == methods[0] && other.round == row.round)?;
                Some(row.value / first.value)
            }));
            let shown = if index == 0 { case } else { "" };
            let ratio = shown_ratio(ratio);
            let (middle, lowest, highest) =
                (number(median(values)), number(lowest), number(highest));
            let _ = writeln!(
                text,
                "| {shown} | {method} | {middle} {unit} | {lowest}–{highest} | {ratio} |"
            );
        }
    }
    text
}

/// Renders rows whose cases are `who: what`, with one line per method and one column per `what`.
/// The ratios are those of the first column.
pub(crate) fn render_wide(rows: &[Row]) -> String {
    let split = |row: &'_ Row| -> (String, String) {
        let (who, what) = row.case.split_once(": ").unwrap_or((&row.case, ""));
        (who.to_owned(), what.to_owned())
    };
    let cases: Vec<_> = rows.iter().map(split).collect();
    let columns = distinct(cases.iter().map(|(_, what)| &**what));
    let mut text = format!("| | method | {} | to the first |\n", columns.join(" | "));
    let _ = writeln!(text, "|---|---|{}", "---:|".repeat(columns.len() + 1));
    for who in distinct(cases.iter().map(|(who, _)| &**who)) {
        let of_who = || rows.iter().zip(&cases).filter(|(_, case)| case.0 == who);
        let methods = distinct(of_who().map(|(row, _)| &*row.method));
        for (index, method) in methods.iter().enumerate() {
            let values = |method: &str, what: &str| {
                let rows = of_who().filter(|(row, case)| row.method == method && case.1 == what);
                rows.map(|(row, _)| row.clone()).collect::<Vec<_>>()
            };
            let cells = columns.iter().map(|what| match &*values(method, what) {
                [] => "–".to_owned(),
                found => {
                    let middle = number(median(found.iter().map(|row| row.value)));
                    format!("{middle} {}", found[0].unit).trim_end().to_owned()
                }
            });
            let cells = cells.collect::<Vec<_>>().join(" | ");
            let main = of_who().next().map_or("", |(_, case)| &*case.1);
            let (first, own) = (values(methods[0], main), values(method, main));
            let ratios = first
                .iter()
                .zip(&own)
                .map(|(first, own)| own.value / first.value);
            let shown = if index == 0 { who } else { "" };
            let ratio = shown_ratio(median(ratios));
            let _ = writeln!(text, "| {shown} | {method} | {cells} | {ratio} |");
        }
    }
    text
}

/// Formats a ratio, or a dash if the ratio is meaningless because the first value is close to zero.
fn shown_ratio(ratio: f64) -> String {
    if ratio.is_finite() && ratio < 500.0 && ratio > 0.0 {
        format!("{ratio:.2}×")
    } else {
        "–".to_owned()
    }
}

/// Formats a number with about three significant digits.
fn number(value: f64) -> String {
    match value {
        whole if whole.fract() == 0.0 || whole >= 100.0 => format!("{whole:.0}"),
        large if large >= 10.0 => format!("{large:.1}"),
        small => format!("{small:.2}"),
    }
}

fn distinct<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for word in words {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::rows::Row;

    #[test]
    fn a_ratio_is_the_median_of_the_ratios_of_the_rounds() {
        let row = |method, round, value| Row::new("`port`", method, round, value, "µs");
        let rows = [
            row("floor", 0, 1.0),
            row("ours", 0, 1.5),
            row("ours", 1, 30.0),
            row("floor", 1, 10.0),
            row("floor", 2, 2.0),
            row("ours", 2, 4.0),
        ];
        assert_eq!(
            render(&rows),
            "| | method | median | lowest to highest | to the first |\n\
             |---|---|---:|---:|---:|\n\
             | `port` | floor | 2 µs | 1–10 | 1.00× |\n\
             |  | ours | 4 µs | 1.50–30 | 2.00× |\n"
        );
    }
}
