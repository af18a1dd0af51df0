//! The start of a host: one at a time, whoever dies meanwhile, and what tests learn of a failure.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;

use isolated_test_tests::processes::lock;
use isolated_test_tests::{Finished, State};

use crate::common::{Hosts, gate, open, server_of, session, waits};

mod inner {
    use isolated_test::{Once, Resource, isolated};

    use isolated_test_tests::programs::program;

    use crate::common::{API, Api};

    /// A resource without a transfer.
    struct Mute;

    impl Resource for Mute {
        type Handle = ();

        fn provision(&mut self, _: &isolated_test::Current) -> Result<(), isolated_test::BoxError> {
            unreachable!("its handle would stay in the host")
        }
    }

    const MUTE: Once<Mute> = Once::new("mute", || Mute);

    #[isolated(mute = MUTE)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_what_cannot_leave() {}

    /// A resource whose host wants another host.
    struct Nested;

    impl Resource for Nested {
        type Handle = String;

        fn provision(
            &mut self,
            host: &isolated_test::Current,
        ) -> Result<String, isolated_test::BoxError> {
            let mut inner: Once<Api> = API;
            Resource::provision(&mut inner, host)
        }

        fn transfer() -> isolated_test::Transfer<String> {
            isolated_test::Transfer::as_text()
        }
    }

    /// A resource whose host starts a test that needs it.
    struct Itself;

    impl Resource for Itself {
        type Handle = String;

        fn provision(
            &mut self,
            _: &isolated_test::Current,
        ) -> Result<String, isolated_test::BoxError> {
            let run = program("uses_itself").output()?;
            Err(String::from_utf8(run.stderr)?.into())
        }

        fn transfer() -> isolated_test::Transfer<String> {
            isolated_test::Transfer::as_text()
        }
    }

    const ITSELF: Once<Itself> = Once::new("itself", || Itself);

    #[isolated(itself = ITSELF)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_itself() {}

    const NESTED: Once<Nested> = Once::new("nested", || Nested);

    #[isolated(nested = NESTED)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_a_nested_one() {}
}

/// The output of a failed test, with `DIR` for the state directory and without the hash.
fn complaint(state: &State, run: &Finished) -> String {
    let is_ours = |line: &&str| line.starts_with("isolated-test: ") || line.starts_with("    |");
    let lines = run.errors.lines().filter(is_ours);
    let reasons: Vec<_> = lines.filter(|line| !line.ends_with(" failed")).collect();
    let text = reasons.join("\n");
    let text = text.replace(&state.path().display().to_string(), "DIR");
    let Some((before, after)) = text.split_once("/hosts/") else {
        return text;
    };
    let (name, after) = after.split_once('/').unwrap();
    let (name, _) = name.split_once('-').unwrap();
    format!("{before}/hosts/{name}-HASH/{after}")
}

const WAITS: &str = "waiting for internal serial \"the start of api ";

#[test]
fn the_second_test_waits_for_the_first_to_start_the_host_and_says_so() {
    let state = State::new();
    let gate = gate(&state);
    let mut first = state.user_of_api().env("BREAK", &gate).start();
    while state.happened() != "start" {
        std::thread::yield_now();
    }
    let mut second = state.user_of_api().env("BREAK", &gate).start();
    let line = second.hear_error(WAITS);
    assert!(line.contains("common::inner::uses"), "{line}");
    open(&gate);
    let server = server_of(&mut first);
    assert_eq!(server_of(&mut second), server);
    first.release();
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
}

