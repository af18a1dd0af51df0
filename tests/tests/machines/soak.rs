//! Random locks on three machines, with killed tests, crashes of the server, and silent and slow networks.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_tests::witness::Counters;
use isolated_test_tests::{Random, State};

use crate::network::{Network, URL, Weather};

/// The number of acquisitions, unless the variable `MACHINES_SOAK` has another one.
const OPERATIONS: u64 = 300;

const MACHINES: usize = 3;

/// The number of test runners on each machine.
const RUNNERS: usize = 2;

/// The longest time without any progress. A silent network takes ten seconds, and the time for which
/// a test waits for the same holder is longer.
const HANGS: Duration = Duration::from_secs(90);

/// The counters that all processes share.
const DONE: usize = 0;
const OVERLAPS: usize = 1;
const BACKWARDS: usize = 2;
/// For each key: the highest fence of any holder, and of an exclusive one.
const FENCES: usize = 3;
const COUNTERS: usize = FENCES + 4;

mod inner {
    use std::path::Path;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use isolated_test::{Key, current, isolated};
    use isolated_test_tests::Random;
    use isolated_test_tests::witness::{Counters, Witness};

    use super::{BACKWARDS, COUNTERS, DONE, FENCES, OVERLAPS};

    const A: Key = Key::across_machines("a");
    const B: Key = Key::across_machines("b");

    #[derive(Clone, Copy, PartialEq)]
    enum Held {
        Alone,
        Shared,
        OneOf(i32),
    }

    /// Checks what others hold, by a witness that knows nothing of the server, and by the fences.
    fn testify(held: &[(usize, Held)]) {
        let dir = std::env::var_os("SOAK_DIR").expect("the outer test says where");
        let counters = Counters::open(&Path::new(&dir).join("counters"), COUNTERS).unwrap();
        let witness = Witness::open(&Path::new(&dir).join("witness")).unwrap();
        let count = |index: usize| counters.at(index).fetch_add(1, Ordering::SeqCst);
        for (key, held) in held {
            let main = i32::try_from(key * 10).unwrap();
            let is_free = witness.enter(main, *held == Held::Alone);
            let has_slot = match held {
                Held::OneOf(limit) => (1..=*limit).any(|slot| witness.enter(main + slot, true)),
                Held::Alone | Held::Shared => true,
            };
            if !is_free || !has_slot {
                count(OVERLAPS);
            }
            let fence = current().fence([A, B][*key]).unwrap();
            let (any, alone) = (FENCES + key * 2, FENCES + key * 2 + 1);
            let above = if *held == Held::Alone { any } else { alone };
            if counters.at(above).load(Ordering::SeqCst) >= fence {
                count(BACKWARDS);
            }
            counters.at(any).fetch_max(fence, Ordering::SeqCst);
            if *held == Held::Alone {
                counters.at(alone).fetch_max(fence, Ordering::SeqCst);
            }
        }
        let mut random = Random::new(Random::new_seed());
        // The load: a test that does something.
        std::thread::sleep(Duration::from_micros(random.below(3_000)));
        count(DONE);
    }

    macro_rules! tests {
        ($($name:ident ($($argument:tt)*) [$($held:expr),*])*) => {
            $(#[isolated($($argument)*)]
            #[test]
            #[ignore = "started by another test"]
            fn $name() {
                testify(&[$($held),*]);
            })*
        };
    }

    tests! {
        a0(serial = A) [(0, Held::Alone)]
        a1(shared = A) [(0, Held::Shared)]
        a2(limit(A, 2)) [(0, Held::OneOf(2))]
        a3(serial = [A, B]) [(0, Held::Alone), (1, Held::Alone)]
        a4(serial = A, shared = B) [(0, Held::Alone), (1, Held::Shared)]
        a5(shared = A, limit(B, 3)) [(0, Held::Shared), (1, Held::OneOf(3))]
        a6(serial = B) [(1, Held::Alone)]
        a7(limit(A, 2), limit(B, 3)) [(0, Held::OneOf(2)), (1, Held::OneOf(3))]
    }
}

/// The number of tests in `inner`.
const TESTS: u64 = 8;

/// How many runs ended in which way.
type Ends = Mutex<BTreeMap<String, u64>>;

