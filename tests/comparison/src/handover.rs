//! A contended key: latency of the hand-over, longest wait, and fairness.

use std::path::Path;
use std::time::Duration;

use crate::bounded::Bounded;
use crate::place::Place;
use crate::ports::now;
use crate::rows::{Row, median};
use crate::{Result, binaries, progress};

/// The processes and threads that want the key.
struct Crowd {
    name: &'static str,
    /// Number of processes, and threads in each.
    writers: (usize, usize),
    readers: (usize, usize),
    /// Whether each process is pinned to its own processor, so that the next holder has to be woken
    /// there.
    is_spread: bool,
    methods: &'static [&'static str],
}

/// The method that runs the binary with the optimized runtime.
const OPTIMIZED: &str = "isolated-test, runtime optimized";

const ACROSS: &[&str] = &[
    "flock",
    "isolated-test",
    OPTIMIZED,
    "serial_test `file_serial`",
];
const INSIDE: &[&str] = &[
    "std `Mutex`",
    "flock",
    "isolated-test",
    "serial_test `serial`",
    "serial_test `file_serial`",
];

const fn crowd(
    name: &'static str,
    writers: (usize, usize),
    readers: (usize, usize),
    methods: &'static [&'static str],
) -> Crowd {
    Crowd {
        name,
        writers,
        readers,
        is_spread: false,
        methods,
    }
}

const CROWDS: [Crowd; 7] = [
    crowd("2 processes", (2, 1), (0, 0), ACROSS),
    Crowd {
        is_spread: true,
        ..crowd(
            "2 processes, each on its own processor",
            (2, 1),
            (0, 0),
            ACROSS,
        )
    },
    crowd("8 processes", (8, 1), (0, 0), ACROSS),
    crowd("32 processes", (32, 1), (0, 0), ACROSS),
    crowd("2 threads", (1, 2), (0, 0), INSIDE),
    crowd("8 threads", (1, 8), (0, 0), INSIDE),
    crowd("2 writers and 6 readers", (2, 1), (6, 1), ACROSS),
];

/// One period in which a worker held the key, with times in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Hold {
    worker: usize,
    asked: i64,
    got: i64,
    done: i64,
}

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    progress::say("handover: building");
    let [measured] = binaries::build(["measured"])?;
    let [optimized] = binaries::build_optimized(["measured"])?;
    let (rounds, time) = if quick {
        (2, Duration::from_millis(400))
    } else {
        (3, Duration::from_secs(1))
    };
    let mut rows = Vec::new();
    for crowd in &CROWDS {
        for round in 0..rounds {
            for method in crowd.methods {
                let name = crowd.name;
                progress::say(&format!(
                    "handover: {name}, round {} of {rounds}, {method}",
                    round + 1
                ));
                let (binary, called) = match *method {
                    OPTIMIZED => (&optimized, "isolated-test"),
                    method => (&measured, method),
                };
                let (writing, reading) = crowd.run(binary, called, time)?;
                let mut add = |what: &str, value, unit: &str| {
                    rows.push(Row::new(
                        &format!("{name}: {what}"),
                        method,
                        round,
                        value,
                        unit,
                    ));
                };
                if reading.is_empty() {
                    let waits = handovers(&writing);
                    add("hand-over, median", median(waits.iter().copied()), "µs");
                    add("hand-over, 99 of 100", percentile(&waits, 99), "µs");
                    add(
                        "least served of most served",
                        share(&writing, crowd.writers),
                        "",
                    );
                } else {
                    add("reads per second", per_second(&reading, time), "/s");
                }
                add("longest wait of a writer", longest(&writing), "ms");
                add(
                    "held for writing per second",
                    per_second(&writing, time),
                    "/s",
                );
            }
        }
    }
    Ok(rows)
}

impl Crowd {
    /// Runs all workers for `time` and returns the holds of the writers and those of the readers.
    fn run(&self, measured: &Path, method: &str, time: Duration) -> Result<(Vec<Hold>, Vec<Hold>)> {
        let place = Place::create()?;
        // Late enough for every worker to have started.
        let processes = i64::try_from(self.writers.0 + self.readers.0)?;
        let begin = now() + 100_000_000 + processes * 12_000_000;
        let end = begin + i64::try_from(time.as_nanos())?;
        let start = |writes: bool, (processes, threads): (usize, usize)| {
            (0..processes)
                .map(|index| {
                    let processor = if self.is_spread {
                        index.to_string()
                    } else {
                        String::new()
                    };
                    let mut worker = place.test(measured, "handover::worker");
                    worker
                        .env("COMPARE_METHOD", method)
                        .env("COMPARE_WRITES", writes.to_string())
                        .env("COMPARE_PROCESSOR", processor)
                        .env("COMPARE_THREADS", threads.to_string())
                        .env("COMPARE_BEGIN", begin.to_string())
                        .env("COMPARE_END", end.to_string());
                    Bounded::start(worker)
                })
                .collect::<Result<Vec<_>>>()
        };
        let (writers, readers) = (start(true, self.writers)?, start(false, self.readers)?);
        let holds = |workers: Vec<Bounded>| -> Result<Vec<Hold>> {
            let mut holds = Vec::new();
            for (index, worker) in workers.into_iter().enumerate() {
                let ended = worker.wait(Duration::from_secs(40))?;
                read(
                    &ended.expect("a process that wants a key")?,
                    index * 100,
                    &mut holds,
                );
            }
            holds.sort_by_key(|hold| hold.got);
            Ok(holds)
        };
        Ok((holds(writers)?, holds(readers)?))
    }
}

/// Parses the holds that a process printed for each of its threads.
fn read(printed: &str, first: usize, holds: &mut Vec<Hold>) {
    let mut worker = first;
    for line in printed.lines() {
        if line == "end" {
            worker += 1;
        }
        let numbers = line.strip_prefix("held,").map(|line| {
            let mut numbers = line
                .split(',')
                .map(|number| number.parse().unwrap_or_default());
            [(); 3].map(|()| numbers.next().unwrap_or_default())
        });
        if let Some([asked, got, done]) = numbers {
            holds.push(Hold {
                worker,
                asked,
                got,
                done,
            });
        }
    }
}

/// Times from the end of one body to the start of the next, in µs, for workers that were already
/// waiting.
fn handovers(holds: &[Hold]) -> Vec<f64> {
    let pairs = holds.windows(2).filter(|pair| pair[1].asked < pair[0].done);
    pairs
        .map(|pair| nanos(pair[1].got - pair[0].done) / 1e3)
        .collect()
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let index = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or_default()
}

/// Longest wait for the key, in milliseconds.
fn longest(holds: &[Hold]) -> f64 {
    holds
        .iter()
        .map(|hold| nanos(hold.got - hold.asked) / 1e6)
        .fold(0.0, f64::max)
}

/// Ratio of the fewest holds of a worker to the most.
fn share(holds: &[Hold], (processes, threads): (usize, usize)) -> f64 {
    let mut workers: Vec<_> = holds.iter().map(|hold| hold.worker).collect();
    workers.sort_unstable();
    let counts: Vec<_> = workers.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    let (least, most) = (counts.iter().min(), counts.iter().max());
    match (least, most) {
        (Some(least), Some(most)) if counts.len() == processes * threads => {
            count(*least) / count(*most)
        }
        _ => 0.0,
    }
}

fn per_second(holds: &[Hold], time: Duration) -> f64 {
    count(holds.len()) / time.as_secs_f64()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a measurement has fewer digits than that"
)]
fn nanos(number: i64) -> f64 {
    number as f64
}