#[test]
fn a_host_goes_on_to_start_when_the_test_is_killed_that_has_started_it() {
    let state = State::new();
    let gate = gate(&state);
    let first = state.user_of_api().env("BREAK", &gate);
    let first = first.with(|command| {
        command.process_group(0);
    });
    let mut first = first.start();
    while state.happened() != "start" {
        std::thread::yield_now();
    }
    let mut second = state.user_of_api().start();
    second.hear_error(WAITS);
    // The whole process group, as nextest does after a timeout.
    let group = format!("-{}", first.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(killed.unwrap().success());
    first.kill();
    open(&gate);
    // A terminal that is closed ends its session.
    assert_ne!(session(server_of(&mut second)), session(second.id()));
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_host_ends_that_is_still_starting_when_no_test_waits_for_it() {
    let state = State::new();
    let gate = gate(&state);
    let mut only = state.user_of_api().env("BREAK", &gate).start();
    while state.happened() != "start" {
        std::thread::yield_now();
    }
    only.kill();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_failure_is_told_at_once_and_repeated_only_after_a_while() {
    for (how, reason) in [
        ("fail", "the disk is on fire"),
        ("panic", "the disk has exploded"),
    ] {
        let state = State::new();
        let run = |linger| {
            let user = state.user_of_api().env("BREAK", how);
            let run = user.env("ISOLATED_LINGER", linger).run().failed();
            complaint(&state, &run)
        };
        let expected = format!(
            "isolated-test: isolated_test_tests::common::inner::uses: failed to provision the resource `api`: \
             the host of `api` could not start: {reason}"
        )
        .replace("isolated_test_tests", "hosts");
        assert_eq!(run("1h"), expected);
        assert_eq!(run("1h"), expected);
        assert_eq!(state.happened(), "start");
        assert_eq!(run("1ms"), expected);
        state.wait_for_the_end();
        assert_eq!(state.happened(), "start start");
        assert_eq!(state.processes(), []);
    }
}

#[test]
fn the_log_of_a_host_is_shown_that_has_ended_before_it_was_ready() {
    let state = State::new();
    let run = state.user_of_api().env("BREAK", "exit").run().failed();
    assert_eq!(
        complaint(&state, &run),
        "isolated-test: hosts::common::inner::uses: `its host` has printed:\n    \
         | the host prints\n\
         isolated-test: hosts::common::inner::uses: failed to provision the resource `api`: the host of \
         `api` has ended before it was ready; see DIR/hosts/api-HASH/log"
    );
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn a_handle_without_a_transfer_is_refused() {
    let state = State::new();
    let run = state.user("uses_what_cannot_leave").run().failed();
    assert_eq!(
        complaint(&state, &run),
        "isolated-test: hosts::starting::inner::uses_what_cannot_leave: failed to provision the resource \
         `mute`: the handle of `mute` cannot leave its host; implement `Resource::transfer` for its resource"
    );
    assert_eq!(state.host_dirs(), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_host_that_wants_another_one_is_refused() {
    let state = State::new();
    let run = state.user("uses_a_nested_one").run().failed();
    let text = complaint(&state, &run);
    assert!(
        text.contains("a host cannot use another one; name both in the attribute of the test"),
        "{text}"
    );
    state.wait_for_the_end();
    assert_eq!(state.happened(), "");
    assert_eq!(state.processes(), []);
}

#[test]
fn a_process_of_a_host_that_needs_the_host_is_refused() {
    let state = State::new();
    let run = state.user("uses_itself").run().failed();
    let reason = "this process was started by the host of `itself`, which cannot use itself";
    assert!(run.errors.contains(reason), "{}", run.errors);
    state.wait_for_the_end();
    assert_eq!(state.processes(), []);
}

#[test]
fn the_reason_of_an_earlier_failure_is_not_told_for_a_later_one() {
    let state = State::new();
    let user = |how| {
        let user = state.user_of_api().env("BREAK", how);
        user.env("ISOLATED_LINGER", "1ms").start()
    };
    let first = user("fail").finish().failed().errors;
    assert!(first.contains("the disk is on fire"), "{first}");
    state.wait_for_the_end();
    // So that the next process does not remove everything first.
    let life = File::open(state.host_dirs()[0].join("life")).unwrap();
    lock(&life);
    let second = user("exit");
    while !waits(second.id()) {
        std::thread::yield_now();
    }
    drop(life);
    let second = second.finish().failed().errors;
    assert!(second.contains("has ended before it was ready"), "{second}");
    assert!(!second.contains("the disk is on fire"), "{second}");
    state.wait_for_the_end();
}
