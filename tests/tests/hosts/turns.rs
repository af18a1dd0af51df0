//! Uses that take turns, and a fresh start for each.

use isolated_test_tests::State;

use crate::common::Hosts;

mod inner {
    use isolated_test::{Once, isolated};
    use isolated_test_tests::hold;

    use crate::common::{API, Api, ask, log};

    const PAIRED: Once<Api> = API.limit(2);
    const ALONE: Once<Api> = API.serial();
    const FRESH: Once<Api> = API.reset(|api| {
        ask(api);
        log("reset");
        match std::env::var_os("BREAK_RESET") {
            Some(_) => Err("it is stuck".into()),
            None => Ok(()),
        }
    });

    #[isolated(api = PAIRED)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_with_another() {
        hold();
    }

    #[isolated(api = ALONE)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_alone() {
        hold();
    }

    #[isolated(api = FRESH)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_a_fresh_one() {
        log("test");
        hold();
    }
}

const WAITS: &str = "waiting for internal ";

#[test]
fn no_more_than_the_limit_use_it_at_the_same_time() {
    let state = State::new();
    let start = || {
        let mut user = state.user("uses_with_another").start();
        user.hear("held");
        user
    };
    let (one, other) = (start(), start());
    let mut third = state.user("uses_with_another").start();
    third.hear_error(WAITS);
    one.release();
    third.hear("held");
    third.release();
    other.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
}

#[test]
fn one_at_a_time_uses_it() {
    let state = State::new();
    let mut one = state.user("uses_alone").start();
    one.hear("held");
    let mut other = state.user("uses_alone").start();
    other.hear_error(WAITS);
    one.release();
    other.hear("held");
    other.release();
    state.wait_for_the_end();
}

#[test]
fn each_test_gets_a_fresh_start_even_after_one_that_was_killed() {
    let state = State::new();
    let mut one = state.user("uses_a_fresh_one").start();
    one.hear("held");
    let mut other = state.user("uses_a_fresh_one").start();
    other.hear_error(WAITS);
    assert_eq!(state.happened(), "start reset test");
    one.kill();
    other.hear("held");
    assert_eq!(state.happened(), "start reset test reset test");
    other.release();
    let run = state
        .user("uses_a_fresh_one")
        .env("BREAK_RESET", "yes")
        .run();
    let run = run.failed();
    let reason = "failed to provision the resource `api`: failed to reset `api`: it is stuck";
    assert!(run.errors.contains(reason), "{}", run.errors);
    state.wait_for_the_end();
}
