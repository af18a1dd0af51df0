//! `tmpdir`: kept after a failure or on request, and which kept directories remain.

#![cfg(any(target_os = "linux", windows))]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use isolated_test_tests::{Finished, State};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::fs;

    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    /// Sends the path of the directory, and fails if the outer test wants that.
    fn end(tmpdir: &TmpDir) {
        fs::write(tmpdir.join("evidence"), "here").unwrap();
        say(&format!("path {}", tmpdir.display()));
        assert!(std::env::var_os("FAIL").is_none(), "on purpose");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn says_nothing_about_keeping(tmpdir: &TmpDir) {
        end(tmpdir);
    }

    #[isolated(tmpdir(keep = "always"))]
    #[test]
    #[ignore = "started by another test"]
    fn keeps_always(tmpdir: &TmpDir) {
        end(tmpdir);
    }

    #[test]
    #[ignore = "started by another test"]
    fn keeps_forty() {
        for _ in 0..40 {
            keeps_always();
        }
    }

    #[isolated(tmpdir(keep = "failure"))]
    #[test]
    #[ignore = "started by another test"]
    fn keeps_after_failure(tmpdir: &TmpDir) {
        end(tmpdir);
    }

    #[isolated(tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn keeps_never(tmpdir: &TmpDir) {
        end(tmpdir);
    }

    #[isolated(tmpdir(keep = "never"))]
    #[test]
    #[ignore = "started by another test"]
    fn decides_to_keep(tmpdir: &TmpDir) {
        tmpdir.keep();
        end(tmpdir);
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn waits(tmpdir: &TmpDir) {
        end(tmpdir);
        listen("end");
    }
}

fn path_of(run: &Finished) -> &Path {
    Path::new(run.said("path").expect("a path"))
}

/// Returns all directories that a run has printed.
fn paths_of(run: &Finished) -> Vec<&Path> {
    let paths = run.output.lines();
    let paths = paths.filter_map(|line| line.strip_prefix("@path "));
    paths.map(Path::new).collect()
}

/// Returns the file beside a directory that marks it as kept.
fn marker_of(path: &Path) -> PathBuf {
    let mut marker = path.as_os_str().to_owned();
    marker.push(".kept");
    marker.into()
}

/// Whether a directory is kept with this attribute, variable and outcome.
fn expected(attribute: Option<&str>, variable: Option<&str>, fails: bool) -> bool {
    match variable.or(attribute).unwrap_or("failure") {
        "always" => true,
        "never" => false,
        _ => fails,
    }
}

