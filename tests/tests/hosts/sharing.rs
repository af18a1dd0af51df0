//! Which tests share a host, what they get, and when it ends.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use isolated_test_tests::{State, is_root};

use crate::common::{Hosts, parent, server_of, signal, wait_for};

mod inner {
    use isolated_test::{Once, current, isolated};
    use isolated_test_tests::hold;

    use crate::common::{API, Api, tell};

    #[isolated]
    #[test]
    #[ignore = "started by another test"]
    fn needs_nothing() {}

    const VERSIONED: Once<Api> =
        API.fingerprint(|| Ok(std::env::var("API_VERSION").unwrap_or_default()));

    #[isolated(api = VERSIONED)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_by_fingerprint(api: &str) {
        tell(api);
        hold();
    }

    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn uses(api: &str) {
        tell(api);
        hold();
    }

    #[isolated(alone, api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn uses_alone(api: &str) {
        tell(api);
    }

    #[isolated(process, api = API, env(API_ADDRESS = api))]
    #[test]
    #[ignore = "started by another test"]
    fn uses_in_a_subprocess(api: String) {
        assert_eq!(std::env::var("API_ADDRESS").unwrap(), api);
        tell(&api);
    }

    #[isolated(api = API)]
    #[tokio::test]
    #[ignore = "started by another test"]
    async fn uses_in_a_runtime(api: &str) {
        tell(api);
        assert_eq!(*current().get::<String>(), api);
    }
}

#[test]
fn tests_in_several_processes_share_one_host_which_ends_after_them() {
    let state = State::new();
    let mut first = state.user("uses").start();
    let server = server_of(&mut first);
    let mut second = state.user("uses").start();
    assert_eq!(server_of(&mut second), server);
    for test in ["uses_in_a_subprocess", "uses_in_a_runtime"] {
        let run = state.user(test).run().passed();
        assert!(
            run.output.contains(&format!("@served {server}\n")),
            "{}",
            run.output
        );
    }
    first.release();
    assert_eq!(state.happened(), "start");
    second.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
    assert_eq!(state.processes(), []);
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
    assert_eq!(state.host_dirs(), [] as [PathBuf; 0]);

    let mut third = state.user("uses").start();
    assert_ne!(server_of(&mut third), server);
    third.release();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end start end");
}

#[test]
fn a_test_that_runs_alone_waits_for_no_host() {
    let state = State::new();
    let linger = |test: &str| state.user(test).env("ISOLATED_LINGER", "1h");
    let mut first = linger("uses").start();
    let server = server_of(&mut first);
    first.release();
    let mut alone = linger("uses_alone").start();
    assert_eq!(server_of(&mut alone), server);
    let _ = alone.finish().passed();
    let ended = Command::new("kill").arg(server.to_string()).status();
    assert!(ended.unwrap().success());
    state.wait_for_the_end();

    // One that runs alone can also start the host.
    let _ = state.user("uses_alone").run().passed();
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end start end");
}

/// Another build of this program: another file, here with the same code.
fn other_build(state: &State) -> PathBuf {
    let copy = state.scratch().join("other_build");
    // Another program writes the copy, because a file that is open for writing cannot be executed, and
    // children of other threads inherit descriptors for a moment.
    let copied = Command::new("cp")
        .arg(std::env::current_exe().unwrap())
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    copy
}

#[test]
fn each_build_of_a_program_has_its_own_host_unless_there_is_a_fingerprint() {
    for (test, is_shared) in [("uses", false), ("uses_by_fingerprint", true)] {
        let state = State::new();
        let other_build = other_build(&state);
        let mut first = state.user(test).start();
        let server = server_of(&mut first);
        let mut second = state.user_of(&other_build, test).start();
        assert_eq!(server_of(&mut second) == server, is_shared);
        first.release();
        second.release();
        state.wait_for_the_end();
        let expected = if is_shared {
            "start end"
        } else {
            "start start end end"
        };
        assert_eq!(state.happened(), expected);
    }
}

#[test]
fn a_host_bridges_the_gap_between_two_programs() {
    let state = State::new();
    let other_build = other_build(&state);
    let mut first = state
        .user("uses_by_fingerprint")
        .env("ISOLATED_LINGER", "1h")
        .start();
    let server = server_of(&mut first);
    first.release();
    let mut second = state.user_of(&other_build, "uses_by_fingerprint").start();
    assert_eq!(server_of(&mut second), server);
    second.release();
    let ended = Command::new("kill").arg(server.to_string()).status();
    assert!(ended.unwrap().success());
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
}

