//! `cargo isolated clean` removes only files that nothing uses.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use isolated_test_tests::{State, tree};

use super::{command, counts, printed, run};

mod inner {
    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{hold, say};

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn holds(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("data"), "12345").expect("a file");
        say(&format!("dir {}", tmpdir.path().display()));
        hold();
        let data = std::fs::read_to_string(tmpdir.join("data"));
        assert_eq!(data.expect("the file is still there"), "12345");
    }

    #[isolated(tmpdir)]
    #[test]
    #[ignore = "started by another test"]
    fn fails(tmpdir: &TmpDir) {
        std::fs::write(tmpdir.join("data"), "12345").expect("a file");
        panic!("on purpose");
    }
}

fn clean(state: &State) -> String {
    printed(&run(state.path(), &["clean"]))
}

#[test]
fn a_running_test_keeps_everything_and_the_dead_nothing() {
    let state = State::new();
    let _ = state.inner("fails").start().finish().failed();
    let mut killed = state.holding("holds");
    killed.kill();
    let mut holder = state.inner("holds").start();
    let dir = holder.hear("dir");
    holder.hear("held");
    let before = tree(state.path());

    let planned = printed(&run(state.path(), &["clean", "--dry-run"]));
    assert_eq!(tree(state.path()), before, "a dry run changes nothing");
    let kept = |text: &str| text.contains("kept directories\n") && text.contains("::fails\n");
    assert!(kept(&planned), "{planned}");

    let done = clean(&state);
    assert_eq!(done, planned.replace("would remove", "removed"));
    let in_use = "in use, and not touched: the directories of 1 running process\n";
    assert!(done.ends_with(in_use), "{done}");
    assert!(Path::new(&dir).join("data").exists());
    let kept = fs::read_dir(state.path().join("runs")).expect("a list");
    assert_eq!(
        kept.count(),
        2,
        "the record and the directory of the holder"
    );
    holder.release();
    assert_eq!(counts(&clean(&state)), "nothing to remove\n");
}

#[test]
fn lock_files_and_files_of_others_stay() {
    let state = State::new();
    let _ = state.inner("fails").start().finish().failed();
    let locks = state.locks();
    assert!(!locks.is_empty());
    let theirs = state.path().join("runs/abcdef/data");
    fs::create_dir(theirs.parent().expect("a directory")).expect("a directory");
    fs::write(&theirs, "precious").expect("a file");
    let text = clean(&state);
    assert_eq!(counts(&text), "removed 1 kept directory: 5 B\n");
    assert_eq!(state.locks(), locks);
    assert_eq!(fs::read(&theirs).expect("their file"), b"precious");
}

#[test]
fn two_at_once_and_tests_that_begin_meanwhile_are_safe() {
    let state = State::new();
    for _ in 0..5 {
        let _ = state.inner("fails").start().finish().failed();
        let cleaners = [(); 2].map(|()| {
            let mut command = command(state.path(), &["clean"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("the command")
        });
        let mut holder = state.inner("holds").start();
        let outputs = cleaners.map(|one| one.wait_with_output().expect("its end"));
        let removed = outputs
            .iter()
            .filter(|output| printed(output).contains("removed 1 kept directory"));
        assert_eq!(removed.count(), 1);
        holder.hear("held");
        holder.release();
    }
}

#[test]
fn without_a_state_directory_there_is_nothing() {
    let state = State::unmarked();
    let missing = state.path().join("missing");
    assert_eq!(printed(&run(&missing, &["clean"])), "nothing to remove\n");
    assert!(!missing.exists());
}
