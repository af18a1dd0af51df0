//! Workers that contend for one key and record when they asked for it, got it, and released it.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::floor;
use crate::spoken::{now, told};

/// Duration of each hold: the load that is measured. Nothing is awaited.
const HELD: Duration = Duration::from_micros(500);

thread_local! {
    /// Start and end of the last body on this thread.
    static BODY: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

/// The body of every worker's test.
fn body() {
    let got = now();
    thread::sleep(HELD);
    BODY.set((got, now()));
}

mod isolated {
    use isolated_test::isolated;

    #[isolated(serial = "handed over")]
    #[test]
    pub(super) fn serial() {
        super::body();
    }

    #[isolated(shared = "handed over")]
    #[test]
    pub(super) fn shared() {
        super::body();
    }
}

mod serial_test_peer {
    use serial_test::{file_parallel, file_serial, parallel, serial};

    #[test]
    #[serial(handed_over)]
    pub(super) fn serial() {
        super::body();
    }

    #[test]
    #[parallel(handed_over)]
    pub(super) fn parallel() {
        super::body();
    }

    #[test]
    #[file_serial(handed_over)]
    pub(super) fn file_serial() {
        super::body();
    }

    #[test]
    #[file_parallel(handed_over)]
    pub(super) fn file_parallel() {
        super::body();
    }
}

fn mutex() {
    static MUTEX: Mutex<()> = Mutex::new(());
    let _guard = MUTEX.lock().unwrap_or_else(PoisonError::into_inner);
    body();
}

/// The test that acquires the key with `method`, for writing or for reading.
fn test_of(method: &str, writes: bool) -> fn() {
    match (method, writes) {
        ("flock", true) => || floor::locked(FlockOperation::LockExclusive, body),
        ("flock", false) => || floor::locked(FlockOperation::LockShared, body),
        ("isolated-test", true) => isolated::serial,
        ("isolated-test", false) => isolated::shared,
        ("serial_test `serial`", true) => serial_test_peer::serial,
        ("serial_test `serial`", false) => serial_test_peer::parallel,
        ("serial_test `file_serial`", true) => serial_test_peer::file_serial,
        ("serial_test `file_serial`", false) => serial_test_peer::file_parallel,
        ("std `Mutex`", _) => mutex,
        _ => panic!("there is no method {method}"),
    }
}

#[test]
fn worker() {
    let (begin, end): (i64, i64) = (told("BEGIN"), told("END"));
    stay_on(&told::<String>("PROCESSOR"));
    let test = test_of(&told::<String>("METHOD"), told("WRITES"));
    test(); // Warms up everything that is created only once.
    let threads: Vec<_> = (0..told("THREADS"))
        .map(|_| {
            // Named as the test runner would name it, because isolated-test takes the test's name
            // from the thread.
            let thread = thread::Builder::new().name("serial::shared".to_owned());
            thread
                .spawn(move || work(test, begin, end))
                .expect("a thread can be started")
        })
        .collect();
    let lines = threads
        .into_iter()
        .map(|thread| thread.join().expect("no worker panics"));
    println!("\n{}", lines.collect::<Vec<_>>().join("end\n"));
}

/// Pins this thread and the threads it starts to one processor, if the machine has that many.
fn stay_on(processor: &str) {
    let Ok(processor) = processor.parse() else {
        return;
    };
    let mut set = CpuSet::new();
    set.set(processor);
    // With fewer processors, the workers share one.
    let _ = sched_setaffinity(None, &set);
}

/// Acquires the key repeatedly and records the times.
fn work(test: fn(), begin: i64, end: i64) -> String {
    let mut lines = String::new();
    let left = u64::try_from(begin - now()).unwrap_or_default();
    // All workers begin at the same time.
    thread::sleep(Duration::from_nanos(left));
    loop {
        let asked = now();
        if asked >= end {
            return lines;
        }
        test();
        let (got, done) = BODY.get();
        writeln!(lines, "held,{asked},{got},{done}").expect("strings can be written");
    }
}