#[test]
fn nothing_overlaps_whatever_dies() {
    let state = State::new();
    let Some(network) = Network::start(&state.scratch(), MACHINES) else {
        return;
    };
    network.wait_for_server();
    let wanted = std::env::var("MACHINES_SOAK").map_or(OPERATIONS, |text| text.parse().unwrap());
    let counters = Counters::open(&state.scratch().join("counters"), COUNTERS).unwrap();
    let done = || counters.at(DONE).load(Ordering::SeqCst);
    let (seed, ends, is_over) = (Random::new_seed(), Ends::default(), AtomicBool::new(false));
    let machines: Vec<_> = (0..MACHINES).map(|_| State::new()).collect();
    let began = Instant::now();
    thread::scope(|scope| {
        for worker in 0..MACHINES * RUNNERS {
            let machine = worker % MACHINES;
            let (network, dir, is_over, ends) = (&network, state.scratch(), &is_over, &ends);
            let home = machines[machine].path();
            let mut random = Random::new(seed.wrapping_add(1 + worker as u64));
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    run(network, machine, home, &dir, &mut random, ends);
                }
            });
        }
        let mut random = Random::new(seed);
        let (mut so_far, mut since) = (0, Instant::now());
        while done() < wanted {
            disturb(&network, &mut random);
            if done() > so_far {
                (so_far, since) = (done(), Instant::now());
            }
            if since.elapsed() > HANGS {
                break;
            }
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let hangs = done() < wanted;
    for machine in 0..MACHINES {
        network.set(machine, &Weather::Fine);
    }
    let [overlaps, backwards] =
        [OVERLAPS, BACKWARDS].map(|index| counters.at(index).load(Ordering::SeqCst));
    let ends = ends.into_inner().unwrap();
    let figures = format!(
        "{} acquisitions in {:?}, {overlaps} overlaps, {backwards} fences that did not grow, {ends:?}, seed {seed}",
        done(),
        began.elapsed()
    );
    println!("{figures}");
    assert!(!hangs && overlaps == 0 && backwards == 0, "{figures}");
    assert!(
        ends.keys().all(|end| !end.starts_with("other")),
        "{figures}"
    );
    // The last ones were killed, perhaps while the network was silent.
    let deadline = Instant::now() + Duration::from_secs(15);
    while network.locks() != 0 {
        assert!(
            Instant::now() < deadline,
            "{} locks are left",
            network.locks()
        );
        // Only the views of the server know.
        thread::sleep(Duration::from_millis(50));
    }
    for machine in &machines {
        while !machine.processes().is_empty() {
            assert!(Instant::now() < deadline, "{:?}", machine.processes());
            // They are no children of this process.
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Runs one of the tests many times, or kills it meanwhile.
fn run(
    network: &Network,
    machine: usize,
    home: &Path,
    dir: &Path,
    random: &mut Random,
    ends: &Ends,
) {
    let program = std::env::current_exe().unwrap();
    let mut test = network.on(machine, &program);
    test.args([
        &format!("soak::inner::a{}", random.below(TESTS)),
        "--exact",
        "--ignored",
        "--nocapture",
    ])
    .env("ISOLATED_DIR", home)
    .env("ISOLATED_LOCKS", URL)
    .env("ISOLATED_REPEAT", (10 + random.below(60)).to_string())
    .env("ISOLATED_LOCK_TIMEOUT", "60s")
    .env("ISOLATED_WAIT_NOTICE", "60s")
    .env("SOAK_DIR", dir)
    .env("RUST_BACKTRACE", "0")
    .stdin(Stdio::null())
    .stdout(Stdio::null())
    .stderr(Stdio::piped());
    let mut running = test.spawn().unwrap();
    let dies = random.below(3) == 0;
    if dies {
        // The load: it dies at any moment.
        thread::sleep(Duration::from_millis(random.below(600)));
        let _ = running.kill();
    }
    let output = running.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let known = [
        ("lost", "while the test ran"),
        ("no server", "Connection refused"),
        ("no server", "starting up"),
        ("no server", "not yet accepting connections"),
        ("no server", "recovery mode"),
        ("no server", "shutting down"),
        ("unreachable", "timed out"),
        ("unreachable", "Host is unreachable"),
        ("unreachable", "No route to host"),
        ("lost before", "the server has closed the connection"),
        ("lost before", "because of crash of another server process"),
        ("lost before", "Connection reset by peer"),
        ("lost before", "Broken pipe"),
        ("lost before", "did not answer"),
    ];
    let end = if dies {
        "killed"
    } else if output.status.success() {
        "passed"
    } else {
        let mut known = known.iter();
        known
            .find(|(_, text)| errors.contains(text))
            .map_or("other", |(end, _)| *end)
    };
    let end = if end == "other" {
        format!("other: {}", errors.lines().next().unwrap_or_default())
    } else {
        end.to_owned()
    };
    *ends.lock().unwrap().entry(end).or_default() += 1;
}

/// Disturbs a machine or the server for a while.
fn disturb(network: &Network, random: &mut Random) {
    let machine = usize::try_from(random.below(MACHINES as u64)).unwrap();
    // The load: each state of the network lasts for a time.
    let wait = |milliseconds| thread::sleep(Duration::from_millis(milliseconds));
    match random.below(20) {
        0 => {
            network.set(machine, &Weather::Silent);
            // Longer than either side waits, or shorter than both, or between.
            wait([500, 2_000, 6_000, 13_000][usize::try_from(random.below(4)).unwrap()]);
            network.set(machine, &Weather::Fine);
        }
        1..3 => {
            network.set(machine, &Weather::Slow);
            wait(random.below(3_000));
            network.set(machine, &Weather::Fine);
        }
        3 => network.crash(),
        _ => wait(1_000),
    }
}
