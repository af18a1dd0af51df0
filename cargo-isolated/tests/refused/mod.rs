//! Systems that refuse a sandbox, as containers do.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Whether this system refuses a part of the sandbox to this user. If so, prints that the test is
/// skipped.
pub(crate) fn is_refused(user: Option<u32>) -> bool {
    let dir = tempfile::tempdir_in("/var/tmp").expect("a directory");
    fs::write(dir.path().join("Cargo.toml"), "[workspace]\n").expect("a file");
    fs::create_dir(dir.path().join("home")).expect("a directory");
    for path in ["", "home"] {
        if let Err(error) = chown(dir.path().join(path), user, user) {
            eprintln!("skipped: no file can be given to the user {user:?}: {error}");
            return true;
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    command
        .args(["runner", "/bin/true"])
        .current_dir(dir.path());
    command
        .env("CARGO_MANIFEST_DIR", dir.path())
        .env("HOME", dir.path().join("home"))
        .env_remove("CARGO_ISOLATED_PARTS")
        .env_remove("CARGO_ISOLATED_POSTGRES")
        .env_remove("CARGO_ISOLATED_WORKSPACE");
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let output = command.output().expect("the runner");
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("the system refuses") {
        eprintln!("skipped: {errors}");
        return true;
    }
    false
}
