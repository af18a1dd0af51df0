//! Uses that take turns, and a fresh start for each.

use isolated_test_tests::State;

use crate::common::{Hosts, server_of, signal};

mod inner {
    use isolated_test::{BoxError, Current, Guard, Key, Once, Resource, current, isolated};
    use isolated_test_tests::hold;
    use isolated_test_tests::programs::{assert_passed, program};

    use crate::common::{API, Api, ask, log, signal, tell};

    const PAIRED: Once<Api> = API.limit(2);
    const ALONE: Once<Api> = API.serial();
    const FRESH: Once<Api> = API.reset(|api| {
        ask(api);
        log("reset");
        match std::env::var_os("BREAK_RESET") {
            Some(how) if how == "kill" => {
                signal("-KILL", ask(api));
                Err("it is dead".into())
            }
            Some(how) if how == "panic" => panic!("it is odd"),
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
    fn uses_alone(api: &str) {
        tell(api);
        hold();
    }

    /// The name of this one comes after that of the other.
    const LAST: Once<Api> = Once::new("zero", Api::new).serial();

    #[isolated(api = ALONE, last = LAST, plain = PLAIN)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_several() {}

    const PLAIN: Once<Api> = Once::new("aaa", Api::new);
    const TOOL: Key = Key::new("zzz").internal();

    /// A resource that keeps an internal key.
    struct Tool(Option<Guard>);

    impl Resource for Tool {
        type Handle = ();

        fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
            self.0 = Some(TOOL.lock()?);
            Ok(())
        }
    }

    #[isolated(tool = Tool(None), plain = PLAIN)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_one_with_a_key() {}

    #[isolated(api = ALONE)]
    #[test]
    #[ignore = "started by another test"]
    fn starts_a_program_that_uses_one() {
        let mut program = program("uses_one_with_a_key");
        current().delegate_to(&mut program);
        assert_passed(&program.output().unwrap());
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

#[test]
fn a_host_that_dies_while_a_test_waits_for_its_turn_is_replaced() {
    let state = State::new();
    let mut one = state.user("uses_alone").start();
    let server = server_of(&mut one);
    let mut other = state.user("uses_alone").start();
    other.hear_error(WAITS);
    signal("-KILL", server);
    state.wait_for_the_end();
    one.release();
    assert_ne!(server_of(&mut other), server);
    other.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start start end");
}

#[test]
fn a_failed_reset_tells_whether_the_host_has_ended() {
    for (how, reason, has_ended) in [
        ("kill", "failed to reset `api`: it is dead", true),
        ("yes", "failed to reset `api`: it is stuck", false),
        ("panic", "it is odd", false),
    ] {
        let state = State::new();
        let user = state.user("uses_a_fresh_one").env("BREAK_RESET", how);
        let run = user.run().failed();
        assert!(run.errors.contains(reason), "{}", run.errors);
        let told = run.errors.contains(" has ended during the test\n");
        assert_eq!(told, has_ended, "{}", run.errors);
        state.wait_for_the_end();
        let log = state.host_dirs()[0].join("log");
        assert!(log.exists(), "a failed test has used the host");
    }
}

#[test]
fn a_host_is_started_whatever_its_test_holds() {
    for test in [
        "uses_several",
        "uses_one_with_a_key",
        "starts_a_program_that_uses_one",
    ] {
        let state = State::new();
        let _ = state.user(test).run().passed();
        state.wait_for_the_end();
    }
}
