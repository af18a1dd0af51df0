//! Things that tests create outside of all their directories, with SIGKILL at random instants: one more
//! test of the same kind removes all of them.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use isolated_test_tests::{Inner, Random, State};

/// Number of processes that are killed in total.
const KILLS: usize = 300;

/// Number of processes that run at the same time.
const PROCESSES: usize = 4;

mod inner {
    use std::fs;
    use std::io::ErrorKind::NotFound;
    use std::path::PathBuf;

    use isolated_test::{BoxError, Current, Outcome, Reclaim, Resource, isolated};
    use isolated_test_tests::say;

    /// A "bucket": a directory with a file.
    #[derive(Default)]
    struct Bucket(PathBuf);

    impl Reclaim for Bucket {
        const KIND: &'static str = "test-bucket";

        fn reclaim(text: &str) -> Result<(), BoxError> {
            match fs::remove_dir_all(text) {
                // The test was killed before it created the bucket, or another process was faster.
                Err(error) if error.kind() != NotFound => Err(error.into()),
                _ => Ok(()),
            }
        }
    }

    impl Resource for Bucket {
        type Handle = PathBuf;

        fn provision(&mut self, test: &Current) -> Result<PathBuf, BoxError> {
            let all = std::env::var_os("BUCKETS").expect("the outer test says where");
            self.0 = PathBuf::from(all).join(test.namespace().as_str());
            test.reclaim_after_crash::<Bucket>(self.0.to_str().unwrap())?;
            fs::create_dir(&self.0)?;
            fs::write(self.0.join("file"), "text")?;
            Ok(self.0.clone())
        }

        fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
            Ok(fs::remove_dir_all(&self.0)?)
        }
    }

    #[isolated(namespace, bucket = Bucket::default(), test_attribute = "called by a test")]
    fn uses(bucket: PathBuf) {
        assert_eq!(fs::read(bucket.join("file")).unwrap(), b"text");
    }

    /// Repeats the whole life of a test until it is killed.
    #[test]
    #[ignore = "started by another test"]
    fn lives() {
        say("lives");
        loop {
            uses();
        }
    }

    /// Goes through the life of a test once.
    #[test]
    #[ignore = "started by another test"]
    fn lives_once() {
        uses();
    }
}

#[test]
fn kills_at_random_instants_leave_nothing_outside() {
    let seed = Random::new_seed();
    let state = State::new();
    let buckets = state.scratch();
    let inner = |test| -> Inner<'_> { state.inner(test).env("BUCKETS", &buckets) };
    let kills = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..PROCESSES {
            let (inner, kills) = (&inner, &kills);
            scope.spawn(move || {
                let mut random = Random::new(seed ^ number as u64);
                while kills.fetch_add(1, Ordering::Relaxed) < KILLS {
                    let mut victim = inner("lives").start();
                    // Half of them are killed while they start.
                    if random.below(2) == 0 {
                        victim.hear("lives");
                    }
                    // Any instant will do; this does not wait for anything.
                    thread::sleep(Duration::from_micros(random.below(8_000)));
                    assert!(!victim.has_ended(), "seed {seed}: {:?}", victim.finish());
                    victim.kill();
                }
            });
        }
    });
    let left = fs::read_dir(&buckets).unwrap().count();
    let _ = inner("lives_once").run().passed();
    let names: Vec<_> = fs::read_dir(&buckets).unwrap().flatten().collect();
    assert!(names.is_empty(), "seed {seed}: {names:?} of {left}");
    assert_eq!(state.runs(), [] as [PathBuf; 0], "seed {seed}");
}
