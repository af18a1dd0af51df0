//! 100,000 random locks and items of a pool in 8 processes that are killed at random: exclusion, progress, fairness.

#![cfg(target_os = "linux")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_tests::witness::Counters;
use isolated_test_tests::{PATIENCE, Random, State};

/// Number of acquisitions in total, each of one to three keys.
const OPERATIONS: u64 = 100_000;

/// Number of acquisitions while a thread deletes lock files.
const OPERATIONS_BESIDE_A_CLEANER: u64 = 10_000;

/// Number of processes that acquire locks.
const PROCESSES: u64 = 8;

/// Indices of the counters that all processes share.
const DONE: usize = 0;
const WAITS_OF_WRITERS: usize = 1;
const COUNTERS: usize = 2;

mod inner {
    use std::path::Path;
    use std::sync::atomic::Ordering;

    use isolated_test::__private::{
        Claim, ClaimedKey, Kind, Request, ShouldPanic, Spec, place, test,
    };
    use isolated_test::Key;
    use isolated_test_tests::Random;
    use isolated_test_tests::witness::{Counters, Witness};

    use super::{COUNTERS, DONE, WAITS_OF_WRITERS};

    const KEYS: [Key; 5] = [
        Key::new("a"),
        Key::new("b"),
        Key::new("c"),
        Key::new("d"),
        Key::new("e"),
    ];

    /// The limit of each key, and the distance between the witnesses of two keys.
    const LIMITS: [u32; 5] = [1, 2, 3, 4, 5];
    const STRIDE: usize = 10;

    /// The key of a pool in place of a limit, and its items, which are numbers of slots of the
    /// witness.
    const POOL: usize = 4;
    const ITEMS: [&[&str]; 2] = [&["1", "2", "3", "4", "5"], &["4", "2", "5", "1", "3"]];

    /// The witness of `everyone` follows those of all keys.
    const EVERYONE: usize = KEYS.len() * STRIDE;

    /// The claims of a test, as the attribute would write them.
    fn random_spec(random: &mut Random) -> (&'static Spec, Vec<Claim>) {
        let mut claims = Vec::new();
        for _ in 0..=random.below(3) {
            let at = usize::try_from(random.below(5)).unwrap();
            let key_at = ClaimedKey::Key(KEYS[at]);
            let claim = match random.below(3) {
                0 => Claim::Exclusive(key_at),
                1 => Claim::Shared(key_at),
                _ if at == POOL => Claim::Pool(key_at, ITEMS[usize::from(random.below(2) > 0)]),
                _ => Claim::Limit(key_at, LIMITS[at]),
            };
            // The plan merges claims on one key; the witness would have to know how.
            if !claims.iter().any(|other| key(*other) == key(claim)) {
                claims.push(claim);
            }
        }
        if random.below(50) == 0 {
            claims.push(Claim::Alone);
        }
        let pools = claims.iter().enumerate();
        let pools = pools.filter(|(_, claim)| matches!(claim, Claim::Pool(..)));
        let pools = pools.map(|(place, _)| Request {
            name: "item",
            kind: Kind::Pool(place),
        });
        let spec = Box::leak(Box::new(Spec {
            place: place!(),
            function: "takes_locks",
            should_panic: ShouldPanic::No,
            resources: Vec::leak(pools.collect()),
            locks: Vec::leak(claims.clone()),
            process: None,
            is_called_often: false,
        }));
        (spec, claims)
    }

    fn key(claim: Claim) -> Option<usize> {
        match claim {
            Claim::Exclusive(key)
            | Claim::Shared(key)
            | Claim::Limit(key, _)
            | Claim::Pool(key, _) => KEYS.iter().position(|other| ClaimedKey::Key(*other) == key),
            Claim::Alone => None,
        }
    }

    /// Checks with the witness, while the locks are held, that the runtime may have granted them.
    fn testify(witness: &Witness, claims: &[Claim], item: Option<&str>) {
        let mut entered = Vec::new();
        let mut enter = |byte: usize, exclusive| {
            let byte = i32::try_from(byte).unwrap();
            let free = witness.enter(byte, exclusive);
            if free {
                entered.push(byte);
            }
            free
        };
        let alone = claims.contains(&Claim::Alone);
        assert!(enter(EVERYONE, alone), "not alone: {claims:?}");
        for claim in claims {
            let Some(at) = key(*claim) else { continue };
            let main = at * STRIDE;
            match claim {
                Claim::Exclusive(_) => assert!(enter(main, true), "not exclusive: {claims:?}"),
                Claim::Shared(_) => assert!(enter(main, false), "not shared: {claims:?}"),
                Claim::Limit(_, limit) => {
                    assert!(enter(main, false), "not shared: {claims:?}");
                    let slots = (1..=*limit as usize).any(|slot| enter(main + slot, true));
                    assert!(slots, "more than {limit}: {claims:?}");
                }
                Claim::Pool(..) => {
                    assert!(enter(main, false), "not shared: {claims:?}");
                    let slot: usize = item.unwrap().parse().unwrap();
                    assert!(enter(main + slot, true), "two have {slot}: {claims:?}");
                }
                Claim::Alone => {}
            }
        }
        std::thread::yield_now();
        for byte in entered {
            witness.leave(byte);
        }
    }

