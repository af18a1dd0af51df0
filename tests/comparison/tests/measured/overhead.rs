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

/// What is compared with what, and the name of the test; the first of each case is what the others
/// are compared with.
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
        // As the test runner would call it, from which isolated-test has the name of the test.
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
    // Only some of them, once more, where it is said to be faster.
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
        calls.measure(); // Makes what is made only once.
    }
    for round in 0..rounds {
        // Nobody always comes after the same one.
        let mut order = methods.clone();
        order.rotate_left(round as usize % methods.len());
        for (method, calls) in order {
            row(case, method, round, format!("{:.4}", calls.measure()), "µs");
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
