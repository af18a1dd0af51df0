//! One port number, 1,000 tests in 8 processes that are killed at random: never two at once, and all
//! get their turn.

#![cfg(target_os = "linux")]

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_tests::witness::Counters;
use isolated_test_tests::{PATIENCE, Random, State};

const TESTS: u64 = 1_000;
const PROCESSES: u64 = 8;

/// The counters: tests that have begun, tests that have ended, and collisions.
const BEGUN: usize = 0;
const ENDED: usize = 1;
const COLLISIONS: usize = 2;

mod inner {
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::path::Path;
    use std::sync::atomic::Ordering;

    use isolated_test::isolated;
    use isolated_test_tests::witness::Counters;

    use super::{BEGUN, COLLISIONS, ENDED, TESTS};

    #[isolated(port(number = 18481), test_attribute = "called by a test")]
    fn serves(port: SocketAddr, counters: &Counters) {
        counters.at(BEGUN).fetch_add(1, Ordering::Relaxed);
        match TcpListener::bind(port) {
            Ok(server) => {
                let client = TcpStream::connect(port).unwrap();
                // Closed by the server first, which leaves the number in `TIME_WAIT`.
                drop(server.accept().unwrap());
                drop(client);
            }
            Err(_) => drop(counters.at(COLLISIONS).fetch_add(1, Ordering::Relaxed)),
        }
        counters.at(ENDED).fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    #[ignore = "started by another test"]
    fn serves_again_and_again() {
        let dir = std::env::var_os("STRESS_DIR").expect("the outer test says where");
        let counters = Counters::open(&Path::new(&dir).join("counters"), 3).unwrap();
        while counters.at(ENDED).load(Ordering::Relaxed) < TESTS {
            serves(&counters);
        }
    }
}

#[test]
fn tests_with_one_number_are_killed_at_random() {
    let state = State::new();
    let dir = state.scratch();
    let counters = Counters::open(&dir.join("counters"), 3).unwrap();
    let kills: u64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..PROCESSES)
            .map(|seed| {
                let (counters, state, dir) = (&counters, &state, &dir);
                scope.spawn(move || work(state, dir, counters, seed))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    let count = |at| counters.at(at).load(Ordering::Relaxed);
    println!(
        "{} tests ended, {kills} processes were killed",
        count(ENDED)
    );
    assert_eq!(count(COLLISIONS), 0);
    assert!(count(ENDED) >= TESTS);
    assert!(kills > 0, "nothing was killed");
}

/// Runs processes one after the other, and kills each when some more tests have begun.
fn work(state: &State, dir: &std::path::Path, counters: &Counters, seed: u64) -> u64 {
    let mut random = Random::new(seed);
    let mut kills = 0;
    while counters.at(ENDED).load(Ordering::Relaxed) < TESTS {
        let test = state.inner("serves_again_and_again");
        let mut running = test.env("STRESS_DIR", dir).start();
        let end = counters.at(BEGUN).load(Ordering::Relaxed) + random.below(30);
        let deadline = Instant::now() + PATIENCE;
        while counters.at(BEGUN).load(Ordering::Relaxed) < end && !running.has_ended() {
            assert!(Instant::now() < deadline, "no test begins any more");
            thread::sleep(Duration::from_millis(1));
        }
        if running.has_ended() {
            let _ = running.finish().passed();
        } else {
            running.kill();
            kills += 1;
        }
    }
    kills
}
