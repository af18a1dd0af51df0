//! Tests whose sources have moved since they were compiled, as with a nextest archive.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;

use isolated_test_tests::{Finished, State};

mod inner {
    use std::env;
    use std::fs;
    use std::path::Path;

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::say;

    #[isolated(tmpdir(from = "fixtures/site"), cwd = "fixtures")]
    #[test]
    #[ignore = "started by another test"]
    fn finds_its_package(tmpdir: &TmpDir) {
        let index = fs::read_to_string(tmpdir.join("index.html")).unwrap();
        say(&format!("copied {}", index.contains("moved")));
        let dir = env::current_dir().unwrap();
        say(&format!("cwd {}", dir.display()));
        assert!(Path::new("site").is_dir());
    }
}

/// Runs the inner test as if its package had moved to another folder, which is returned. `name` is
/// the package whose tests are run.
fn moved(name: &str) -> (Finished, PathBuf, State) {
    let state = State::new();
    let root = state.scratch();
    fs::create_dir_all(root.join("fixtures/site")).unwrap();
    fs::write(root.join("fixtures/site/index.html"), "moved").unwrap();
    let run = state
        .inner("finds_its_package")
        .env("CARGO_PKG_NAME", name)
        .env("CARGO_MANIFEST_DIR", &root)
        .run()
        .passed();
    (run, root, state)
}

#[test]
fn a_package_that_has_moved_is_found() {
    let (run, root, _state) = moved(env!("CARGO_PKG_NAME"));
    assert_eq!(run.said("copied"), Some("true"));
    let dir = root.join("fixtures").canonicalize().unwrap();
    assert_eq!(run.said("cwd"), dir.to_str());
}

#[test]
fn the_package_of_another_test_is_not_taken_for_its_own() {
    let (run, ..) = moved("shop");
    assert_eq!(run.said("copied"), Some("false"));
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    assert_eq!(run.said("cwd"), Some(dir));
}
