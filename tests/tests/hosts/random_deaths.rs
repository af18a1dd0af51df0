//! Hosts, their users, supervisors and children, killed at random instants.
//!
//! No user hangs, none fails without being told that its host has ended, and after one more test
//! nothing is left.

use std::process::Command;
use std::time::Duration;

use isolated_test_tests::processes::is_alive;
use isolated_test_tests::{Random, Running, State};

use crate::common::{Hosts, server_of};

/// The number of processes that are killed.
const KILLS: u32 = 200;

/// The number of tests that run at the same time.
const USERS: usize = 4;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::Random;

    use crate::common::{API, ask};

    /// Uses the host for a random time.
    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_often(api: &str) {
        let server = ask(api);
        for _ in 0..Random::new(Random::new_seed()).below(40) {
            assert_eq!(ask(api), server);
        }
    }
}

/// A running user, and whether this test has killed it.
struct User {
    running: Running,
    is_killed: bool,
}

impl User {
    fn start(state: &State) -> Self {
        User {
            running: state.user("uses_often").start(),
            is_killed: false,
        }
    }

    /// Waits for the end of the test, and says why it was wrong.
    fn finish(self) -> Result<(), String> {
        let run = self.running.finish();
        // A host that is killed while it starts is another reason, which names the host too.
        let is_told = run.errors.contains("the host of `api`");
        if run.status.success() || self.is_killed || is_told {
            return Ok(());
        }
        Err(format!("not told: {}\n{}", run.output, run.errors))
    }
}

fn pick<'a, T>(random: &mut Random, all: &'a [T]) -> Option<&'a T> {
    let chosen = usize::try_from(random.below(1_000)).unwrap();
    all.get(chosen % all.len().max(1))
}

#[test]
fn nothing_is_left_and_nobody_hangs_or_fails_without_being_told() {
    let state = State::new();
    let seed = Random::new_seed();
    let mut random = Random::new(seed);
    let mut users: Vec<User> = Vec::new();
    let mut killed = 0;
    while killed < KILLS {
        while users.len() < USERS {
            users.push(User::start(&state));
        }
        // Killing is the load, and its instants are random.
        std::thread::sleep(Duration::from_millis(random.below(20)));
        let all = state.processes();
        if let Some((victim, _)) = pick(&mut random, &all) {
            for user in &mut users {
                user.is_killed |= user.running.id() == *victim;
            }
            let sent = Command::new("kill")
                .args(["-KILL", &victim.to_string()])
                .output();
            killed += u32::from(sent.unwrap().status.success());
            while is_alive(*victim) {
                std::thread::yield_now();
            }
        }
        let (ended, running) = users
            .into_iter()
            .partition::<Vec<_>, _>(|_| random.below(3) == 0);
        users = running;
        for user in ended {
            user.finish()
                .unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        }
    }
    for user in users {
        user.finish()
            .unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
    // Now all at once.
    while let all @ [_, ..] = &state.processes()[..] {
        let all: Vec<_> = all.iter().map(|(process, _)| process.to_string()).collect();
        let _ = Command::new("kill").arg("-KILL").args(all).output();
    }
    let mut last = state.user_of_api().start();
    server_of(&mut last);
    last.release();
    state.wait_for_the_end();
    assert_eq!(state.processes(), [], "seed {seed}");
    assert_eq!(state.runs(), [] as [std::path::PathBuf; 0], "seed {seed}");
}
