//! An `ISOLATED_DIR` that users share on purpose.
//!
//! Only root can become two users; for anybody else, both are the same.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use isolated_test_tests::{Running, State, is_root, plain, tree};

const ONE: u32 = 65533;
const OTHER: u32 = 65534;

mod inner {
    use isolated_test::{TmpDir, isolated};
    use isolated_test_tests::{listen, say};

    #[isolated(tmpdir, serial = "key", limit("slots", 2))]
    #[test]
    #[ignore = "started by another test"]
    fn holds(tmpdir: &TmpDir) {
        say(&format!("held {}", tmpdir.display()));
        listen("release");
    }

    #[isolated(tmpdir(keep = "always"))]
    #[test]
    #[ignore = "started by another test"]
    fn keeps(tmpdir: &TmpDir) {
        say(&format!("kept {}", tmpdir.display()));
    }

    #[isolated(alone)]
    #[test]
    #[ignore = "started by another test"]
    fn is_alone() {
        say("held");
        listen("release");
    }
}

/// Makes a state directory with the mode of `/tmp`: everybody may write, but remove only their own
/// files.
fn everybodys() -> State {
    let state = State::new();
    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    state
}

fn release(mut running: Running) {
    running.tell("release");
    let _ = running.finish().passed();
}

#[test]
fn users_exclude_each_other() {
    for (first, second) in [
        ("holds", "holds"),
        ("is_alone", "holds"),
        ("holds", "is_alone"),
    ] {
        let state = everybodys();
        for (one, other) in [(ONE, OTHER), (OTHER, ONE)] {
            // The strict umask of a careful user must not affect what is shared on purpose.
            let strict = |command: &mut _| plain::with_umask(command, 0o077);
            let mut holder = state.inner_as(one, first).with(strict).start();
            holder.hear("held");
            let mut waiter = state.inner_as(other, second).start();
            let line = waiter.hear_error("waiting for");
            assert!(
                line.contains(&format!(
                    "held by system::shared::inner::{first} (pid {}, ",
                    holder.id()
                )),
                "{line}"
            );
            release(holder);
            waiter.hear("held");
            release(waiter);
        }
        assert_eq!(state.runs(), Vec::<PathBuf>::new());
    }
}

#[test]
fn what_a_killed_user_leaves_is_in_nobodys_way_and_goes_with_the_next_run_of_that_user() {
    let state = everybodys();
    let mut victim = state.inner_as(ONE, "holds").start();
    let left = victim.hear("held");
    victim.kill();
    let mut next = state.inner_as(OTHER, "holds").start();
    next.hear("held");
    release(next);
    // The directory belongs to another user, whose run removes it in the end.
    assert_eq!(Path::new(&left).exists(), is_root());
    let mut again = state.inner_as(ONE, "holds").start();
    again.hear("held");
    release(again);
    assert_eq!(state.runs(), Vec::<PathBuf>::new());
}

#[test]
fn users_cannot_remove_the_locks_of_others() {
    let state = everybodys();
    let mut holder = state.inner_as(ONE, "holds").start();
    holder.hear("held");
    for room in ["locks", "runs"] {
        let mode = fs::metadata(state.path().join(room))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o1777, "{room}");
    }
    for lock in state.locks() {
        assert_eq!(
            fs::metadata(&lock).unwrap().permissions().mode() & 0o777,
            0o666
        );
    }
    release(holder);
}

#[test]
fn root_gives_what_it_makes_to_the_owner_of_the_directory() {
    if !is_root() {
        eprintln!("left out: only root can use the directory of another user");
        return;
    }
    let state = State::unmarked();
    chown(state.path(), Some(ONE), Some(ONE)).unwrap();
    let mut root = state.inner("holds").start();
    let tmpdir = root.hear("held");
    let all = tree(state.path());
    assert!(all.iter().any(|path| *path == Path::new(&tmpdir)));
    assert!(state.locks().iter().any(|path| path.ends_with("k-key")));
    // A killed process must not leave files of root behind, either.
    root.kill();
    let kept = state.inner("keeps").run().passed();
    let kept = Path::new(kept.said("kept").unwrap()).to_owned();
    for path in all.into_iter().chain(tree(state.path())) {
        if let Ok(found) = path.symlink_metadata() {
            let owner = (found.uid(), found.gid());
            assert_eq!(owner, (ONE, ONE), "{}", path.display());
        }
    }
    let mut user = state.inner_as(ONE, "holds").start();
    let own = user.hear("held");
    assert_ne!(own, tmpdir);
    release(user);
    assert!(
        !Path::new(&tmpdir).exists(),
        "the user sweeps what root has left"
    );
    assert!(kept.is_dir());
}
