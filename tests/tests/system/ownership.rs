//! Only files that are provably ours are ever deleted or changed.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolated_test::isolated;
use isolated_test_tests::{MARKER, State, tree};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(tmpdir, serial = "key", limit("slots", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn passes(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("evidence"), "here").unwrap();
        say(&format!("path {}", tmpdir.display()));
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(tmpdir: &TmpDir) {
        passes();
        say(&format!("kept {}", tmpdir.display()));
        panic!("on purpose");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn waits(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("evidence"), "here").unwrap();
        say(&format!("path {}", tmpdir.display()));
        listen("end");
    }
}

/// Everything below a directory, with the contents of files.
fn content(dir: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let read = |path: PathBuf| {
        let is_file = path.symlink_metadata().unwrap().is_file();
        let content = is_file.then(|| fs::read(&path).unwrap());
        (path, content)
    };
    tree(dir).into_iter().map(read).collect()
}

/// Writes the files of an experiment, with names like ours.
fn experiment(dir: &Path) {
    fs::create_dir_all(dir.join("runs/experiment1")).unwrap();
    fs::write(dir.join("runs/experiment1.lock"), "").unwrap();
    fs::write(dir.join("runs/experiment1/results.csv"), "1,2,3\n").unwrap();
    fs::write(dir.join("runs/deps.lock"), "").unwrap();
}

#[test]
fn a_directory_of_somebody_elses_is_refused_and_stays_as_it_is() {
    let state = State::unmarked();
    experiment(state.path());
    let before = content(state.path());
    let run = state.inner("passes").run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::ownership::inner::passes: failed to use the state directory `DIR`: it is not \
         empty and no state directory of isolated-test; set `ISOLATED_DIR` to an empty or a new \
         directory"
    );
    assert_eq!(content(state.path()), before);
    assert_eq!(run.said("path"), None);
}

#[test]
fn what_somebody_else_puts_into_a_state_directory_stays_as_it_is() {
    let state = State::new();
    experiment(state.path());
    let before = content(state.path());
    let _ = state.inner("passes").run().passed();
    let after = content(state.path());
    for (path, content) in before {
        assert_eq!(after.get(&path), Some(&content), "{}", path.display());
    }
}

#[test]
fn an_empty_directory_becomes_ours() {
    let state = State::unmarked();
    let _ = state.inner("passes").run().passed();
    let marker = fs::read_to_string(state.path().join(MARKER)).unwrap();
    assert!(marker.starts_with("isolated-test state 1\n"), "{marker}");
    let _ = state.inner("passes").run().passed();
    assert_eq!(state.runs(), NOTHING);
}

#[test]
fn processes_that_begin_at_once_agree_on_a_new_directory() {
    for _ in 0..20 {
        let state = State::unmarked();
        let running: Vec<_> = (0..4).map(|_| state.inner("passes").start()).collect();
        for one in running {
            let _ = one.finish().passed();
        }
    }
}

#[test]
fn a_directory_of_which_a_cleaner_has_removed_the_marker_is_still_ours() {
    let state = State::unmarked();
    let failed = state.inner("fails").run().failed();
    let mut victim = state.inner("waits").start();
    let left = PathBuf::from(victim.hear("path"));
    victim.kill();
    fs::remove_file(state.path().join(MARKER)).unwrap();
    let _ = state.inner("passes").run().passed();
    assert!(state.path().join(MARKER).is_file());
    assert!(!left.exists(), "what a dead process has left is swept");
    assert!(Path::new(failed.said("kept").unwrap()).is_dir());
}

#[test]
fn a_marker_that_could_not_be_written_is_one() {
    let state = State::unmarked();
    fs::write(state.path().join(MARKER), "").unwrap();
    experiment(state.path());
    let _ = state.inner("passes").run().passed();
    let marker = fs::read_to_string(state.path().join(MARKER)).unwrap();
    assert!(marker.starts_with("isolated-test state 1\n"), "{marker}");
}

