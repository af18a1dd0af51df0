//! The command line.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::Result;

/// Output of `--help`.
pub(crate) const HELP: &str = "\
Runs all tests of the project, several copies of the suite at once beside processes that make noise,
until it is shown how seldom they fail, and prints those that do.

Options:
  --copies N      suites at once; every second one by `cargo nextest run` (default 3)
  --noise N       threads that burn the processor in bursts; 0 for silence (default: the cores)
  --bound P       percent below which the flake rate is to be shown at 95 % (default 0.1)
  --each          shows it for every single test, not for all test runs taken together
  --minutes M     ends then; of an unfinished round, what has a result counts (default 30)
  --rounds N      ends after so many rounds
  --filter TEXT   runs only the tests whose names contain it
  --patience S    seconds without a result after which a suite has hung (default 900)
  --project DIR   the workspace (default: the one that this command belongs to)
  --help          prints this

Status: 0 shown, and nothing failed; 1 a test failed; 2 nothing failed, but the bound is not shown;
3 the command could not do its work.
";

const EXPECTED: &str = "expected `--copies`, `--noise`, `--bound`, `--each`, `--minutes`, \
    `--rounds`, `--filter`, `--patience`, `--project` or `--help`";

/// The parsed command line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) copies: usize,
    pub(crate) noise: usize,
    /// A rate from 0 to 1, not a percentage.
    pub(crate) bound: f64,
    pub(crate) each: bool,
    pub(crate) time: Duration,
    pub(crate) rounds: Option<usize>,
    pub(crate) filter: Option<String>,
    pub(crate) patience: Duration,
    pub(crate) project: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            copies: 3,
            noise: cores,
            bound: 0.001,
            each: false,
            time: Duration::from_secs(30 * 60),
            rounds: None,
            filter: None,
            patience: Duration::from_secs(900),
            project: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        }
    }
}

impl Options {
    /// Parses the arguments. Returns `None` if the user asked for help.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().filter(|value| !value.starts_with("--"));
            match name.as_str() {
                "--copies" => options.copies = number(&name, value(), 1..=64)?,
                "--noise" => options.noise = number(&name, value(), 0..=1_024)?,
                "--bound" => options.bound = number(&name, value(), 0.000_1..=99.0)? / 100.0,
                "--each" => options.each = true,
                "--minutes" => {
                    let minutes = number(&name, value(), 0.01..=100_000.0)?;
                    options.time = Duration::from_secs_f64(minutes * 60.0);
                }
                "--rounds" => options.rounds = Some(number(&name, value(), 1..=1_000_000)?),
                "--patience" => {
                    options.patience = Duration::from_secs(number(&name, value(), 1..=86_400)?);
                }
                "--filter" => options.filter = Some(text(&name, "a part of a name", value())?),
                "--project" => options.project = text(&name, "a folder", value())?.into(),
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown option `{name}`; {EXPECTED}").into()),
            }
        }
        Ok(Some(options))
    }
}

fn number<T: FromStr + PartialOrd + Display>(
    name: &str,
    value: Option<String>,
    range: RangeInclusive<T>,
) -> Result<T> {
    let parsed = value.as_ref().and_then(|value| value.parse().ok());
    parsed
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let found = value.map_or("nothing".to_owned(), |value| format!("`{value}`"));
            let (from, to) = (range.start(), range.end());
            format!("expected a number from {from} to {to} after `{name}`, found {found}").into()
        })
}

fn text(name: &str, what: &str, value: Option<String>) -> Result<String> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("expected {what} after `{name}`, found nothing").into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Options;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        let words = line.split_whitespace().map(str::to_owned);
        Options::parse(words).map_err(|error| error.to_string())
    }

    #[test]
    fn all_options_have_defaults() {
        assert_eq!(parse(""), Ok(Some(Options::default())));
    }

    #[test]
    fn each_option_takes_its_value() {
        let expected = Options {
            copies: 4,
            noise: 0,
            bound: 0.01,
            each: true,
            time: Duration::from_secs(90),
            rounds: Some(7),
            filter: Some("port".to_owned()),
            patience: Duration::from_secs(20),
            project: "here".into(),
        };
        let line = "--copies 4 --noise 0 --bound 1 --each --minutes 1.5 --rounds 7 --filter port \
                    --patience 20 --project here";
        assert_eq!(parse(line), Ok(Some(expected)));
    }

    #[test]
    fn help_wins() {
        assert_eq!(parse("--rounds 2 --help"), Ok(None));
    }

    #[test]
    fn mistakes_are_explained() {
        let copies = "expected a number from 1 to 64 after `--copies`, found";
        assert_eq!(parse("--copies"), Err(format!("{copies} nothing")));
        assert_eq!(parse("--copies 0"), Err(format!("{copies} `0`")));
        assert_eq!(parse("--copies --each"), Err(format!("{copies} nothing")));
        let bound = "expected a number from 0.0001 to 99 after `--bound`, found `NaN`";
        assert_eq!(parse("--bound NaN"), Err(bound.to_owned()));
        let filter = "expected a part of a name after `--filter`, found nothing";
        assert_eq!(parse("--filter"), Err(filter.to_owned()));
        let unknown = parse("-x").unwrap_err();
        assert!(unknown.starts_with("unknown option `-x`; expected `--copies`, "));
        assert!(unknown.ends_with(" or `--help`"));
    }
}
