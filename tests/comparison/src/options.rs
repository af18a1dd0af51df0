//! The command line.

use crate::Result;

/// Output of `--help`.
pub(crate) const HELP: &str = "\
Measures isolated-test beside what people use today, each figure side by side in one run, and shows
where that fails. Without a part it measures all of them, without the failures.

  cargo compare [PART ...] [--quick]

Parts:
  overhead     what one test costs
  handover     how a contended key goes from one holder to the next
  ports        how often a picked port is somebody else's when it is used
  build        what 1,000 tests cost to build
  suite        what 200 tests of five milliseconds take
  hosts        servers that tests share or start: time until they answer, and how many there are
  databases    what 200 tests take with a database for each; needs PostgreSQL, and measures also on the
               server that DATABASE_URL names, if it is set
  drop-in      what 200 tests with serial_test take, and with isolated-serial-test in its place
  failures     the known failures of what people use today

Options:
  --quick      fewer rounds, for a first look
  --help       prints this
";

/// A part of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Overhead,
    Handover,
    Ports,
    Build,
    Suite,
    Hosts,
    Databases,
    DropIn,
    Failures,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Overhead,
        Self::Handover,
        Self::Ports,
        Self::Build,
        Self::Suite,
        Self::Hosts,
        Self::Databases,
        Self::DropIn,
        Self::Failures,
    ];

    /// The argument that selects this part.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Overhead => "overhead",
            Self::Handover => "handover",
            Self::Ports => "ports",
            Self::Build => "build",
            Self::Suite => "suite",
            Self::Hosts => "hosts",
            Self::Databases => "databases",
            Self::DropIn => "drop-in",
            Self::Failures => "failures",
        }
    }

    /// The heading of its table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Overhead => "What one test costs",
            Self::Handover => "Handing over a contended key",
            Self::Ports => "Ports that somebody else has when they are used",
            Self::Build => "Building 1,000 tests",
            Self::Suite => "200 tests of 5 ms, half of them with one of ten keys",
            Self::Hosts => "Servers that tests share or start",
            Self::Databases => "200 tests, each with its database",
            Self::DropIn => "200 tests with serial_test, and with the drop-in package",
            Self::Failures => "Known failures",
        }
    }
}

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) parts: Vec<Part>,
    pub(crate) quick: bool,
}

impl Options {
    /// Name of the file for the tables. The failures have a separate file when they run alone.
    pub(crate) fn file(&self) -> &'static str {
        match *self.parts {
            [Part::Failures] => "failures.md",
            _ => "table.md",
        }
    }

    /// Parses the arguments. Returns `None` if the user asked for help.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let (mut parts, mut quick) = (Vec::new(), false);
        for argument in arguments {
            let part = Part::ALL.into_iter().find(|part| part.name() == argument);
            match (part, &*argument) {
                (Some(part), _) => parts.push(part),
                (None, "--quick") => quick = true,
                (None, "--help" | "-h") => return Ok(None),
                (None, _) => {
                    let names = Part::ALL
                        .map(|part| format!("`{}`", part.name()))
                        .join(", ");
                    let error =
                        format!("unknown argument `{argument}`; expected {names} or `--quick`");
                    return Err(error.into());
                }
            }
        }
        if parts.is_empty() {
            parts.extend(Part::ALL.into_iter().filter(|part| *part != Part::Failures));
        }
        Ok(Some(Options { parts, quick }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Part};

    fn parse(line: &str) -> super::Result<Option<Options>> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_a_part_everything_is_measured() {
        let options = parse("--quick").unwrap().unwrap();
        assert!(options.quick);
        assert_eq!(options.parts.len(), 8);
        assert!(!options.parts.contains(&Part::Failures));
    }

    #[test]
    fn an_unknown_word_is_explained() {
        assert_eq!(
            parse("port").unwrap_err().to_string(),
            "unknown argument `port`; expected `overhead`, `handover`, `ports`, `build`, `suite`, \
             `hosts`, `databases`, `drop-in`, `failures` or `--quick`"
        );
    }
}
