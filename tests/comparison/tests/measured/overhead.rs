//! What one test costs, in rounds in which each method has its turn.

use std::thread;
use std::time::{Duration, Instant};

use crate::attributed::{self, context, isolated, serial_test_peer};
use crate::spoken::{row, told};
use crate::{floor, processes};

/// How long one method is called in one round.
const TURN: Duration = Duration::from_millis(25);

/// How many calls are measured together: reading the clock costs, too.
const BATCH: u32 = 10;

enum Calls {
    /// Called as often as the turn allows.
    One(fn()),
    /// Costly ones, which are told how often, and measure each call.
    Many(fn(u32) -> Vec<Duration>),
}

use Calls::{Many, One};

/// What is compared with what; the first of each case is what the others are compared with.
const CASES: &[(&str, &[(&str, Calls)])] = &[
    (
        "nothing requested",
        &[
            ("plain function", One(attributed::nothing)),
            ("isolated-test", One(isolated::nothing)),
        ],
    ),
    (
        "`tmpdir`",
        &[
            ("floor", One(floor::tmpdir)),
            ("isolated-test", One(isolated::tmpdir)),
            ("tempfile", One(attributed::tempfile_peer)),
            ("test-context with tempfile", One(context::tmpdir)),
        ],
    ),
    (
        "`port`",
        &[
            ("floor", One(floor::port)),
            ("isolated-test", One(isolated::port)),
            ("bind(0) and drop", One(attributed::bind_and_drop)),
            ("portpicker", One(attributed::portpicker_peer)),
        ],
    ),
    (
        "`serial`, uncontended",
        &[
            ("floor", One(floor::serial)),
            ("isolated-test", One(isolated::serial)),
            ("std `File::lock`", One(attributed::std_file)),
            (
                "serial_test `file_serial`",
                One(serial_test_peer::file_serial),
            ),
            (
                "serial_test `serial` (one process only)",
                One(serial_test_peer::serial),
            ),
            ("std `Mutex` (one process only)", One(attributed::mutex)),
        ],
    ),
    (
        "`shared`, uncontended",
        &[
            ("floor", One(floor::shared)),
            ("isolated-test", One(isolated::shared)),
            (
                "serial_test `file_parallel`",
                One(serial_test_peer::file_parallel),
            ),
            (
                "serial_test `parallel` (one process only)",
                One(serial_test_peer::parallel),
            ),
        ],
    ),
    (
        "`port`, `tmpdir` and `serial`",
        &[
            ("floor", One(floor::all)),
            ("isolated-test", One(isolated::all)),
            (
                "`file_serial` + tempfile + bind(0) and drop",
                One(serial_test_peer::all),
            ),
        ],
    ),
    (
        "`process`",
        &[
            ("floor", Many(processes::floor)),
            ("`posix_spawn` instead of fork", Many(processes::spawned)),
            ("isolated-test", Many(processes::isolated)),
            ("rusty-fork", Many(processes::rusty_fork)),
            ("test-fork", Many(processes::test_fork)),
            ("sealed_test", Many(processes::sealed_test)),
        ],
    ),
];

/// The test runner gives the thread of a test its name, from which isolated-test takes it; so this
/// one has those of all tests that are called.
const THREAD: &str = "nothing::tmpdir::port::serial::shared::all";

#[test]
fn rounds() {
    let thread = thread::Builder::new().name(THREAD.to_owned());
    let ended = thread
        .spawn(measure)
        .expect("a thread can be started")
        .join();
    assert!(ended.is_ok(), "a test that is measured failed");
}

fn measure() {
    let rounds = told("ROUNDS");
    // Only those that write, once more, where it is said to be faster.
    let elsewhere: String = told("ELSEWHERE");
    let cases = CASES
        .iter()
        .filter(|(case, _)| elsewhere.is_empty() || case.contains("tmpdir"));
    for (case, methods) in cases {
        let case = &format!("{case}{elsewhere}");
        for (_, calls) in *methods {
            calls.measure(); // Makes what is made only once.
        }
        for round in 0..rounds {
            // Nobody always comes after the same one.
            let mut order: Vec<_> = methods.iter().collect();
            order.rotate_left(round as usize % methods.len());
            for (method, calls) in order {
                row(case, method, round, format!("{:.4}", calls.measure()), "µs");
            }
        }
    }
}

impl Calls {
    /// The median of one turn, in microseconds: whoever interrupts some calls does not count.
    fn measure(&self) -> f64 {
        let start = Instant::now();
        let mut times = Vec::new();
        match self {
            One(call) => {
                while start.elapsed() < TURN {
                    let batch = Instant::now();
                    (0..BATCH).for_each(|_| call());
                    times.push(batch.elapsed() / BATCH);
                }
            }
            Many(call) => times = call(15),
        }
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6
    }
}
