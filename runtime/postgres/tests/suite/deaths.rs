//! Leftovers of killed processes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use isolated_test_tests::State;
use isolated_test_tests::processes::{is_alive, parent};
use postgres::{Client, NoTls};

use crate::asking::{
    Servers, ask, files, has_segment, main_database, replace_a_killed_builder, segment, signal,
    stop_copies,
};
use crate::programs::{EXEC, programs};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    fn prepare(url: &str) -> std::io::Result<()> {
        say(&format!("builds {url}"));
        hold();
        std::fs::metadata("/").map(drop)
    }

    #[isolated(db = Postgres::prepared("slow", 1, prepare))]
    #[test]
    #[ignore = "started by another test"]
    fn builds(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }
}

/// The process of the server.
pub(crate) fn server(files: &Path) -> u32 {
    let lock = fs::read_to_string(files.join("data/postmaster.pid")).unwrap();
    lock.lines().next().unwrap().parse().unwrap()
}

#[test]
fn a_killed_host_leaves_nothing_after_the_next_test() {
    let state = State::new();
    let mut user = state.user_of_empty().start();
    let old = files(&user.hear("url"));
    let segment = segment(&old).unwrap();
    assert!(has_segment(&segment));
    signal("-KILL", state.host());
    // Its supervisor kills the server.
    while state.processes().len() > 1 {
        std::thread::yield_now();
    }
    assert!(old.exists());

    let mut next = state.user_of_empty().start();
    let new = files(&next.hear("url"));
    assert_ne!(new, old);
    assert!(!old.exists());
    assert!(!has_segment(&segment));
    next.release();
    user.kill();
    state.wait_for_the_end();
    assert!(!new.exists());
}

#[test]
fn a_segment_whose_removal_was_killed_is_removed_by_a_later_test() {
    let state = State::new();
    let mut user = state.user_of_empty().start();
    let old = files(&user.hear("url"));
    let segment = segment(&old).unwrap();
    signal("-KILL", state.host());
    user.kill();
    state.wait_for_the_end();

    let programs = state.scratch();
    let program = programs.join("ipcrm");
    fs::write(&program, "#!/bin/sh\nkill -KILL $$\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", programs.display());
    for (path, is_left) in [(Some(path), true), (None, false)] {
        let next = state.user_of_empty();
        let next = match path {
            Some(path) => next.env("PATH", path),
            None => next,
        };
        let mut next = next.start();
        next.hear("url");
        assert_eq!(old.exists(), is_left);
        assert_eq!(has_segment(&segment), is_left);
        next.release();
        state.wait_for_the_end();
    }
}

#[test]
fn a_killed_server_takes_its_host_with_it() {
    let state = State::new();
    let mut user = state.user_of_empty().start();
    let old = files(&user.hear("url"));
    let host = state.host();
    signal("-KILL", server(&old));
    // Its supervisor collects it once it has released its locks. Until then, tests would still ask it.
    while Path::new(&format!("/proc/{host}")).exists() {
        std::thread::yield_now();
    }
    let mut next = state.user_of_empty().start();
    assert_ne!(files(&next.hear("url")), old);
    assert!(!old.exists());
    next.release();
    user.kill();
    state.wait_for_the_end();
}

/// A session that makes a database asks for a checkpoint, for up to a minute, and the process that would make it
/// ends with the server.
#[test]
fn a_copy_ends_with_the_killed_server_and_its_host() {
    let state = State::new();
    let mut user = state.user_of_empty().start();
    let url = user.hear("url");
    let (old, main) = (files(&url), main_database(&url));
    let segment = segment(&old).unwrap();
    let activity = |what: &str, of: &str| -> u32 {
        let sql = format!("SELECT {what}::text FROM pg_stat_activity WHERE {of}");
        ask(&main, &sql).parse().unwrap()
    };
    let checkpointer = activity("pid", "backend_type = 'checkpointer'");
    let server = server(&old);

    let mut client = Client::connect(&main, NoTls).unwrap();
    stop_copies(&mut client);
    let mut builder = state.user("builds").start();
    let waiting = "query LIKE 'CREATE DATABASE \"building%' AND wait_event_type = 'Lock'";
    while activity("count(*)", waiting) == 0 {
        std::thread::yield_now();
    }
    let copy = activity("pid", waiting);
    signal("-STOP", copy);
    // It would kill what its host has left.
    builder.kill();
    client.batch_execute("ROLLBACK").unwrap();

    // The supervisors end too, or they would kill the copy: first the one of the server. The one of the host
    // reaps the checkpointer before, which init does not do in every container.
    let host = state.host();
    let supervisors = [parent(server), parent(host)];
    for stopped in [host, supervisors[0]] {
        signal("-STOP", stopped);
    }
    for killed in [server, supervisors[0]] {
        signal("-KILL", killed);
    }
    while Path::new(&format!("/proc/{checkpointer}")).exists() {
        std::thread::yield_now();
    }
    signal("-KILL", supervisors[1]);
    while is_alive(host) {
        std::thread::yield_now();
    }
    assert!(is_alive(copy));
    signal("-CONT", copy);
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_alive(copy) {
        assert!(Instant::now() < deadline, "the copy goes on");
        std::thread::yield_now();
    }

    let mut next = state.user_of_empty().start();
    assert_ne!(files(&next.hear("url")), old);
    assert!(!old.exists());
    assert!(!has_segment(&segment));
    next.release();
    user.kill();
    state.wait_for_the_end();
}

#[test]
fn a_template_whose_builder_was_killed_is_built_by_the_next_test() {
    let state = State::new();
    replace_a_killed_builder(|| state.user("builds").start());
    state.wait_for_the_end();
}

#[test]
fn a_server_that_ends_as_soon_as_it_is_ready_leaves_nothing() {
    let state = State::new();
    let ends = r#"
        [ "$1" = -D ] || exec "$real" "$@"
        echo "$2" > "${0%/*}/place"
        echo 'database system is ready to accept connections' >&2"#;
    let programs = programs(&state, ends, EXEC);
    // The server writes there as another user.
    fs::set_permissions(&programs, fs::Permissions::from_mode(0o777)).unwrap();
    let user = state
        .user_of_empty()
        .env("ISOLATED_POSTGRES_BIN", &programs);
    let run = user.env("ISOLATED_KEEP", "never").run().failed();
    let complaint = state.complaint(&run);
    assert!(
        complaint.contains("the host of `postgres` could not start"),
        "{complaint}"
    );
    // If the host has noticed the end before it used the server, this removes what is left.
    let mut next = state.user_of_empty().start();
    next.hear("url");
    next.release();
    state.wait_for_the_end();
    let data = fs::read_to_string(programs.join("place")).unwrap();
    let files = Path::new(data.trim()).parent().unwrap();
    assert!(!files.exists(), "{data}");
}