#[test]
fn the_variable_wins_over_the_attribute_and_both_over_the_default() {
    let tests = [
        ("says_nothing_about_keeping", None),
        ("keeps_always", Some("always")),
        ("keeps_after_failure", Some("failure")),
        ("keeps_never", Some("never")),
    ];
    for (test, attribute) in tests {
        for variable in [None, Some("always"), Some("failure"), Some("never")] {
            for fails in [false, true] {
                let state = State::new();
                let mut inner = state.inner(test);
                if let Some(variable) = variable {
                    inner = inner.env("ISOLATED_KEEP", variable);
                }
                let run = if fails {
                    inner.env("FAIL", "1").run().failed()
                } else {
                    inner.run().passed()
                };
                let case = format!("{test}, ISOLATED_KEEP={variable:?}, fails: {fails}");
                let (path, is_kept) = (path_of(&run), expected(attribute, variable, fails));
                assert_eq!(path.join("evidence").is_file(), is_kept, "{case}");
                if !is_kept {
                    assert_eq!(state.runs(), NOTHING, "{case}");
                }
                let word = if is_kept { "kept" } else { "removed" };
                let line = format!("    tmpdir     tmpdir = {} ({word})\n", path.display());
                assert_eq!(run.errors.contains(&line), fails, "{case}:\n{}", run.errors);
            }
        }
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let run = State::new()
        .inner("says_nothing_about_keeping")
        .env("ISOLATED_KEEP", "")
        .run();
    assert!(!path_of(&run.passed()).exists());
}

#[test]
fn a_test_can_decide_to_keep_its_directory() {
    for variable in ["", "never"] {
        let state = State::new();
        let run = state
            .inner("decides_to_keep")
            .env("ISOLATED_KEEP", variable)
            .run()
            .passed();
        assert!(path_of(&run).join("evidence").is_file());
    }
}

/// Sets the time of a kept directory's marker to this many seconds after a time long ago.
fn date(path: &Path, second: u64) {
    let marker = fs::File::options().write(true).open(marker_of(path));
    let time = UNIX_EPOCH + Duration::from_secs(1_000_000 + second);
    marker.unwrap().set_modified(time).unwrap();
}

#[test]
fn whatever_was_kept_and_printed_in_one_run_is_there_after_it() {
    let state = State::new();
    let fail = || state.inner("keeps_after_failure").env("FAIL", "1").run();
    let runs: Vec<_> = (0..40).map(|_| fail().failed()).collect();
    for run in &runs {
        let path = path_of(run);
        assert!(run.errors.contains(&format!("{} (kept)", path.display())));
        assert!(path.join("evidence").is_file(), "{}", path.display());
    }
}

#[test]
fn of_what_was_kept_long_ago_the_newest_32_stay_and_all_that_lives() {
    let state = State::new();
    let mut live = state.inner("waits").start();
    let live_path = PathBuf::from(live.hear("path"));
    let mut kept = Vec::new();
    for second in 0..40 {
        let run = state
            .inner("keeps_after_failure")
            .env("FAIL", "1")
            .run()
            .failed();
        let path = path_of(&run).to_owned();
        date(&path, second);
        kept.push(path);
    }
    // The new directory itself counts as the newest.
    let _ = state.inner("keeps_always").run().passed();
    let standing: Vec<_> = kept
        .iter()
        .filter(|path| path.join("evidence").exists())
        .collect();
    assert_eq!(standing, kept[9..].iter().collect::<Vec<_>>());
    for path in &kept[..9] {
        assert!(
            !path.exists() && !path.parent().unwrap().exists(),
            "{} leaves nothing",
            path.display()
        );
    }
    assert!(live_path.join("evidence").is_file());
    live.tell("end");
    let _ = live.finish().passed();
    assert!(!live_path.exists());
}

#[test]
fn a_kept_directory_that_was_removed_by_hand_leaves_no_marker() {
    let state = State::new();
    let run = state.inner("keeps_always").run().passed();
    fs::remove_dir_all(path_of(&run)).unwrap();
    assert_ne!(state.runs(), NOTHING);
    let next = state.inner("keeps_always").run().passed();
    assert!(!path_of(&run).parent().unwrap().exists());
    assert!(path_of(&next).exists());
}

#[test]
fn a_process_keeps_all_of_its_own_directories() {
    let state = State::new();
    let run = state.inner("keeps_forty").run().passed();
    let all = paths_of(&run);
    assert_eq!(all.len(), 40);
    for path in &all {
        assert!(path.exists(), "{} was removed", path.display());
    }
    // Once they are old, they count like the others.
    for path in &all {
        date(path, 0);
    }
    let next = state.inner("keeps_always").run().passed();
    assert_eq!(all.iter().filter(|path| path.exists()).count(), 31);
    assert!(path_of(&next).exists());
}

#[test]
fn a_marker_that_is_not_ours_has_nothing_removed() {
    let state = State::new();
    let run = state.inner("keeps_forty").run().passed();
    let all = paths_of(&run);
    for path in &all {
        fs::write(marker_of(path), "isolated-test kept 2\n").unwrap();
        date(path, 0);
    }
    let _ = state.inner("keeps_always").run().passed();
    assert!(all.iter().all(|path| path.join("evidence").is_file()));
}
