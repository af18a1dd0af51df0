//! The command line.

use crate::Result;

/// Output of `--help`.
pub(crate) const HELP: &str = "\
Runs a suite of tests as people write it today and the same suite annotated with `#[isolated]`,
each one test at a time and in several processes at once, and prints how often they collided.

Options:
  --rounds N       how often all processes are started together (default 5)
  --processes N    how many run at the same time, and one after the other before (default 4)
  --threads N      threads of each process (default: as many as the machine has cores)
  --help           prints this
";

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) processes: usize,
    pub(crate) threads: Option<usize>,
}

impl Options {
    /// Parses the arguments. Returns `None` if the user asked for help.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let mut options = Self {
            rounds: 5,
            processes: 4,
            threads: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--rounds" => options.rounds = number(&name, arguments.next())?,
                "--processes" => options.processes = number(&name, arguments.next())?,
                "--threads" => options.threads = Some(number(&name, arguments.next())?),
                "--help" | "-h" => return Ok(None),
                _ => {
                    let expected = "expected `--rounds`, `--processes`, `--threads` or `--help`";
                    return Err(format!("unknown option `{name}`; {expected}").into());
                }
            }
        }
        Ok(Some(options))
    }
}

fn number(name: &str, value: Option<String>) -> Result<usize> {
    let number = value.as_ref().and_then(|value| value.parse().ok());
    number
        .filter(|number| (1..=1_000).contains(number))
        .ok_or_else(|| {
            let found = value.map_or("nothing".to_owned(), |value| format!("`{value}`"));
            format!("expected a number from 1 to 1000 after `{name}`, found {found}").into()
        })
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> Result<Option<Options>, String> {
        let words = line.split_whitespace().map(str::to_owned);
        Options::parse(words).map_err(|error| error.to_string())
    }

    #[test]
    fn all_options_have_defaults() {
        let expected = Options {
            rounds: 5,
            processes: 4,
            threads: None,
        };
        assert_eq!(parse(""), Ok(Some(expected)));
    }

    #[test]
    fn each_option_takes_a_number() {
        let expected = Options {
            rounds: 2,
            processes: 8,
            threads: Some(3),
        };
        assert_eq!(
            parse("--rounds 2 --threads 3 --processes 8"),
            Ok(Some(expected))
        );
    }

    #[test]
    fn help_wins() {
        assert_eq!(parse("--rounds 2 --help"), Ok(None));
    }

    #[test]
    fn mistakes_are_explained() {
        let number = "expected a number from 1 to 1000 after `--rounds`, found";
        assert_eq!(parse("--rounds"), Err(format!("{number} nothing")));
        assert_eq!(parse("--rounds 0"), Err(format!("{number} `0`")));
        let expected = "expected `--rounds`, `--processes`, `--threads` or `--help`";
        assert_eq!(parse("-x"), Err(format!("unknown option `-x`; {expected}")));
    }
}
