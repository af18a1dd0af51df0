//! Other users: as whom the tests run, and who can connect.

use std::os::unix::process::CommandExt;
use std::process::Command;

use isolated_test_tests::{State, is_root};

use crate::asking::{Servers, files};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};

    #[isolated(db = Postgres::empty())]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }
}

/// Whether another user can connect. As root, tries both the user of the server and another one.
fn can_connect(url: &str) -> bool {
    let users = [65_534, 101];
    users.into_iter().any(|user| {
        let mut psql = Command::new("psql");
        psql.args(["-At", url, "-c", "SELECT 1"]).current_dir("/");
        psql.uid(user).gid(user);
        psql.output().unwrap().status.success()
    })
}

#[test]
fn only_the_user_of_the_tests_can_connect() {
    if !is_root() {
        return;
    }
    let state = State::new();
    let mut user = state.user("uses").start();
    assert!(!can_connect(&user.hear("url")));
    user.release();
    state.wait_for_the_end();
}

#[test]
fn an_ordinary_user_has_a_server_too() {
    let state = State::new();
    let home = state.scratch();
    let user = state.inner_as_nobody("uses").env("HOME", &home);
    let mut user = user.env("ISOLATED_LINGER", "50ms").start();
    let files = files(&user.hear("url"));
    user.release();
    state.wait_for_the_end();
    assert!(!files.exists());
}

#[test]
fn two_users_have_servers_at_the_same_time() {
    let (states, home) = ([State::new(), State::new()], "/nonexistent");
    let own = states[0].user("uses").env("HOME", home);
    let other = states[1].inner_as_nobody("uses").env("HOME", home);
    let mut both = [own.start(), other.env("ISOLATED_LINGER", "50ms").start()];
    let files = both.each_mut().map(|user| files(&user.hear("url")));
    assert_ne!(files[0], files[1]);
    assert!(files.iter().all(|dir| dir.exists()));
    for (user, state) in both.into_iter().zip(&states) {
        user.release();
        state.wait_for_the_end();
    }
    assert!(!files.iter().any(|dir| dir.exists()));
}
