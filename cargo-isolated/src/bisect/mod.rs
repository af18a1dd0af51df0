//! `cargo isolated bisect`: finds which other tests make a test fail.
//!
//! The flow is: the suite is built → the test is run alone → for each [`Way`], a [search](Search)
//! through the other tests → [report].

mod ddmin;
mod named;
mod probe;
mod repeat;
mod report;
mod search;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;

pub(crate) use self::probe::{Prober, Way};
use self::repeat::Repeat;
use self::report::{Report, WayReport};
pub(crate) use self::search::Rate;
use self::search::{Found, Search};
use crate::figures::{parse_rate, parse_time};
use crate::progress::Progress;
use crate::suite::{Runner, Selection, Suite};
use crate::terminal::print;
use crate::{cargo, interrupt};

/// Finds which other tests make a test fail.
///
/// They may run before it in the same process, at the same time in the same
/// process, or at the same time in other processes. In one process, libtest
/// starts tests in alphabetical order, so only tests whose names sort before
/// the test's can run before it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated bisect orders::totals
  cargo isolated bisect 'shop::api orders::totals' --way processes -- -p shop

Exit status:
  0  other tests were found that make it fail
  1  none were: it fails alone, or does not fail
  2  the command could not do its work")]
pub(crate) struct Arguments {
    /// The test: its full name, or its binary and its name as nextest prints
    /// them.
    test: String,
    /// The ways to try; by default, all.
    #[arg(long, value_delimiter = ',', value_name = "WAY,...")]
    way: Vec<Way>,
    /// The most independent sets of tests to look for in each way.
    #[arg(long, default_value_t = 3, value_name = "N")]
    max: usize,
    /// The confidence that each test of a set is needed.
    #[arg(long, default_value = "95%", value_name = "PERCENT", value_parser = parse_rate)]
    confidence: f64,
    /// The number of runs with all other tests after which the test passes.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Kill a test that takes longer; it has failed.
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = parse_time)]
    timeout: Duration,
    /// The number of other processes at once [default: the number of cores, but
    /// at least 4].
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Arguments of `cargo test` that select packages, targets and features.
    #[arg(last = true, value_name = "ARGUMENT")]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let selection = Selection::of(Runner::Libtest, &arguments.words);
    if let Some(word) = selection.rest.first() {
        bail!(
            "`{}` does not select what to build; after `--`, write arguments such as `-p`, `--test` \
             and `--features`",
            word.to_string_lossy()
        );
    }
    interrupt::catch()?;
    let suite = Suite::build(&selection)?;
    let test = named::find(&suite, &arguments.test)?;
    let jobs = arguments.jobs.unwrap_or_else(cores_or_more).max(1);
    let prober = Prober::new(&suite, &test, arguments.timeout, jobs)?;
    let repeat = Repeat {
        suite: &suite,
        selection: &selection,
        test: &test,
        has_nextest: cargo::has_nextest(),
    };
    let mut progress = Progress::new();
    let mut report = Report::new(&test, arguments.confidence);

    let mut searched = alone(&prober, &mut report, &mut progress);
    if report.alone.failures == 0 {
        let ways = if arguments.way.is_empty() {
            Way::value_variants()
        } else {
            &arguments.way
        };
        for way in ways {
            searched = searched.and_then(|()| {
                let report = &mut report;
                search(arguments, *way, &prober, report, &mut progress, &repeat)
            });
        }
    }
    drop(progress);
    if arguments.json {
        print(serde_json::to_string_pretty(&report)? + "\n")?;
    } else {
        print(report.text(searched.is_err()))?;
    }
    searched?;
    let has_found = report.ways.iter().any(WayReport::has_culprits);
    Ok(ExitCode::from(u8::from(!has_found)))
}

/// The default of `--jobs`. It allows for tests that fail only while three others run.
pub(crate) fn cores_or_more() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4))
}

/// Runs the test alone several times.
fn alone(prober: &Prober, report: &mut Report, progress: &mut Progress) -> Result<()> {
    const RUNS: u64 = 10;
    while report.alone.runs < RUNS {
        progress.show(|| format!("alone: {} of {RUNS} runs", report.alone.runs));
        let failed = prober.alone()?;
        report.alone.runs += 1;
        if let Some(message) = failed {
            report.alone.failures += 1;
            report.message.get_or_insert(message);
        }
    }
    Ok(())
}

fn search(
    arguments: &Arguments,
    way: Way,
    prober: &Prober,
    report: &mut Report,
    progress: &mut Progress,
    repeat: &Repeat,
) -> Result<()> {
    // Tests that make it fail by running before it would be found again on threads.
    let mut candidates = prober.candidates(way);
    if way == Way::Threads {
        candidates.retain(|test| !report.culprits(Way::Before).any(|known| known == test));
    }
    let count = candidates.len();
    let mut search = Search {
        probe: |others: &[_]| prober.run(way, others),
        observe: |done, estimate| {
            progress.show(|| format!("{}: {done} of about {estimate} runs", way.words()));
        },
        confidence: arguments.confidence,
        most: arguments.runs,
        probes: 0,
        estimate: 0,
    };
    let mut found = Found::default();
    let searched = search.run(candidates, arguments.max, &mut found);
    report.probes += search.probes;
    let found = WayReport::new(way, count, search.probes, found, repeat);
    progress.say(&found.line());
    report.ways.push(found);
    searched
}
