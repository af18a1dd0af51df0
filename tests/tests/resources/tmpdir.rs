//! `tmpdir`: fresh, exclusive, short, named after the test, filled from a fixture.

#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use isolated_test::{TmpDir, current, isolated};
use isolated_test_tests::{PATIENCE, State, plain, tree};
use rstest::rstest;

mod inner {
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::{Barrier, Mutex};

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    pub(super) static SEEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    static TOGETHER: Barrier = Barrier::new(8);

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn says_its_directory(tmpdir: &TmpDir) {
        say(&format!("path {}", tmpdir.display()));
        listen("end");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    pub(super) fn meets_seven_others(tmpdir: PathBuf) {
        TOGETHER.wait();
        assert!(tmpdir.is_dir());
        SEEN.lock().unwrap().push(tmpdir);
        TOGETHER.wait();
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn has_a_name_that_is_longer_than_any_directory_should_be(tmpdir: &Path) {
        let socket = tmpdir.join("a-socket-of-20.bytes");
        let listener = UnixListener::bind(&socket).unwrap();
        UnixStream::connect(&socket).unwrap();
        listener.accept().unwrap();
        say(&format!("path {}", tmpdir.display()));
    }

    #[isolated(tmpdir(from = "fixtures/site"))]
    #[test]
    #[ignore = "started by another test"]
    fn copies_the_fixture(tmpdir: &Path) {
        super::is_complete(tmpdir);
    }

    #[isolated(tmpdir(from = "fixtures/missing"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_no_fixture(tmpdir: &TmpDir) {
        say(&format!("path {}", tmpdir.display()));
    }

    #[isolated(one = tmpdir, tmpdir(from = "fixtures/missing"))]
    #[test]
    #[ignore = "started by another test"]
    fn has_one_directory_and_no_fixture(one: &TmpDir, tmpdir: &TmpDir) {
        say(&format!("path {} {}", one.display(), tmpdir.display()));
    }
}

#[isolated(tmpdir)]
#[test]
fn is_empty_private_and_writable(tmpdir: &TmpDir) {
    assert_eq!(fs::read_dir(tmpdir).unwrap().count(), 0);
    let room = tmpdir.parent().unwrap();
    assert_eq!(
        fs::metadata(room).unwrap().mode() & 0o777,
        0o700,
        "nobody else gets into it"
    );
    fs::write(tmpdir.join("file"), "text").unwrap();
}

#[isolated(tmpdir)]
#[test]
fn may_be_a_handle(tmpdir: TmpDir) {
    assert_eq!(tmpdir.path(), current().tmpdir().path());
}

#[isolated(tmpdir)]
#[test]
fn may_be_a_path(tmpdir: &Path) {
    assert_eq!(tmpdir, current().tmpdir().path());
}

#[isolated(tmpdir)]
#[test]
fn may_be_an_owned_path(tmpdir: PathBuf) {
    assert_eq!(tmpdir, current().tmpdir().path());
}

#[isolated(tmpdir)]
#[test]
fn its_path_has_no_links_in_it(tmpdir: &Path) {
    if std::env::var_os("ISOLATED_DIR").is_none() {
        assert_eq!(tmpdir.canonicalize().unwrap(), tmpdir);
    }
}

#[isolated(input = tmpdir, output = tmpdir)]
#[test]
fn two_names_are_two_directories(input: &Path, output: &Path) {
    assert_ne!(input, output);
    assert!(input.is_dir() && output.is_dir());
    assert_eq!(current().tmpdir_named("output").unwrap().path(), output);
}

#[test]
fn threads_of_one_process_have_directories_of_their_own() {
    let threads: Vec<_> = (0..8)
        .map(|_| thread::spawn(inner::meets_seven_others))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let seen = inner::SEEN.lock().unwrap();
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 8);
    assert!(
        seen.iter().all(|path| !path.exists()),
        "they are gone after their tests"
    );
}

#[test]
fn eight_processes_have_directories_of_their_own() {
    let state = State::new();
    let mut running: Vec<_> = (0..8)
        .map(|_| state.inner("says_its_directory").start())
        .collect();
    let paths: HashSet<_> = running
        .iter_mut()
        .map(|inner| PathBuf::from(inner.hear("path")))
        .collect();
    assert_eq!(paths.len(), 8);
    assert!(
        paths
            .iter()
            .all(|path| path.is_dir() && path.starts_with(state.path().join("runs")))
    );
    for mut inner in running {
        inner.tell("end");
        let _ = inner.finish().passed();
    }
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
}

#[test]
fn a_unix_socket_fits_into_the_longest_directory() {
    let run = State::new()
        .inner("has_a_name_that_is_longer_than_any_directory_should_be")
        .with(|command| {
            // The default place of the state directory.
            command.env_remove("ISOLATED_DIR");
        })
        .run()
        .passed();
    let path = run.said("path").unwrap();
    assert!(path.len() <= 80, "{path} has {} bytes", path.len());
    assert!(path.starts_with("/tmp/isolated-test-"), "{path}");
}

#[isolated(tmpdir)]
#[test]
fn is_named_after_the_test_that_has_it(tmpdir: &Path) {
    assert_eq!(without_suffix(tmpdir), "is_named_after_the_test");
}

#[isolated(tmpdir)]
#[rstest]
#[case::cash(1)]
#[case::card(2)]
fn pays(#[case] number: u32, tmpdir: &Path) {
    let method = ["cash", "card"][number as usize - 1];
    assert_eq!(
        without_suffix(tmpdir),
        format!("pays-case_{number}_{method}")
    );
}

/// Returns the part of a directory's name that comes from the test.
fn without_suffix(path: &Path) -> &str {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (name, suffix) = name.rsplit_once('-').unwrap();
    assert!(
        suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{suffix}"
    );
    name.trim_end_matches('_')
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site")
}

