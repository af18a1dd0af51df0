//! Port collisions: many processes pick ports and use them a millisecond later, while a neighbour
//! constantly binds and releases ports.

use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::bounded::Bounded;
use crate::place::Place;
use crate::rows::Row;
use crate::{Result, binaries, progress};

/// `floor` keeps a socket bound to each port until the server listens.
const METHODS: [&str; 4] = ["floor", "isolated-test", "bind(0) and drop", "portpicker"];
const PROCESSES: u32 = 16;
const BOUND: Duration = Duration::from_mins(1);

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("ports: building");
    let [measured] = binaries::build(["measured"])?;
    let (rounds, picks) = if quick { (2, 300) } else { (5, 1_250) };
    let mut rows = Vec::new();
    for round in 0..rounds {
        for method in METHODS {
            progress::say(&format!("ports: round {} of {rounds}, {method}", round + 1));
            let count = collisions(&measured, method, picks)?;
            let per = f64::from(count) * 100_000.0 / f64::from(picks * PROCESSES);
            rows.push(Row::new(
                "collisions per 100,000 picks",
                method,
                round,
                per,
                "",
            ));
        }
    }
    Ok(rows)
}

/// Runs all processes, each with `picks` ports picked by `method`, and counts the ports that
/// somebody else held when they were used.
pub(crate) fn collisions(measured: &Path, method: &str, picks: u32) -> Result<u32> {
    let place = Place::create()?;
    let mut neighbour = place.test(measured, "picked::neighbour");
    let end = now() + i64::try_from(BOUND.as_nanos())?;
    neighbour.env("COMPARE_END", end.to_string());
    let neighbour = Bounded::start(neighbour)?;
    let workers: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut worker = place.test(measured, "picked::worker");
            worker
                .env("COMPARE_METHOD", method)
                .env("COMPARE_PICKS", picks.to_string());
            Bounded::start(worker)
        })
        .collect::<Result<_>>()?;
    let mut count = 0;
    for worker in workers {
        let printed = worker.wait(BOUND)?.expect("a process that picks ports")?;
        let counts = printed
            .lines()
            .filter_map(|line| line.strip_prefix("collisions,"));
        count += counts
            .filter_map(|count| count.parse::<u32>().ok())
            .sum::<u32>();
    }
    neighbour.kill();
    Ok(count)
}

/// Monotonic time in nanoseconds, from the clock that all processes share.
pub(crate) fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
