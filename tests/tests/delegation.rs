//! Programs that a test starts and that contain isolated tests: they act for it.

use std::path::{Path, PathBuf};

use isolated_test_tests::{Finished, State};

mod inner {
    use std::fs::OpenOptions;
    use std::process::{Command, Output};
    use std::sync::Barrier;
    use std::thread;

    use isolated_test::{Key, current, isolated};
    use isolated_test_tests::{Inner, say};

    /// The command that runs an inner test in another process, as `cargo test` does.
    fn program(test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            &format!("inner::{test}"),
            "--exact",
            "--ignored",
            "--nocapture",
        ]);
        command
    }

    /// Passes on what was printed, and asserts that the test passed.
    #[track_caller]
    fn assert_passed(output: &Output) {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("1 passed; 0 failed"), "{printed}");
    }

    #[track_caller]
    fn run(test: &str) {
        assert_passed(&program(test).output().unwrap());
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn plain() {}

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn alone() {}

    #[isolated(serial = "a")]
    #[test]
    #[ignore = "started by another test"]
    fn serial_a() {}

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn serial() {}

    #[isolated(limit("k", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn limited() {}

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        isolated_test_tests::hold();
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn alone_runs_all_kinds() {
        for test in ["plain", "serial", "alone"] {
            run(test);
        }
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn serial_runs_serial() {
        run("serial");
        run("limited");
    }

    #[isolated(limit("k", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn limited_runs_limited() {
        run("limited");
    }

    #[isolated(serial = "k", process)]
    #[test]
    #[ignore = "started by another test"]
    fn runs_serial_from_its_process() {
        run("serial");
    }

    #[test]
    #[ignore = "started by another test"]
    fn tries() {
        drop(
            Key::new("k")
                .try_lock()
                .unwrap()
                .expect("it acts for the holder"),
        );
    }

    #[isolated(serial = "k", process)]
    #[test]
    #[ignore = "started by another test"]
    fn runs_one_that_tries() {
        assert!(
            Key::new("k").try_lock().unwrap().is_none(),
            "it is the holder"
        );
        run("tries");
    }

    #[isolated(process)]
    #[test]
    #[ignore = "started by another test"]
    fn runs_serial_under_a_guard_in_its_process() {
        let _guard = Key::new("k").lock().unwrap();
        run("serial");
    }

    #[test]
    #[ignore = "started by another test"]
    fn runs_serial_under_a_guard() {
        let _guard = Key::new("k").lock().unwrap();
        run("serial");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn runs_serial_under_a_guard_of_its_own() {
        let _guard = Key::new("k").lock().unwrap();
        run("serial");
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn runs_one_that_runs_serial() {
        run("serial_runs_serial");
    }

    #[isolated(serial = "k", process)]
    #[test]
    #[ignore = "started by another test"]
    fn runs_one_that_runs_serial_from_processes() {
        run("runs_serial_from_its_process");
    }

    #[isolated(shared = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn shared_runs_serial() {
        run("serial");
    }

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn plain_runs_alone() {
        run("alone");
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn delegates_to_one_out_of_order() {
        let mut command = program("serial_a");
        assert_passed(&current().delegate_to(&mut command).output().unwrap());
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn delegates_to_two() {
        let delegated = |test| {
            Inner::beside(test).with(|command| {
                current().delegate_to(command);
            })
        };
        let mut one = delegated("holds").start();
        one.hear("held");
        let mut other = delegated("holds").start();
        let line = other.hear_error("waiting for");
        assert!(
            line.contains("held by delegation::inner::holds (pid "),
            "{line}"
        );
        assert!(!other.has_said("held"));
        one.release();
        other.hear("held");
        other.release();
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn runs_one_that_holds() {
        assert!(program("holds").status().unwrap().success());
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "started by another test"]
    fn holds_and_tells_whom_to_act_for() {
        let mut command = Command::new("true");
        let (_, value) = current()
            .delegate_to(&mut command)
            .get_envs()
            .next()
            .unwrap();
        say(&format!("owner {}", value.unwrap().to_str().unwrap()));
        isolated_test_tests::listen("release");
    }

    static TOGETHER: Barrier = Barrier::new(2);

    #[isolated]
    #[test]
    #[ignore = "called by another test"]
    fn runs_beside() {
        TOGETHER.wait();
        TOGETHER.wait();
    }

    #[isolated(serial = "k")]
    #[test]
    #[ignore = "called by another test"]
    fn starts_a_program_beside_another_test() {
        TOGETHER.wait();
        let alone = program("serial").output().unwrap();
        let mut command = program("serial");
        let delegated = current().delegate_to(&mut command).output().unwrap();
        TOGETHER.wait();
        eprint!("{}", String::from_utf8_lossy(&alone.stderr));
        assert!(!alone.status.success());
        assert_passed(&delegated);
    }

    #[test]
    #[ignore = "started by another test"]
    fn two_at_once() {
        let beside = thread::spawn(runs_beside);
        starts_a_program_beside_another_test();
        beside.join().unwrap();
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn runs_many_that_exclude_each_other() {
        let children: Vec<_> = (0..8)
            .map(|_| program("works_alone_in_a_directory").spawn().unwrap())
            .collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn works_alone_in_a_directory() {
        let path = std::path::Path::new(&std::env::var("ISOLATED_DIR").unwrap()).join("inside");
        let new = OpenOptions::new().write(true).create_new(true).open(&path);
        assert!(new.is_ok(), "two are alone");
        std::fs::remove_file(&path).unwrap();
    }
}

/// Runs an inner test with little patience, and expects that nothing is left of it.
#[track_caller]
fn run(test: &str) -> Finished {
    let state = State::new();
    let inner = state.inner(test).env("ISOLATED_LOCK_TIMEOUT", "5s");
    let finished = inner.run();
    assert_eq!(state.runs(), [] as [&Path; 0], "{test} left something");
    finished
}

#[test]
fn a_program_holds_what_the_test_holds_that_has_started_it() {
    for test in [
        "alone_runs_all_kinds",
        "serial_runs_serial",
        "limited_runs_limited",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_that_the_process_of_a_test_starts_acts_for_the_test() {
    for test in ["runs_serial_from_its_process", "runs_one_that_tries"] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_acts_for_a_guard_too() {
    for test in [
        "runs_serial_under_a_guard",
        "runs_serial_under_a_guard_of_its_own",
        "runs_serial_under_a_guard_in_its_process",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn a_program_of_a_program_acts_for_both() {
    for test in [
        "runs_one_that_runs_serial",
        "runs_one_that_runs_serial_from_processes",
    ] {
        let _ = run(test).passed();
    }
}

#[test]
fn what_a_test_holds_does_not_become_stronger_in_a_program() {
    let refused = run("shared_runs_serial").failed();
    assert!(
        refused.errors.contains(
            "delegation::inner::serial: failed to lock serial \"k\", because \
             `delegation::inner::shared_runs_serial` (pid "
        ) && refused.errors.contains(
            ") has started this program and holds shared \"k\", which never becomes stronger while it is \
             held; ask for the stronger one in that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn a_test_that_wants_to_be_alone_is_refused_below_one_that_is_not() {
    let refused = run("plain_runs_alone").failed();
    assert!(
        refused.errors.contains(
            "has started this program and holds the lock of all tests, which never becomes stronger \
             while it is held; ask for `alone` in that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn a_program_keeps_the_order_of_the_test_that_has_started_it() {
    let refused = run("delegates_to_one_out_of_order").failed();
    assert!(
        refused.errors.contains(
            "has started this program and holds serial \"k\", which comes later in the order of locks, \
             and could wait for ever; ask for both in the attribute of that test\n"
        ),
        "{}",
        refused.errors
    );
}

#[test]
fn programs_that_act_for_one_test_exclude_each_other() {
    let _ = run("delegates_to_two").passed();
    let _ = run("runs_many_that_exclude_each_other").passed();
}

#[test]
fn a_program_that_cannot_know_for_whom_it_acts_is_refused_at_once() {
    let run = run("two_at_once").passed();
    assert!(
        run.errors.contains(
            "delegation::inner::serial: failed to lock serial \"k\", because it is held by \
             delegation::inner::starts_a_program_beside_another_test (pid "
        ) && run.errors.contains(
            "), whose process has started this program for one of several tests; write \
             `current().delegate_to(&mut command)` where the program is started\n"
        ),
        "{}",
        run.errors
    );
}

#[test]
fn nobody_acts_for_a_test_that_has_ended() {
    let state = State::new();
    let mut owner = state.inner("holds_and_tells_whom_to_act_for").start();
    let mark = owner.hear("owner");
    let act = || state.inner("serial").env("ISOLATED_OWNER", &mark);
    let _ = act().run().passed();
    owner.kill();
    // It takes the key itself again, so it waits for whoever has it.
    let holder = state.holding("holds");
    let mut next = act().start();
    next.hear_error("waiting for");
    holder.release();
    let _ = next.finish().passed();
}

#[test]
fn what_a_program_holds_for_a_killed_test_is_in_nobodys_way_and_swept() {
    let state = State::new();
    let within = || {
        let is_within = |path: &PathBuf| path.to_string_lossy().contains(".within/");
        state.runs().into_iter().filter(is_within).count()
    };
    let mut owner = state.inner("runs_one_that_holds").start();
    owner.hear("held");
    assert!(within() > 0);
    owner.kill();
    // The program still runs.
    let next = state.holding("holds");
    assert_eq!(within(), 0);
    next.release();
    owner.tell("release");
}

#[test]
fn a_variable_that_names_nobody_means_nothing() {
    let state = State::new();
    for value in ["", "gone", "gone:1:5", "../../etc:1:5", "a:b:c", "a:1:5:9"] {
        let _ = state
            .inner("serial")
            .env("ISOLATED_OWNER", value)
            .run()
            .passed();
    }
}
