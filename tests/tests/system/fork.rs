//! Children that a test forks without exec: they have copies of everything.

#![cfg(target_os = "linux")]

use std::path::PathBuf;

use isolated_test_tests::{State, plain};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::net::TcpListener;

    use isolated_test::{Key, Port, TmpDir, isolated};
    use isolated_test_tests::{listen, plain, say};

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn takes_a_directory(tmpdir: &TmpDir) {
        say(&format!("body {}", tmpdir.display()));
    }

    #[isolated(port, tmpdir, serial = "tcp", limit("few", 1))]
    #[test]
    #[ignore = "started by another test"]
    fn forks(port: &Port) {
        let child = plain::fork_and_stay().unwrap();
        say(&format!("child {child} {port}"));
    }

    #[isolated(tmpdir, port)]
    #[test]
    #[ignore = "started by another test"]
    fn forks_and_ends_the_child(tmpdir: &TmpDir, port: u16) {
        plain::fork_and_exit().unwrap();
        assert!(tmpdir.is_dir());
        plain::listen(port).unwrap_err();
        say(&format!("body {}", tmpdir.display()));
        listen("end");
    }

    #[isolated(serial = "tcp")]
    #[test]
    #[ignore = "started by another test"]
    fn holds() {
        say("held");
        listen("end");
    }

    /// The thread that watches the clock for the parent does not exist in the child.
    #[test]
    #[ignore = "started by another test"]
    fn waits_before_and_after_a_fork() {
        let key = Key::new("tcp");
        key.lock().unwrap_err();
        assert!(plain::fork_and(|| key.lock().is_err()).unwrap());
        key.lock().unwrap_err();
    }

    #[isolated(port, tmpdir, serial = "tcp", limit("few", 1))]
    #[test]
    #[ignore = "started by another test"]
    fn comes_after_the_fork() {
        let number = std::env::var("NUMBER").unwrap().parse::<u16>().unwrap();
        // While the forked child has a copy of the hold, the kernel assigns the number to nobody
        // else, but a server that asks for it gets it.
        drop(TcpListener::bind(("127.0.0.1", number)).unwrap());
    }
}

#[test]
fn a_forked_child_that_outlives_the_test_keeps_nobody_waiting() {
    let state = State::new();
    let run = state.inner("forks").run().passed();
    let (child, number) = run.said("child").unwrap().split_once(' ').unwrap();
    assert_eq!(state.runs(), NOTHING, "the directory went with the test");
    let next = state.inner("comes_after_the_fork").env("NUMBER", number);
    let next = next.env("ISOLATED_LOCK_TIMEOUT", "2s").run();
    assert!(
        plain::kill(child.parse().unwrap()),
        "the child has lived all the time"
    );
    let _ = next.passed();
    drop(plain::listen_when_free(number.parse().unwrap()));
}

#[test]
fn a_forked_child_that_ends_takes_nothing_from_its_parent() {
    let state = State::new();
    let mut inner = state.inner("forks_and_ends_the_child").start();
    let path = PathBuf::from(inner.hear("body"));
    let _ = state.inner("takes_a_directory").run().passed();
    assert!(path.is_dir());
    assert!(
        path.parent()
            .unwrap()
            .with_extension("isolated-test")
            .is_file()
    );
    inner.tell("end");
    let _ = inner.finish().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn a_forked_child_gives_up_waiting_as_its_parent_does() {
    let state = State::new();
    let mut holder = state.inner("holds").start();
    holder.hear("held");
    let waits = state.inner("waits_before_and_after_a_fork");
    let _ = waits.env("ISOLATED_LOCK_TIMEOUT", "200ms").run().passed();
    holder.tell("end");
    let _ = holder.finish().passed();
}