    #[test]
    #[ignore = "started by another test"]
    fn takes_locks() {
        let dir = std::env::var_os("STRESS_DIR").expect("the outer test says where");
        let counters = Counters::open(&Path::new(&dir).join("counters"), COUNTERS).unwrap();
        let witness = Witness::open(&Path::new(&dir).join("witness")).unwrap();
        let seed = std::env::var("STRESS_SEED").unwrap().parse().unwrap();
        let end: u64 = std::env::var("STRESS_OPERATIONS").unwrap().parse().unwrap();
        let mut random = Random::new(seed);
        // Specs are leaked, so their number is bounded.
        let specs: Vec<_> = (0..200).map(|_| random_spec(&mut random)).collect();
        while counters.at(DONE).load(Ordering::Relaxed) < end {
            let (spec, claims) = &specs[usize::try_from(random.below(200)).unwrap()];
            let before = counters.at(DONE).load(Ordering::Relaxed);
            test(spec, &mut []).run(|cx| {
                let waited = counters.at(DONE).load(Ordering::Relaxed) - before;
                if claims
                    .iter()
                    .any(|claim| matches!(claim, Claim::Exclusive(_) | Claim::Alone))
                {
                    counters
                        .at(WAITS_OF_WRITERS)
                        .fetch_max(waited, Ordering::Relaxed);
                }
                let item = spec.resources.first().map(|_| cx.item(0));
                testify(&witness, claims, item);
                counters.at(DONE).fetch_add(1, Ordering::Relaxed);
            });
        }
    }
}

/// The result of a run.
struct Stress {
    kills: u64,
    operations: u64,
    longest_wait: u64,
}

/// Runs processes that acquire locks, kills them at random, and starts new ones, until enough is
/// done.
fn stress(state: &State, seed: u64, operations: u64) -> Stress {
    let dir = &state.scratch();
    let counters = Counters::open(&dir.join("counters"), COUNTERS).unwrap();
    let done = || counters.at(DONE).load(Ordering::Relaxed);
    let kills = thread::scope(|scope| {
        let workers: Vec<_> = (0..PROCESSES)
            .map(|number| {
                let mut random = Random::new(seed.wrapping_add(number << 32));
                scope.spawn(move || {
                    let mut kills = 0;
                    // The progress so far, and the time without any. Only time in which this thread
                    // ran counts, because virtual machines stand still for a minute now and then.
                    let (mut so_far, mut idle) = (done(), Duration::ZERO);
                    loop {
                        let mut worker = state
                            .inner("takes_locks")
                            .env("STRESS_DIR", dir)
                            .env("STRESS_SEED", random.below(u64::MAX >> 34).to_string())
                            .env("STRESS_OPERATIONS", operations.to_string())
                            .env("ISOLATED_LOCK_TIMEOUT", "30s")
                            .env("ISOLATED_WAIT_NOTICE", "10s")
                            .start();
                        // Measured in operations, because time means little on a busy machine.
                        let end = done() + random.below(operations / 60);
                        while done() <= end {
                            let a_moment = Duration::from_micros(random.below(4_000));
                            let begun = Instant::now();
                            if let Some(ended) = worker.finish_within(a_moment) {
                                let _ = ended.passed();
                                return kills;
                            }
                            idle += begun.elapsed().min(Duration::from_millis(100));
                            if done() > so_far {
                                (so_far, idle) = (done(), Duration::ZERO);
                            }
                            assert!(idle < PATIENCE, "stuck after {so_far}");
                        }
                        worker.kill();
                        kills += 1;
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    let longest_wait = counters.at(WAITS_OF_WRITERS).load(Ordering::Relaxed);
    Stress {
        kills,
        operations: done(),
        longest_wait,
    }
}

#[test]
fn random_locks_with_random_kills() {
    let seed = Random::new_seed();
    println!("seed {seed}");
    let Stress {
        kills,
        operations,
        longest_wait,
    } = stress(&State::new(), seed, OPERATIONS);
    println!(
        "{operations} operations, {kills} kills, a writer waited for {longest_wait} others at most"
    );
    assert!(operations >= OPERATIONS);
    assert!(kills > PROCESSES, "{kills} kills prove nothing");
    // A starved writer would wait for most of the others.
    assert!(
        longest_wait < OPERATIONS / 20,
        "a writer waited for {longest_wait} others"
    );
}

/// Sets the flag when dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn random_locks_while_somebody_deletes_lock_files() {
    let seed = Random::new_seed();
    println!("seed {seed}");
    let state = State::new();
    let end = AtomicBool::new(false);
    let (stress, deleted) = thread::scope(|scope| {
        let cleaner = scope.spawn(|| {
            let mut random = Random::new(seed);
            let mut deleted = 0;
            while !end.load(Ordering::Relaxed) {
                let locks = state.locks();
                if !locks.is_empty() {
                    let at = usize::try_from(random.below(locks.len() as u64)).unwrap();
                    deleted += u32::from(std::fs::remove_file(&locks[at]).is_ok());
                }
                // Faster than any cleaner, but slow enough to let the processes work.
                thread::sleep(Duration::from_millis(random.below(20)));
            }
            deleted
        });
        let stress = {
            // Set on a panic, too: otherwise the cleaner would never stop.
            let _end = End(&end);
            stress(&state, seed, OPERATIONS_BESIDE_A_CLEANER)
        };
        (stress, cleaner.join().unwrap())
    });
    println!(
        "{} operations, {} kills, {deleted} deletions",
        stress.operations, stress.kills
    );
    assert!(deleted > 50, "{deleted} deletions prove nothing");
}
