//! Copies of fresh data that are kept between runs, for each version of PostgreSQL.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use isolated_test_databases::cache;

use super::account::Account;
use crate::binaries::Binaries;

/// How long a copy stays that no server uses.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long an incomplete copy stays, of a host that was killed. If that host still lives, it only has
/// no copy in the end.
const INCOMPLETE: Duration = Duration::from_secs(24 * 60 * 60);

/// Changes whenever `initdb` is called otherwise.
pub(super) const FORM: u32 = 1;

/// The last file of a copy, with the number of bytes of all others. A copy without it, or with
/// another number, is not used.
const COMPLETE: &str = "isolated.complete";

/// Where a copy of fresh data is kept between runs.
pub(super) fn place(binaries: &Binaries) -> Option<PathBuf> {
    let name = format!("{}-{FORM}", plain_version(binaries)?);
    Some(cache()?.join("postgres").join(name))
}

/// The whole version, with nothing that is special in the name of a file.
pub(super) fn plain_version(binaries: &Binaries) -> Option<String> {
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
    Some(plain.trim_end_matches('-').to_owned())
}

/// Copies cached data, if they are whole.
pub(super) fn is_copied(cached: &Path, data: &Path, account: Option<Account>) -> io::Result<bool> {
    let expected = fs::read_to_string(cached.join(COMPLETE))?;
    // The time of the last use.
    let used = File::options().append(true).open(cached.join(COMPLETE))?;
    used.set_modified(SystemTime::now())?;
    Ok(copy(cached, data, account)?.to_string() == expected)
}

/// Keeps a copy of fresh data. It gets its name when it is complete.
pub(super) fn keep(data: &Path, cached: &Path) -> io::Result<()> {
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

/// Removes the copies beside this one that no server has used for a long time, such as those of older
/// versions. A host that is just copying one of them notices, and runs `initdb`.
pub(super) fn remove_old(cached: &Path) {
    let entries = cached.parent().map(fs::read_dir);
    for entry in entries.into_iter().flatten().flatten().flatten() {
        let path = entry.path();
        if path != cached && is_old(&path).unwrap_or(false) {
            // Another host may do the same.
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn is_old(copy: &Path) -> io::Result<bool> {
    let (used, limit) = match fs::metadata(copy.join(COMPLETE)) {
        Ok(metadata) => (metadata.modified()?, UNUSED),
        Err(_) => (fs::metadata(copy)?.modified()?, INCOMPLETE),
    };
    // A time in the future is that of another clock.
    Ok(used.elapsed().is_ok_and(|time| time > limit))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use isolated_test::{TmpDir, isolated};

    use super::{COMPLETE, is_copied, keep, remove_old};

    fn set_age(path: &Path, days: u64) {
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60 + 60);
        File::open(path).unwrap().set_modified(time).unwrap();
    }

    #[isolated(tmpdir)]
    #[test]
    fn unused_and_incomplete_copies_are_removed(tmpdir: &TmpDir) {
        let cache = tmpdir.join("cache");
        let (fresh, target) = (tmpdir.join("fresh"), tmpdir.join("target"));
        for dir in [&fresh, &target] {
            fs::create_dir(dir).unwrap();
        }
        fs::write(fresh.join("PG_VERSION"), "15").unwrap();
        for (name, days) in [("now", 0), ("used", 31), ("recent", 29), ("old", 30)] {
            let copy = cache.join(name);
            keep(&fresh, &copy).unwrap();
            set_age(&copy.join(COMPLETE), days);
            // The time of the directory means nothing.
            set_age(&copy, 100);
        }
        for (name, days) in [("x.new-1", 0), ("x.new-2", 1)] {
            fs::create_dir(cache.join(name)).unwrap();
            set_age(&cache.join(name), days);
        }
        assert!(is_copied(&cache.join("used"), &target, None).unwrap());
        remove_old(&cache.join("now"));
        let entries = fs::read_dir(&cache).unwrap();
        let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["now", "recent", "used", "x.new-1"]);
    }
}