#[test]
fn a_directory_of_another_version_is_refused() {
    let state = State::unmarked();
    fs::write(state.path().join(MARKER), "isolated-test state 2\n").unwrap();
    let run = state.inner("passes").run().failed();
    assert_eq!(
        state.complaint(&run),
        "isolated-test: system::ownership::inner::passes: failed to use the state directory `DIR`: another \
         version of isolated-test has made it; use one version everywhere, or set `ISOLATED_DIR` to \
         an empty or a new directory"
    );
    assert_eq!(tree(state.path()), [state.path().join(MARKER)]);
}

#[test]
fn an_empty_record_is_swept_and_the_directory_beside_it_is_not() {
    let state = State::new();
    let runs = state.path().join("runs");
    fs::create_dir_all(runs.join("abc123/deep")).unwrap();
    fs::create_dir_all(runs.join("def456")).unwrap();
    for name in ["abc123", "def456", "ghi789"] {
        fs::write(runs.join(format!("{name}.isolated-test")), "").unwrap();
    }
    let _ = state.inner("passes").run().passed();
    assert_eq!(
        state.runs(),
        [runs.join("abc123"), runs.join("abc123/deep")]
    );
}

/// A pseudo-random sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Puts a foreign entry at a path.
fn put(path: &Path, numbers: &mut Numbers) {
    let texts = [
        "process 1\nprogram x\n",
        "isolated-test record 2\ndirectory\nprocess 1\n",
        "isolated-test record 1",
        "isolated-test kept 2\n",
        "isolated-test state 1\n",
        "\0isolated-test record 1\ndirectory\n",
        "0000000003",
        "text",
    ];
    match numbers.below(12) {
        0 => {
            fs::create_dir(path).unwrap();
            fs::write(path.join("data"), "precious").unwrap();
        }
        1 => fs::create_dir(path).unwrap(),
        2 => symlink("/etc/hostname", path).unwrap(),
        3 => {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        }
        number => fs::write(path, texts[number - 4]).unwrap(),
    }
}

#[isolated(seed)]
#[test]
fn nothing_of_a_strangers_is_changed_whatever_its_name(seed: u64) {
    let mut numbers = Numbers(seed);
    for _ in 0..10 {
        let state = State::new();
        let runs = state.path().join("runs");
        fs::create_dir(&runs).unwrap();
        fs::create_dir(state.path().join("other")).unwrap();
        let names = |stem: &str| {
            [
                "",
                ".isolated-test",
                ".lock",
                ".kept",
                ".new",
                ".isolated-test.kept",
            ]
            .map(|ending| format!("{stem}{ending}"))
        };
        for stem in ["abc123", "zzzzzz", "experiment1", "a", "deps"] {
            for name in names(stem) {
                put(&runs.join(&name), &mut numbers);
                put(&state.path().join("other").join(name), &mut numbers);
            }
        }
        // A directory that is named like one of a process, with entries that look like kept
        // directories.
        let inside = runs.join("ins1de");
        fs::create_dir(&inside).unwrap();
        for stem in ["pays-2qfuvo", "gone", "x"] {
            for name in names(stem) {
                put(&inside.join(name), &mut numbers);
            }
        }
        put(&runs.join("ins1de.isolated-test"), &mut numbers);
        let before = content(state.path());

        let _ = state.inner("passes").run().passed();
        let mut victim = state.inner("waits").start();
        let left = PathBuf::from(victim.hear("path"));
        victim.kill();
        let kept = state.inner("fails").run().failed();
        let _ = state.inner("passes").run().passed();
        assert!(!left.exists());
        assert!(Path::new(kept.said("kept").unwrap()).is_dir());

        let after = content(state.path());
        for (path, content) in before {
            assert_eq!(after.get(&path), Some(&content), "{}", path.display());
        }
    }
}
