//! The command line of `cargo isolated stress`.

use std::ffi::OsString;
use std::time::Duration;

use clap::ValueEnum;

use super::processor::refusal;
use crate::figures::{parse_rate, parse_time};

/// Runs the tests under load until their failure rate is known.
///
/// Rounds of several copies of the suite run at once, next to noise, with some
/// copies on a throttled processor. Then each test that failed is run again to
/// find out what makes it fail: nothing else, load, or another test.
#[derive(Debug, clap::Args)]
#[command(
    args_override_self = true,
    after_help = "\
Examples:
  cargo isolated stress
  cargo isolated stress --below 0.1% --for 1h -- -p shop -E 'test(orders)'

Exit status:
  0  nothing failed, and the bound is shown
  1  a test failed
  2  the bound is not shown, or the command could not do its work"
)]
pub(crate) struct Options {
    /// Stop when the failure rate is shown to be below this, with 95 %
    /// confidence.
    #[arg(long, default_value = "1%", value_name = "PERCENT", value_parser = parse_rate)]
    pub(crate) below: f64,
    /// Show it for all test runs together, not for each single test.
    #[arg(long)]
    pub(crate) together: bool,
    /// Stop after this time, not counting the build and the reruns.
    #[arg(long = "for", default_value = "10m", value_name = "TIME", value_parser = parse_time)]
    pub(crate) time: Duration,
    /// Stop after this number of rounds.
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,
    /// The number of copies of the suite that run at once.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = at_least_one)]
    pub(crate) copies: usize,
    /// The number of threads that use the processor in bursts; 0 for no noise
    /// [default: the number of cores].
    #[arg(long, value_name = "N")]
    pub(crate) noise: Option<usize>,
    /// The share of one processor that every second copy gets; `off` for no
    /// throttled copies. Needs Linux.
    #[arg(long, default_value = "10%", value_name = "PERCENT", value_parser = parse_throttle)]
    pub(crate) throttle: Throttled,
    /// The test runner.
    #[arg(long, value_enum, default_value_t = Runners::Auto, value_name = "RUNNER")]
    pub(crate) runner: Runners,
    /// The most reruns of a failed test in each setting; 0 for none.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) reruns: u64,
    /// End a copy that has no result for this long, as hung.
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = parse_time)]
    pub(crate) patience: Duration,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Arguments of `cargo nextest run` or `cargo test`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) words: Vec<OsString>,
}

/// The runners of the copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runners {
    /// Nextest if it is installed, otherwise `cargo test`.
    Auto,
    /// `cargo nextest run`: a process for each test.
    Nextest,
    /// `cargo test`: a process for each binary, and documentation examples.
    CargoTest,
    /// Each in turn, if nextest is installed.
    Both,
}

/// The share of a processor that throttled copies get; `None` for no throttled copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Throttled(pub(crate) Option<f64>);

impl Options {
    /// The share of a processor that throttled copies get, if processors can be throttled here.
    pub(crate) fn share(&self) -> Option<f64> {
        self.throttle.0.filter(|_| refusal().is_none())
    }

    /// Number of noisy threads.
    pub(crate) fn noise(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.noise.unwrap_or_else(cores)
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().unwrap_or(0);
    if (1..=64).contains(&number) {
        Ok(number)
    } else {
        Err("expected a number from 1 to 64".to_owned())
    }
}

fn parse_throttle(text: &str) -> Result<Throttled, String> {
    if text == "off" {
        return Ok(Throttled(None));
    }
    match parse_rate(text) {
        Ok(part) if (0.02..=0.5).contains(&part) => Ok(Throttled(Some(part))),
        _ => Err("expected `off` or a percentage from 2 to 50 such as `10%`".to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::{Options, Runners, Throttled};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    pub(crate) fn parse(line: &str) -> Result<Options, String> {
        let words = ["stress"].into_iter().chain(line.split_whitespace());
        let parsed = Line::try_parse_from(words);
        parsed
            .map(|line| line.options)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_last_of_equal_options_counts() {
        let options = parse("--below 1% --for 10m --below 0.1% --for 30s").expect("a valid line");
        assert!((options.below - 0.001).abs() < 1e-9);
        assert_eq!(options.time.as_secs(), 30);
    }

    #[test]
    fn words_of_the_runner_follow_two_dashes() {
        let options = parse("--runner both -- -p shop -- --skip slow").expect("a valid line");
        assert_eq!(options.runner, Runners::Both);
        assert_eq!(options.words, ["-p", "shop", "--", "--skip", "slow"]);
        assert!(parse("-p shop").is_err());
    }

    #[test]
    fn throttling_can_be_turned_off() {
        let throttle = |line: &str| parse(line).map(|options| options.throttle);
        assert_eq!(throttle(""), Ok(Throttled(Some(0.1))));
        assert_eq!(throttle("--throttle off"), Ok(Throttled(None)));
        let error = throttle("--throttle 60%").expect_err("too much");
        assert!(error.contains("from 2 to 50"), "{error}");
    }
}
