//! Suites whose tests make each other fail.

use crate::planted::Planted;

/// Tests that change statics.
const STATICS: &str = r#"
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

static LANGUAGE: AtomicU32 = AtomicU32::new(0);
static HALVES: AtomicU32 = AtomicU32::new(0);
static LATE: AtomicU32 = AtomicU32::new(0);

#[test]
fn a_speaks_french() {
    LANGUAGE.store(1, SeqCst);
}

#[test]
fn b_innocent() {}

#[test]
fn c_one_half() {
    HALVES.fetch_or(1, SeqCst);
}

#[test]
fn d_speaks_welsh() {
    LANGUAGE.store(2, SeqCst);
}

#[test]
fn e_other_half() {
    HALVES.fetch_or(2, SeqCst);
}

#[test]
fn f_fails_always() {
    panic!("always");
}

#[test]
fn greets() {
    assert_eq!(LANGUAGE.load(SeqCst), 0, "bonjour");
}

#[test]
fn needs_one_half_at_most() {
    assert_ne!(HALVES.load(SeqCst), 3, "both halves");
}

#[test]
fn shaky() {
    let is_lucky = RandomState::new().build_hasher().finish() % 2 == 0;
    assert!(is_lucky || LANGUAGE.load(SeqCst) != 2, "unlucky");
}

#[test]
fn waits() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(40) {
        assert_eq!(LATE.load(SeqCst), 0, "changed at the same time");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn z_comes_later() {
    LATE.store(1, SeqCst);
}
"#;

/// Tests that look at the files of others.
const VISITORS: &str = r#"
use std::time::{Duration, Instant};

fn fails_beside(names: &[&str]) {
    let dir = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap());
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(20) {
        assert!(!names.iter().all(|name| dir.join(name).exists()), "met {names:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn fails_beside_one() {
    fails_beside(&["one"]);
}

#[test]
fn fails_beside_two() {
    fails_beside(&["left", "right"]);
}
"#;

/// Tests that have a file for some time.
const HOLDERS: &str = r#"
use std::time::Duration;

fn hold(name: &str) {
    let path = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap()).join(name);
    std::fs::write(&path, "").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let _ = std::fs::remove_file(&path);
}

#[test]
fn holds_left() {
    hold("left");
}

#[test]
fn holds_nothing() {}

#[test]
fn holds_one() {
    hold("one");
}

#[test]
fn holds_right() {
    hold("right");
}
"#;

/// A test that sees what Cargo gives it.
const ENVIRONMENT: &str = r#"
#[test]
fn is_like_under_cargo() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("no `{name}`"));
    assert_eq!(variable("CARGO_MANIFEST_DIR"), env!("CARGO_MANIFEST_DIR"));
    assert_eq!(std::env::current_dir().unwrap().to_str().unwrap(), env!("CARGO_MANIFEST_DIR"));
    assert_eq!(variable("CARGO_PKG_NAME"), "statics");
    assert_eq!(variable("CARGO_PKG_VERSION"), "7.8.9");
    assert_eq!(variable("OUT_DIR"), env!("OUT_DIR"));
    assert_eq!(variable("OF_BUILD_SCRIPT"), "built");
    assert_eq!(variable("OF_CONFIG"), "configured");
}

#[test]
#[ignore = "takes long"]
fn is_ignored() {}
"#;

/// A test that waits forever beside another one.
#[cfg(unix)]
const WAITING: &str = r#"
use std::io::Write;

#[test]
fn a_changes_nothing() {}

#[test]
fn waits_if_it_is_told_to() {
    let dir = std::path::PathBuf::from(std::env::var_os("PLANTED").unwrap());
    let count = (0..).find(|n| std::fs::File::create_new(dir.join(format!("{n}"))).is_ok()).unwrap();
    if count >= 10 {
        let mut held = std::fs::File::options().write(true).open(dir.join("held")).unwrap();
        writeln!(held, "ready").unwrap();
        loop { std::thread::park() }
    }
}
"#;

pub(crate) fn statics() -> Planted {
    let script = "fn main() { println!(\"cargo:rustc-env=OF_BUILD_SCRIPT=built\") }";
    Planted::new(
        "statics",
        &[
            ("build.rs", script),
            (".cargo/config.toml", "[env]\nOF_CONFIG = 'configured'\n"),
            ("tests/environment.rs", ENVIRONMENT),
            ("tests/statics.rs", STATICS),
        ],
    )
}

pub(crate) fn files() -> Planted {
    let files = [
        ("tests/holders.rs", HOLDERS),
        ("tests/visitors.rs", VISITORS),
    ];
    Planted::new("files", &files)
}

#[cfg(unix)]
pub(crate) fn interrupted() -> Planted {
    Planted::new("interrupted", &[("tests/waiting.rs", WAITING)])
}
