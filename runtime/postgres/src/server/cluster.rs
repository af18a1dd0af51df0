//! A fresh directory of data: made by `initdb` once, then copied.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use super::files::Files;
use crate::binaries::Binaries;

/// The role that owns everything on a server of ours.
pub(super) const SUPERUSER: &str = "postgres";

/// Changes whenever `initdb` is called otherwise.
const FORM: u32 = 1;

/// The last file of a copy, with the number of bytes of all others. A copy without it, or with
/// another number, is not used.
const COMPLETE: &str = "isolated.complete";

/// Fills the directory of data.
pub(super) fn create(binaries: &Binaries, files: &Files) -> io::Result<()> {
    let data = files.data();
    let cached = cache(binaries);
    if let Some(cached) = &cached {
        if is_copied(cached, &data, files.account).unwrap_or(false) {
            return Ok(());
        }
        // Of a machine that has lost its power, for example.
        let _ = fs::remove_dir_all(cached);
        empty(&data)?;
    }
    init(binaries, files)?;
    if let Some(cached) = cached {
        // Without a cache, the next server takes longer to start.
        let _ = keep(&data, &cached);
    }
    Ok(())
}

/// Runs `initdb`.
fn init(binaries: &Binaries, files: &Files) -> io::Result<()> {
    // It sorts the same everywhere, and knows all letters. Old systems lack it.
    let mut output = run_initdb(binaries, files, "C.UTF-8")?;
    if !output.status.success() {
        empty(&files.data())?;
        output = run_initdb(binaries, files, "C")?;
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
    files: &Files,
    locale: &str,
) -> io::Result<std::process::Output> {
    let mut command = Command::new(binaries.program("initdb"));
    command
        .arg("--pgdata")
        .arg(files.data())
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
        .current_dir(files.root())
        .stdin(Stdio::null());
    if let Some(account) = files.account {
        account.act(&mut command);
    }
    command.output()
}

/// Where a copy of fresh data is kept between runs.
fn cache(binaries: &Binaries) -> Option<PathBuf> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let set = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = set.or_else(home).filter(|path| path.is_absolute())?;
    let version = Command::new(binaries.program("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let version = String::from_utf8(version.stdout).ok()?;
    let plain: String = version
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() || one == '.' {
                one
            } else {
                '-'
            }
        })
        .collect();
    let name = format!("{}-{FORM}", plain.trim_end_matches('-'));
    Some(caches.join("isolated-test").join("postgres").join(name))
}

/// Copies cached data, if they are whole.
fn is_copied(cached: &Path, data: &Path, account: Option<Account>) -> io::Result<bool> {
    let expected = fs::read_to_string(cached.join(COMPLETE))?;
    Ok(copy(cached, data, account)?.to_string() == expected)
}

/// Keeps a copy of fresh data. It gets its name when it is complete.
fn keep(data: &Path, cached: &Path) -> io::Result<()> {
    let parent = cached.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(parent)?;
    let new = cached.with_extension(format!("new-{}", std::process::id()));
    let kept = (|| {
        fs::create_dir(&new)?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700))?;
        let size = copy(data, &new, None)?;
        fs::write(new.join(COMPLETE), size.to_string())?;
        fs::rename(&new, cached)
    })();
    if kept.is_err() {
        // Another host was faster, or the disk is full.
        let _ = fs::remove_dir_all(&new);
    }
    kept
}

/// Copies the content of a directory into another one. Returns the number of bytes of all files.
fn copy(from: &Path, to: &Path, account: Option<Account>) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o700))?;
            size += copy(&source, &target, account)?;
        } else if kind.is_file() && entry.file_name() != COMPLETE {
            size += io::copy(&mut File::open(&source)?, &mut File::create_new(&target)?)?;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600))?;
        } else {
            continue;
        }
        if let Some(account) = account {
            account.own(&target)?;
        }
    }
    Ok(size)
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
