//! Machines that lack something, or where something is in the way.

use std::net::TcpListener;

use isolated_test_tests::State;

use crate::asking::{Servers, ask, files};

/// Runs a test with these variables whose server is initialised anew, and calls `look` with its URL.
fn with_new_server(variables: &[(&str, &str)], look: impl FnOnce(&str)) {
    let state = State::new();
    // Without the copy of fresh data.
    let mut user = state.user_of_empty().env("HOME", state.scratch());
    user = user.env("XDG_CACHE_HOME", "");
    for (name, value) in variables {
        user = user.env(name, value);
    }
    let mut user = user.start();
    let url = user.hear("url");
    look(&url);
    let files = files(&url);
    user.release();
    state.wait_for_the_end();
    assert!(!files.exists());
}

#[test]
fn a_locale_that_is_missing_is_not_needed() {
    let names = ["LC_ALL", "LANG", "LC_CTYPE", "LC_MESSAGES"];
    with_new_server(&names.map(|name| (name, "xx_YY.UTF-8")), |url| {
        assert_eq!(ask(url, "SELECT lower('ÄÖ')"), "äö");
        assert_eq!(ask(url, "SHOW lc_messages"), "C");
    });
}

/// Neither `psql` nor `df`, for example.
#[test]
fn no_program_in_the_path_is_needed() {
    with_new_server(&[("PATH", "/none")], |url| {
        assert_eq!(ask(url, "SELECT 'here'"), "here");
    });
}

#[test]
fn the_usual_port_may_be_taken() {
    // If this fails, another server has taken it already.
    let taken = TcpListener::bind(("127.0.0.1", 5432));
    with_new_server(&[], |url| {
        assert_eq!(ask(url, "SHOW port"), "5432");
    });
    drop(taken);
}
