//! SIGKILL at random instants: one more run removes everything that is left behind.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use isolated_test_tests::{Random, State};

/// Number of processes that are killed in total.
const KILLS: usize = 1_000;

/// Number of processes that run at the same time.
const PROCESSES: usize = 8;

mod inner {
    use std::path::Path;

    use isolated_test::{Current, Port, Resource, TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(tmpdir, more = tmpdir, port, namespace, serial = "crash", shared = "crashes", limit("crashing", 3), test_attribute = "called by a test")]
    fn everything(tmpdir: &TmpDir, more: &Path, port: Port) {
        std::fs::create_dir_all(tmpdir.join("a/b")).unwrap();
        std::fs::write(tmpdir.join("a/b/file"), "text").unwrap();
        std::fs::write(more.join("file"), port.to_string()).unwrap();
        port.listen().unwrap();
    }

    /// Repeats the whole life of a test until it is killed.
    #[test]
    #[ignore = "started by another test"]
    fn lives() {
        say("lives");
        loop {
            everything();
        }
    }

    /// Goes through the life of a test once.
    #[test]
    #[ignore = "started by another test"]
    fn lives_once() {
        everything();
    }

    #[isolated(tmpdir, serial = "crash")]
    #[test]
    #[ignore = "started by another test"]
    fn holds(tmpdir: &TmpDir) {
        say(&format!("holds {}", tmpdir.display()));
        listen("end");
        assert!(tmpdir.is_dir());
    }

    struct Slow;

    impl Resource for Slow {
        type Handle = ();

        fn provision(&mut self, test: &Current) -> Result<(), isolated_test::BoxError> {
            say(&format!("provisions {}", test.tmpdir().display()));
            listen("end");
            Ok(())
        }
    }

    #[isolated(tmpdir, slow = Slow)]
    #[test]
    #[ignore = "started by another test"]
    fn provisions() {}
}

#[test]
fn a_thousand_kills_leave_nothing() {
    let seed = Random::new_seed();
    let state = State::new();
    let kills = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let (state, kills) = (&state, &kills);
            scope.spawn(move || {
                let mut random = Random::new(seed ^ number as u64);
                while kills.fetch_add(1, Ordering::Relaxed) < KILLS {
                    let mut victim = state.inner("lives").start();
                    // Half of them are killed while they start.
                    if random.below(2) == 0 {
                        victim.hear("lives");
                    }
                    // Any instant will do; this does not wait for anything.
                    thread::sleep(Duration::from_micros(random.below(8_000)));
                    assert!(!victim.has_ended(), "{:?}", victim.finish());
                    victim.kill();
                }
            });
        }
    });
    let _ = state.inner("lives_once").run().passed();
    assert_eq!(
        state.runs(),
        Vec::<std::path::PathBuf>::new(),
        "seed {seed}"
    );
    // Lock files stay, but their number is bounded: each key has two, and a limited one also has
    // its slots.
    let locks: HashSet<_> = state
        .locks()
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    let expected = [
        "everyone",
        "everyone.turn",
        "k-crash",
        "k-crash.turn",
        "k-crashes",
        "k-crashes.turn",
        "k-crashing",
        "k-crashing.turn",
        "k-crashing.limit",
        "k-crashing.s0",
        "k-crashing.s1",
        "k-crashing.s2",
    ];
    for lock in &locks {
        assert!(expected.iter().any(|name| lock == name), "{lock:?}");
    }
}

#[test]
fn a_living_process_keeps_its_directory_while_others_sweep() {
    let state = State::new();
    let mut holder = state.inner("provisions").start();
    let path = holder.hear("provisions");
    for _ in 0..5 {
        let mut victim = state.inner("lives").start();
        victim.hear("lives");
        victim.kill();
        let _ = state.inner("lives_once").run().passed();
    }
    assert!(std::path::Path::new(&path).is_dir());
    holder.tell("end");
    let _ = holder.finish().passed();
    assert_eq!(state.runs(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn one_more_run_removes_the_directory_of_a_killed_test() {
    let state = State::new();
    let mut victim = state.inner("holds").start();
    let path = victim.hear("holds");
    victim.kill();
    assert!(
        std::path::Path::new(&path).is_dir(),
        "nobody could have removed it"
    );
    let _ = state.inner("lives_once").run().passed();
    assert_eq!(state.runs(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_directory_is_not_taken_for_that_of_a_dead_process_by_its_age() {
    let state = State::new();
    let mut holder = state.inner("holds").start();
    let path = holder.hear("holds");
    for aged in state.runs() {
        if let Ok(file) = std::fs::File::open(&aged) {
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
    }
    let mut other = state.inner("provisions").start();
    other.hear("provisions");
    assert!(std::path::Path::new(&path).is_dir());
    holder.tell("end");
    let _ = holder.finish().passed();
}
