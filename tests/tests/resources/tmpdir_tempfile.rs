//! `tmpdir` as a `tempfile::TempDir`, with the feature `tempfile`.

#![cfg(any(target_os = "linux", windows))]

use isolated_test::isolated;
use isolated_test_tests::State;
use tempfile::TempDir;

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::say;
    use tempfile::TempDir;

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn drops_it_and_fails(tmpdir: TempDir) {
        say(&format!("path {}", tmpdir.path().display()));
        std::fs::write(tmpdir.path().join("log"), "ready").unwrap();
        panic!("on purpose");
    }
}

/// A helper of a suite that knows only `TempDir`.
fn store(directory: &TempDir) -> std::io::Result<()> {
    std::fs::write(directory.path().join("orders"), "1")
}

#[isolated(tmpdir)]
#[test]
fn a_helper_takes_what_the_test_borrows(tmpdir: &TempDir) -> std::io::Result<()> {
    store(tmpdir)
}

#[isolated(tmpdir, process)]
#[test]
fn it_lies_in_the_directory_of_the_test(tmpdir: TempDir) -> std::io::Result<()> {
    let outer = isolated_test::current().tmpdir();
    assert_eq!(tmpdir.path().parent(), Some(outer.path()));
    store(&tmpdir)?;
    tmpdir.close()
}

#[test]
fn a_failed_test_keeps_it() {
    let state = State::new();
    let run = state.inner("drops_it_and_fails").run().failed();
    let path = run.said("path").unwrap();
    assert_eq!(std::fs::read(format!("{path}/log")).unwrap(), b"ready");
}