#[test]
fn another_fingerprint_is_another_host() {
    let state = State::new();
    let mut first = state.user("uses_by_fingerprint").start();
    let server = server_of(&mut first);
    let mut second = state
        .user("uses_by_fingerprint")
        .env("API_VERSION", "2")
        .start();
    assert_ne!(server_of(&mut second), server);
    first.release();
    second.release();
    state.wait_for_the_end();
}

#[test]
fn a_host_neither_waits_for_a_test_that_runs_alone_nor_keeps_it_waiting() {
    let state = State::new();
    let run = || {
        let user = state.user("uses_alone").env("ISOLATED_LINGER", "1h");
        let run = user.env("ISOLATED_LOCK_TIMEOUT", "5s").run().passed();
        run.said("served").unwrap().parse().unwrap()
    };
    // The second test finds a host that would stay for an hour.
    let server: u32 = run();
    assert_eq!(run(), server);
    signal("-TERM", server);
    state.wait_for_the_end();
    assert_eq!(state.happened(), "start end");
}

#[test]
fn each_sandbox_has_its_own_host() {
    let state = State::new();
    let mut first = state
        .user("uses_by_fingerprint")
        .env("ISOLATED_SANDBOX", "1")
        .start();
    let server = server_of(&mut first);
    let mut second = state.user("uses_by_fingerprint").start();
    assert_ne!(server_of(&mut second), server);
    first.release();
    second.release();
    state.wait_for_the_end();
}

#[test]
fn users_of_a_shared_directory_have_hosts_of_their_own() {
    const ONE: u32 = 65533;
    const OTHER: u32 = 65534;

    if !is_root() {
        return;
    }
    let state = State::new();
    let scratch = state.scratch();
    File::create(scratch.join("log")).unwrap();
    for (path, mode) in [
        (state.path(), 0o777),
        (&scratch, 0o777),
        (&scratch.join("log"), 0o666),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let inner = |user, test| {
        let inner = state.inner_as(user, test).env("SCRATCH", &scratch);
        inner.env("ISOLATED_LINGER", "1h")
    };
    let mut one = inner(ONE, "uses").start();
    let server = server_of(&mut one);
    let mut other = inner(OTHER, "uses").start();
    let other_server = server_of(&mut other);
    assert_ne!(other_server, server);
    other.release();
    let other_guard = parent(other_server);
    signal("-TERM", other_server);
    one.release();

    // Only the same user can end what is left.
    signal("-KILL", parent(server));
    wait_for(server);
    wait_for(other_guard);
    let _ = inner(OTHER, "needs_nothing").run().passed();
    assert_eq!(state.host_dirs().len(), 1);
    assert_eq!(state.processes().len(), 1);
    let _ = inner(ONE, "needs_nothing").run().passed();
    assert_eq!(state.host_dirs(), [] as [PathBuf; 0]);
    assert_eq!(state.processes(), []);
}

#[test]
fn the_beginning_of_each_use_is_noted_for_the_host() {
    let state = State::new();
    let mut first = state.user("uses").start();
    server_of(&mut first);
    let users = state.host_dirs()[0].join("users");
    let touched = || fs::metadata(&users).unwrap().modified().unwrap();
    let before = touched();
    let _ = state.user("uses_in_a_subprocess").run().passed();
    assert!(touched() > before);
    first.release();
    state.wait_for_the_end();
}

#[test]
fn a_host_stays_whose_users_come_and_go_while_it_lingers() {
    const LINGER: Duration = Duration::from_millis(100);

    while !has_seen_users(LINGER) {}
}

/// Notes uses for a lingering host, as short tests do, and asserts that it stays. Returns whether it
/// could: on a busy machine, this process may have paused for too long.
fn has_seen_users(linger: Duration) -> bool {
    let state = State::new();
    let first = state.user("uses").env("ISOLATED_LINGER", "100ms");
    let mut first = first.start();
    server_of(&mut first);
    let users = File::open(state.host_dirs()[0].join("users")).unwrap();
    first.tell("release");
    let begin = Instant::now();
    let (mut last, mut longest) = (begin, Duration::ZERO);
    while last - begin < 5 * linger {
        users.set_modified(SystemTime::now()).unwrap();
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    let happened = state.happened();
    let _ = first.finish().passed();
    state.wait_for_the_end();
    if longest < linger {
        assert_eq!(happened, "start");
    }
    longest < linger
}
