//! Suites whose tests make each other fail.

use crate::planted::Planted;

/// A module of the planted tests that must run at the same time.
#[cfg(unix)]
const MEETING: &str = include_str!("../planted/meeting.rs");

/// Tests that change statics.
const STATICS: &str = r#"
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

static LANGUAGE: AtomicU32 = AtomicU32::new(0);
static HALVES: AtomicU32 = AtomicU32::new(0);
static LATE: Mutex<u32> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

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

// Other tests of the process start in much less time. If one does not, a further probe meets it.
const BOUND: Duration = Duration::from_millis(250);

#[test]
fn waits() {
    let late = LATE.lock().unwrap();
    let (late, _) = CHANGED.wait_timeout_while(late, BOUND, |late| *late == 0).unwrap();
    assert_eq!(*late, 0, "changed at the same time");
}

#[test]
fn z_comes_later() {
    // The assertion of the other test poisons the mutex.
    *LATE.lock().unwrap_or_else(PoisonError::into_inner) = 1;
    CHANGED.notify_all();
}
"#;

/// Tests that fail while others run.
#[cfg(unix)]
const VISITORS: &str = r#"
mod meeting;

#[test]
fn fails_beside_one() {
    assert!(!meeting::meets(&["left"]), "met one");
}

#[test]
fn fails_beside_two() {
    assert!(!meeting::meets(&["left", "right"]), "met both");
}
"#;

/// Tests that others meet.
#[cfg(unix)]
const HOSTS: &str = r#"
mod meeting;

#[test]
fn hosts_left() {
    meeting::host("left");
}

#[test]
fn hosts_no_visitor() {}

#[test]
fn hosts_right() {
    meeting::host("right");
}
"#;

/// A test that checks the environment that Cargo provides.
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

/// A test that waits forever from its eleventh run on: after all runs alone, or in a later run beside
/// another test.
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

#[cfg(unix)]
pub(crate) fn meetings() -> Planted {
    let files = [
        ("tests/hosts.rs", HOSTS),
        ("tests/meeting/mod.rs", MEETING),
        ("tests/visitors.rs", VISITORS),
    ];
    Planted::new("meetings", &files)
}

#[cfg(unix)]
pub(crate) fn interrupted() -> Planted {
    Planted::new("interrupted", &[("tests/waiting.rs", WAITING)])
}
