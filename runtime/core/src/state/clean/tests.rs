use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::{Cleanup, clean, kept, kept_in};
use crate::state::record::Record;
use crate::state::{StateDir, Trust, mark_kept};

/// A record with a directory that is kept and one that is not.
fn process(state_dir: &StateDir) -> (Record, PathBuf, PathBuf) {
    let record = Record::create(state_dir).unwrap();
    let [kept, other] = ["pays-aaaaaa", "pays-bbbbbb"].map(|name| {
        let dir = record.create_dir(state_dir, name).unwrap();
        fs::write(dir.join("data"), "12345").unwrap();
        dir
    });
    mark_kept(state_dir, &kept, "shop::pays").unwrap();
    (record, kept, other)
}

fn open() -> (tempfile::TempDir, StateDir) {
    let base = tempfile::tempdir().unwrap();
    let state_dir = StateDir::open(base.path(), Trust::Anybody).unwrap();
    (base, state_dir)
}

/// The removed kept directories, and the removed records.
fn removed(cleanup: &Cleanup) -> (Vec<&Path>, usize) {
    let kept = cleanup.removed.iter().filter_map(|one| one.kept.as_ref());
    let kept: Vec<_> = kept.map(|kept| &*kept.path).collect();
    let records = cleanup.removed.len() - kept.len();
    (kept, records)
}

fn snapshot(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = super::entries(dir).collect();
    let below: Vec<_> = all.iter().flat_map(|path| snapshot(path)).collect();
    all.extend(below);
    all.sort();
    all
}

#[test]
fn nothing_of_a_living_process_is_removed() {
    let (_base, state_dir) = open();
    let (_record, ..) = process(&state_dir);
    let before = snapshot(state_dir.runs());
    let cleanup = clean(&state_dir, false);
    assert_eq!(removed(&cleanup), (vec![], 0));
    assert_eq!(cleanup.alive, 1);
    assert_eq!(snapshot(state_dir.runs()), before);
}

#[test]
fn everything_of_a_dead_process_is_removed() {
    let (_base, state_dir) = open();
    let (record, kept, _) = process(&state_dir);
    drop(record);
    let before = snapshot(state_dir.runs());
    let planned = clean(&state_dir, true);
    assert_eq!(
        snapshot(state_dir.runs()),
        before,
        "a dry run removes nothing"
    );

    let cleanup = clean(&state_dir, false);
    for one in [&planned, &cleanup] {
        assert_eq!(removed(one), (vec![&*kept], 1));
        assert_eq!(one.alive, 0);
        let bytes: Vec<_> = one.removed.iter().map(|leftover| leftover.bytes).collect();
        assert_eq!(bytes[0], 5);
        assert!(
            bytes[1] > 5,
            "the record and the other directory: {bytes:?}"
        );
    }
    assert!(snapshot(state_dir.runs()).is_empty());
}

#[test]
fn a_kept_directory_outlives_its_record_and_goes_when_asked() {
    let (_base, state_dir) = open();
    let (record, path, _) = process(&state_dir);
    drop(record);
    crate::state::sweep::sweep(&state_dir, Path::new(""));
    let [found] = &kept(&state_dir)[..] else {
        panic!("one is kept");
    };
    assert_eq!(
        (&found.path, found.test.as_deref()),
        (&path, Some("shop::pays"))
    );
    assert_eq!(
        found.directory.as_deref(),
        crate::runner::directory().as_deref()
    );

    assert_eq!(removed(&clean(&state_dir, false)), (vec![&*path], 0));
    assert!(snapshot(state_dir.runs()).is_empty());
}

#[test]
fn files_of_others_stay() {
    let (_base, state_dir) = open();
    let runs = state_dir.runs();
    for (path, text) in [
        // The names are ours, and nothing else is.
        ("abcdef.isolated-test", "precious"),
        ("abcdef/data", "precious"),
        ("bcdefg/pays-aaaaaa/data", "precious"),
        ("bcdefg/pays-aaaaaa.kept", "precious"),
        ("cdefgh.within/data", "precious"),
        ("note.txt", "precious"),
    ] {
        fs::create_dir_all(runs.join(path).parent().unwrap()).unwrap();
        fs::write(runs.join(path), text).unwrap();
    }
    let before = snapshot(runs);
    for dry_run in [true, false] {
        let cleanup = clean(&state_dir, dry_run);
        assert_eq!(removed(&cleanup), (vec![], 0));
        assert_eq!(cleanup.failed.len(), 1, "the false record is reported");
        assert_eq!(snapshot(runs), before);
    }
}

#[test]
fn what_only_the_tests_know_how_to_remove_stays() {
    let (_base, state_dir) = open();
    let record = Record::create(&state_dir).unwrap();
    record
        .write(1, "+1 a\t\tb:1\nreclaim database shop_7\n\0")
        .unwrap();
    drop(record);
    for dry_run in [true, false] {
        let cleanup = clean(&state_dir, dry_run);
        assert_eq!(removed(&cleanup), (vec![], 0));
        let [(_, reason)] = &cleanup.failed[..] else {
            panic!("{:?}", cleanup.failed);
        };
        assert!(reason.contains("run them again"), "{reason}");
    }
}

#[test]
fn only_one_process_removes_a_kept_directory() {
    let (_base, state_dir) = open();
    let (_record, path, _) = process(&state_dir);
    let dir = path.parent().unwrap();
    let [one, other] = [(); 2].map(|()| kept_in(dir).next().unwrap());
    assert!(one.remove().unwrap());
    assert!(!other.remove().unwrap());
}

#[test]
fn two_at_once_count_each_thing_once() {
    let (_base, state_dir) = open();
    for _ in 0..20 {
        let (record, ..) = process(&state_dir);
        drop(record);
    }
    let both: Vec<Cleanup> = thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| clean(&state_dir, false)));
        threads.map(|one| one.join().unwrap()).into()
    });
    let kept: usize = both.iter().map(|one| removed(one).0.len()).sum();
    let failed: Vec<_> = both.iter().flat_map(|one| &one.failed).collect();
    assert_eq!(kept, 20);
    assert!(failed.is_empty(), "{failed:?}");
    assert!(snapshot(state_dir.runs()).is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_neither_followed_nor_measured() {
    let (base, state_dir) = open();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("data"), [0; 1000]).unwrap();
    let (record, kept, _) = process(&state_dir);
    std::os::unix::fs::symlink(outside.path(), kept.join("link")).unwrap();
    drop(record);
    assert!(super::size(&kept) < 1000);
    clean(&state_dir, false);
    assert!(outside.path().join("data").exists() && base.path().exists());
}