/// Checks that a copy equals its fixture: names, contents, links and permissions.
fn is_complete(tmpdir: &Path) {
    let relative = |root: &Path| -> Vec<PathBuf> {
        tree(root)
            .iter()
            .map(|path| path.strip_prefix(root).unwrap().to_owned())
            .collect()
    };
    assert_eq!(relative(tmpdir), relative(&fixture()));
    assert_eq!(
        relative(tmpdir),
        [
            "assets",
            "assets/css",
            "assets/css/site.css",
            "dangling",
            "index.html",
            "latest.css",
            "serve.sh"
        ]
        .map(PathBuf::from)
    );
    for path in relative(tmpdir) {
        let (copy, original) = (tmpdir.join(&path), fixture().join(&path));
        let (data, expected) = (
            fs::symlink_metadata(&copy).unwrap(),
            fs::symlink_metadata(&original).unwrap(),
        );
        assert_eq!(data.mode(), expected.mode(), "{}", path.display());
        if data.is_file() {
            assert_eq!(fs::read(copy).unwrap(), fs::read(original).unwrap());
        }
    }
}

#[isolated(tmpdir(from = "fixtures/site"))]
#[test]
fn a_copied_tree_is_complete(tmpdir: &Path) {
    is_complete(tmpdir);
}

#[test]
fn a_copied_tree_has_the_permissions_of_the_fixture_whatever_the_umask() {
    let state = State::new();
    let _ = state
        .inner("copies_the_fixture")
        .with(|command| plain::with_umask(command, 0o077))
        .run()
        .passed();
}

#[isolated(tmpdir(from = "fixtures/site"))]
#[test]
fn links_are_copied_as_links(tmpdir: &Path) {
    assert_eq!(
        fs::read_link(tmpdir.join("latest.css")).unwrap(),
        Path::new("assets/css/site.css")
    );
    assert_eq!(
        fs::read_link(tmpdir.join("dangling")).unwrap(),
        Path::new("nowhere")
    );
    assert_eq!(
        fs::read_to_string(tmpdir.join("latest.css")).unwrap(),
        "h1 { color: green }\n"
    );
}

#[isolated(tmpdir(from = "fixtures/site"))]
#[test]
fn a_copied_program_runs(tmpdir: &Path) {
    let deadline = Instant::now() + PATIENCE;
    let output = loop {
        match Command::new(tmpdir.join("serve.sh")).output() {
            // A child that another thread is just starting has inherited the open copy.
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && Instant::now() < deadline =>
            {
                thread::yield_now();
            }
            output => break output.unwrap(),
        }
    };
    assert_eq!(output.stdout, b"served\n");
}

#[isolated(tmpdir(from = "fixtures/site"))]
#[test]
fn a_copy_does_not_change_its_fixture(tmpdir: &Path) {
    fs::write(tmpdir.join("index.html"), "changed").unwrap();
    fs::remove_dir_all(tmpdir.join("assets")).unwrap();
    assert_eq!(
        fs::read_to_string(fixture().join("index.html")).unwrap(),
        "<h1>Shop</h1>\n"
    );
    assert!(fixture().join("assets/css/site.css").is_file());
}

#[isolated(tmpdir(from = "fixtures/site/index.html"))]
#[test]
fn one_file_is_copied_under_its_name(tmpdir: &Path) {
    assert_eq!(tree(tmpdir), [tmpdir.join("index.html")]);
    assert_eq!(
        fs::read_to_string(tmpdir.join("index.html")).unwrap(),
        "<h1>Shop</h1>\n"
    );
}

/// Several are copied one after the other, a later file over an earlier one.
#[isolated(tmpdir(from = ["fixtures/site", "fixtures/texts", "fixtures/site/assets"]))]
#[test]
fn several_fixtures_are_copied_into_one_directory(tmpdir: &Path) {
    let site = tree(&fixture());
    let texts = fixture().with_file_name("texts");
    assert!(!site.is_empty() && texts.is_dir());
    for one in fs::read_dir(texts).unwrap() {
        let one = one.unwrap();
        let copy = fs::read(tmpdir.join(one.file_name())).unwrap();
        assert_eq!(copy, fs::read(one.path()).unwrap());
    }
    for path in ["index.html", "assets/css/site.css", "css/site.css"] {
        assert!(tmpdir.join(path).is_file(), "{path}");
    }
}

#[test]
fn a_missing_fixture_is_named_in_full() {
    let state = State::new();
    let run = state.inner("has_no_fixture").run().failed();
    assert_eq!(run.said("path"), None, "the test does not begin");
    let missing = fixture().with_file_name("missing");
    let line = run.errors.split_once('\n').unwrap().0;
    assert_eq!(
        line,
        format!(
            "isolated-test: resources::tmpdir::inner::has_no_fixture: failed to copy the fixture `{}`: \
             No such file or directory (os error 2)",
            missing.display()
        )
    );
    assert_eq!(state.runs(), [] as [PathBuf; 0]);
}

#[test]
fn a_test_that_cannot_begin_keeps_what_it_had_as_a_failed_one_does() {
    let state = State::new();
    let run = state
        .inner("has_one_directory_and_no_fixture")
        .run()
        .failed();
    assert_eq!(run.said("path"), None);
    let kept = run.errors.lines().find_map(|line| {
        line.trim_start()
            .strip_prefix("tmpdir")?
            .trim_start()
            .strip_prefix("one = ")?
            .strip_suffix(" (kept)")
    });
    assert!(Path::new(kept.unwrap()).is_dir(), "{}", run.errors);
    assert!(
        run.errors.contains("    missing    tmpdir\n"),
        "{}",
        run.errors
    );
}
