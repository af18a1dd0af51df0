//! Spool directories, routes and the log.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use courier::route;
use rstest::{fixture, rstest};

#[fixture]
fn log() -> PathBuf {
    env::temp_dir().join("courier.log")
}

#[fixture]
fn current() -> PathBuf {
    env::temp_dir().join("courier-current")
}

fn append(log: &Path, line: &str) {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).open(log).unwrap();
    writeln!(file, "{line}").unwrap();
}

#[test]
fn works_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    env::set_current_dir(dir.path()).unwrap();
    assert_eq!(
        env::current_dir().unwrap(),
        dir.path().canonicalize().unwrap()
    );
    fs::write("message", "hello").unwrap();
    assert_eq!(fs::read_to_string("message").unwrap(), "hello");
}

#[rstest]
#[case::bank("bank", Some("north"))]
#[case::harbour("harbour", Some("west"))]
#[case::moon("moon", None)]
fn routes_are_found(#[case] place: &str, #[case] direction: Option<&str>) {
    let found = route::direction(Path::new("fixtures/routes.csv"), place).unwrap();
    assert_eq!(found.as_deref(), direction);
}

#[test]
fn routes_are_counted() {
    let output = Command::new("wc")
        .args(["-l", "fixtures/routes.csv"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"3 "));
}

#[test]
fn routes_are_found_from_anywhere() {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/routes.csv");
    let found = route::direction(&routes, "customs").unwrap();
    assert_eq!(found.as_deref(), Some("south"));
}

#[rstest]
fn the_log_grows(log: PathBuf) {
    let _ = fs::remove_file(&log);
    for number in 1..=50 {
        append(&log, &format!("message {number}"));
        assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), number);
    }
}

#[rstest]
fn the_log_is_rotated(log: PathBuf) {
    fs::write(&log, "old\n").unwrap();
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    append(&log, "new");
    assert_eq!(fs::read_to_string(&log).unwrap(), "new\n");
}

#[rstest]
#[case::first("2024-01")]
#[case::second("2024-02")]
fn the_current_month_is_linked(current: PathBuf, #[case] month: &str) {
    let _ = fs::remove_file(&current);
    symlink(month, &current).unwrap();
    for _ in 0..100 {
        assert_eq!(fs::read_link(&current).unwrap(), Path::new(month));
    }
}

#[test]
fn a_handover_is_taken() {
    let path = env::temp_dir().join("courier-handover.txt");
    let mut file = File::create(&path).unwrap();
    file.write_all(b"to: customs\n").unwrap();
    drop(file);
    let mut text = String::new();
    File::open(&path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    fs::remove_file(path).unwrap();
    assert_eq!(text, "to: customs\n");
}

/// A new file in a directory that all tests have in common.
#[fixture]
fn parcel(#[default("plain")] kind: &str) -> PathBuf {
    let dir = env::temp_dir().join("courier-parcels");
    fs::create_dir_all(&dir).unwrap();
    dir.join(format!("{kind}-{}", std::process::id()))
}

#[rstest]
fn a_parcel_is_packed(#[with("packed")] parcel: PathBuf) {
    fs::write(&parcel, "books").unwrap();
    assert_eq!(fs::metadata(&parcel).unwrap().len(), 5);
    fs::remove_file(parcel).unwrap();
}

#[rstest]
fn a_parcel_is_opened(#[with("opened")] parcel: PathBuf) {
    fs::write(&parcel, "pens").unwrap();
    assert_eq!(fs::read(&parcel).unwrap(), b"pens");
    fs::remove_file(parcel).unwrap();
}
