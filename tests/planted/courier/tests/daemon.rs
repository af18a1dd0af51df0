//! Signals and permissions of a courier in the background.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

static RELOADED: AtomicBool = AtomicBool::new(false);
static ROTATED: AtomicU32 = AtomicU32::new(0);

extern "C" fn reload(_: libc::c_int) {
    RELOADED.store(true, Ordering::SeqCst);
}

extern "C" fn rotate(_: libc::c_int) {
    ROTATED.fetch_add(1, Ordering::SeqCst);
}

fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: the handlers only change an atomic.
    unsafe { libc::signal(signal, handler as libc::sighandler_t) };
}

fn raise(signal: libc::c_int) {
    // SAFETY: it has no precondition.
    unsafe { libc::raise(signal) };
}

#[test]
fn reloads_on_request() {
    handle(libc::SIGUSR1, reload);
    std::thread::sleep(Duration::from_millis(2));
    raise(libc::SIGUSR1);
    assert!(RELOADED.load(Ordering::SeqCst));
}

#[test]
fn rotates_its_log_on_request() {
    handle(libc::SIGUSR1, rotate);
    for _ in 0..100 {
        raise(libc::SIGUSR1);
    }
    assert_eq!(ROTATED.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn wakes_up_on_request() {
    let mut wake = signal(SignalKind::user_defined2()).unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    raise(libc::SIGUSR2);
    let woken = tokio::time::timeout(Duration::from_secs(1), wake.recv()).await;
    assert_eq!(woken, Ok(Some(())));
}

#[test]
fn sleeps_on_if_told_so() {
    // SAFETY: it has no precondition.
    unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
    raise(libc::SIGUSR2);
}

/// The permissions of a new file.
fn permissions() -> u32 {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("message");
    fs::write(&path, "hello").unwrap();
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_umask(mask: libc::mode_t) {
    // SAFETY: it has no precondition.
    unsafe { libc::umask(mask) };
}

#[test]
fn private_messages_are_private() {
    set_umask(0o077);
    for _ in 0..20 {
        assert_eq!(permissions(), 0o600);
    }
}

#[test]
fn messages_of_a_group_are_writable() {
    set_umask(0o002);
    assert_eq!(permissions(), 0o664);
}

#[test]
fn messages_are_readable() {
    assert_eq!(permissions() & 0o440, 0o440);
}
