//! Workers that all want one key, and write down when they asked, got it, and were done.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::floor;
use crate::spoken::{now, told};

/// How long the key is held.
const HELD: Duration = Duration::from_micros(500);

thread_local! {
    /// When the body of this thread has begun and ended.
    static BODY: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

/// The body of all of them.
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

/// The test that takes the key in this way, for writing or for reading.
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
    test(); // Makes what is made only once.
    let threads: Vec<_> = (0..told("THREADS"))
        .map(|_| {
            // As the test runner would call it, from which isolated-test has the name of the test.
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

/// Keeps this thread and those that it starts on one processor, if there is as many.
fn stay_on(processor: &str) {
    let Ok(processor) = processor.parse() else {
        return;
    };
    let mut set = CpuSet::new();
    set.set(processor);
    // On a machine with one processor they share it.
    let _ = sched_setaffinity(None, &set);
}

/// Wants the key again and again, and says when.
fn work(test: fn(), begin: i64, end: i64) -> String {
    let mut lines = String::new();
    while now() < begin {
        thread::sleep(Duration::from_micros(100));
    }
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
