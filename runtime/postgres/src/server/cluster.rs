//! A fresh directory of data: made by `initdb` once, then copied.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::account::Account;
use super::cache;
use super::files::Files;
use crate::binaries::Binaries;

/// The role that owns everything on a server of ours.
pub(super) const SUPERUSER: &str = "postgres";

/// Fills the directory of data.
pub(super) fn create(binaries: &Binaries, files: &Files) -> io::Result<()> {
    let data = files.data();
    let cached = cache::place(binaries);
    if let Some(cached) = &cached {
        let copied = cache::is_copied(cached, &data, files.account);
        cache::remove_old(cached);
        match copied {
            Ok(true) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                let text = format!("{error}; make room for the data in {}", data.display());
                return Err(io::Error::new(error.kind(), text));
            }
            _ => {}
        }
        // Of a machine that has lost its power, for example.
        let _ = fs::remove_dir_all(cached);
        empty(&data)?;
    }
    init(binaries, &data, files.account)?;
    if let Some(cached) = cached {
        // Without a cache, the next server takes longer to start.
        let _ = cache::keep(&data, &cached);
    }
    Ok(())
}

/// Runs `initdb`, as this account, in an empty directory.
pub(super) fn init(binaries: &Binaries, data: &Path, account: Option<Account>) -> io::Result<()> {
    // It sorts the same everywhere, and knows all letters. Old systems lack it.
    let mut output = run_initdb(binaries, data, account, "C.UTF-8")?;
    if !output.status.success() {
        empty(data)?;
        output = run_initdb(binaries, data, account, "C")?;
    }
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "`initdb` has failed: {}",
        text.trim()
    )))
}

fn run_initdb(
    binaries: &Binaries,
    data: &Path,
    account: Option<Account>,
    locale: &str,
) -> io::Result<std::process::Output> {
    let mut command = Command::new(binaries.program("initdb"));
    command
        .arg("--pgdata")
        .arg(data)
        .args(["--username", SUPERUSER, "--auth", "trust", "--no-sync"])
        // The smallest log that there is, because it is copied.
        .args([
            "--encoding",
            "UTF8",
            "--wal-segsize",
            "1",
            "--lc-messages",
            "C",
        ])
        .args(["--locale", locale])
        .env_remove("PGDATA")
        .current_dir("/")
        .stdin(Stdio::null());
    if let Some(account) = account {
        account.act(&mut command);
    }
    command.output()
}

/// Removes the content of a directory.
fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
