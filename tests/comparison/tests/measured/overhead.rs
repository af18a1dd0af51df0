//! Overhead of one test, in rounds in which each method has a turn.

use std::thread;
use std::time::{Duration, Instant};

use crate::attributed::{self, context, isolated, serial_test_peer};
use crate::spoken::{row, told};
use crate::{floor, processes};

/// Time for which one method is called in one round.
const TURN: Duration = Duration::from_millis(25);

/// Number of calls measured together, because reading the clock has a cost too.
const BATCH: u32 = 10;

enum Calls {
    /// Called as often as the turn allows.
    One(fn()),
    /// A costly method, which takes the number of calls and measures each of them.
    Many(fn(u32) -> Vec<Duration>),
}

use Calls::{Many, One};

/// Each case: its title, the name of the test, and the methods. The first method is the baseline of
/// the ratios.
const CASES: &[(&str, &str, &[(&str, Calls)])] = &[
    (
        "nothing requested",
        "nothing",
        &[
            ("plain function", One(attributed::nothing)),
            ("isolated-test", One(isolated::nothing)),
        ],
    ),
    (
        "`tmpdir`",
        "tmpdir",
        &[
            ("floor", One(floor::tmpdir)),
            ("isolated-test", One(isolated::tmpdir)),
            ("tempfile", One(attributed::tempfile_peer)),
            ("test-context with tempfile", One(context::tmpdir)),
        ],
    ),
    (
        "`port`",
        "port",
        &[
            ("floor", One(floor::port)),
            ("isolated-test", One(isolated::port)),
            ("bind(0) and drop", One(attributed::bind_and_drop)),
            ("portpicker", One(attributed::portpicker_peer)),
        ],
    ),
    (
        "`serial`, uncontended",
        "serial",
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
        "shared",
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
        "all",
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
        "process",
        &[
            ("floor", Many(processes::floor)),
            ("`posix_spawn` instead of fork", Many(processes::spawned)),
            ("isolated-test", Many(processes::isolated)),
            ("rusty-fork", Many(processes::rusty_fork)),
            ("test-fork", Many(processes::test_fork)),
            ("sealed_test", Many(processes::sealed_test)),
        ],
    ),
    (
        "`process`, by what is resident in the test runner",
        "process",
        &[
            ("isolated-test with 10 MiB", Many(processes::isolated_small)),
            ("isolated-test with 1 GiB", Many(processes::isolated_large)),
            ("floor with 1 GiB", Many(processes::floor_large)),
            ("sealed_test with 1 GiB", Many(processes::sealed_test_large)),
        ],
    ),
];

#[test]
fn rounds() {
    for (case, name, methods) in CASES {
        // Named as the test runner would name it, because isolated-test takes the test's name from
        // the thread.
        let thread = thread::Builder::new().name(format!("attributed::isolated::{name}"));
        let ended = thread
            .spawn(|| measure(case, methods))
            .expect("a thread can be started")
            .join();
        assert!(ended.is_ok(), "a test that is measured failed");
    }
}

fn measure(case: &str, methods: &[(&str, Calls)]) {
    let rounds = told("ROUNDS");
    // The command repeats some cases and methods under other conditions that should be faster.
    let (elsewhere, cases): (String, String) = (told("ELSEWHERE"), told("CASES"));
    let only: String = told("METHODS");
    let is_wanted = |method: &str| only.is_empty() || only.split(',').any(|one| one == method);
    let methods: Vec<_> = methods
        .iter()
        .filter(|(method, _)| is_wanted(method))
        .collect();
    if !case.contains(&cases) || methods.len() < 2 {
        return;
    }
    let case = &format!("{case}{elsewhere}");
    for (_, calls) in &methods {
        calls.measure(); // Warms up everything that is created only once.
    }
    for round in 0..rounds {
        // Rotate the order so that no method always follows the same one.
        let mut order = methods.clone();
        order.rotate_left(round as usize % methods.len());
        for (method, calls) in order {
            row(case, method, round, format!("{:.4}", calls.measure()), "µs");
        }
    }
}

impl Calls {
    /// The median of one turn, in microseconds. The median ignores calls that were interrupted.
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
