//! `cwd`: the working directory of a subprocess.

#![cfg(any(target_os = "linux", windows))]

use std::path::Path;

use isolated_test::isolated;

use super::surroundings::{refused, working_dir};

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::say;

    #[isolated(cwd = "no/such/directory", tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn is_nowhere() {
        say("body");
    }

    #[isolated(cwd = "Cargo.toml")]
    #[test]
    #[ignore = "started by another test"]
    fn is_in_a_file() {
        say("body");
    }
}

/// This file, as reports name it.
const FILE: &str = "processes/working_directory";

#[isolated(cwd)]
#[test]
fn the_working_directory_is_one_of_its_own() {
    let dir = working_dir();
    assert_eq!(dir.read_dir().unwrap().count(), 0);
    let test = isolated_test::current();
    assert_eq!(
        test.tmpdir_named("cwd").unwrap().canonicalize().unwrap(),
        dir
    );
}

#[isolated(site = tmpdir(from = "fixtures/site"), tmpdir, cwd)]
#[test]
fn the_working_directory_is_the_first_of_several(site: &Path) {
    assert_eq!(working_dir(), site.canonicalize().unwrap());
}

#[isolated(tmpdir, cwd(from = ["fixtures/site", "Cargo.toml"]))]
#[test]
fn the_working_directory_has_copies(tmpdir: &Path) {
    let dir = working_dir();
    let cwd = isolated_test::current().tmpdir_named("cwd").unwrap();
    assert_eq!(dir, cwd.canonicalize().unwrap());
    assert_ne!(dir, tmpdir.canonicalize().unwrap());
    assert!(Path::new("index.html").is_file() && Path::new("Cargo.toml").is_file());
    std::fs::remove_file("Cargo.toml").unwrap();
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("Cargo.toml")
            .is_file()
    );
}

/// A directory below the test's own one need not exist.
#[isolated(tmpdir, cwd = tmpdir.join("a/b"))]
#[test]
fn a_working_directory_is_created_below_the_own_one(tmpdir: &Path) {
    let own = tmpdir.canonicalize().unwrap();
    assert_eq!(working_dir(), own.join("a/b"));
}

#[isolated(cwd = "fixtures")]
#[test]
fn a_relative_working_directory_begins_at_the_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(working_dir(), root.join("fixtures").canonicalize().unwrap());
    assert!(Path::new("site").is_dir());
}

#[isolated(cwd = "/")]
#[test]
fn an_absolute_working_directory_is_what_it_is() {
    assert_eq!(working_dir(), Path::new("/").canonicalize().unwrap());
}

#[test]
fn a_working_directory_that_is_none_is_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let nowhere = root.join("no/such/directory");
    let error = nowhere.metadata().unwrap_err();
    let nowhere = nowhere.display();
    let why = format!("failed to use the working directory `{nowhere}`: {error}");
    refused(FILE, "is_nowhere", &why);
    let file = root.join("Cargo.toml");
    let file = file.display();
    let why = format!("failed to use the working directory `{file}`: not a directory");
    refused(FILE, "is_in_a_file", &why);
}
