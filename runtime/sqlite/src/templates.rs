//! Templates: databases that tests get copies of, one for each content, kept between runs.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use isolated_test_core::{BoxError, Current, Key};
use isolated_test_databases::cache;

use crate::files::{Files, create_private, reclaim_after_crash, unique_name};

/// How much all templates may need. Those that were used last stay.
const MOST: u64 = 512 * 1024 * 1024;

/// How exactly the time of the last use is known. Writing it costs more than the copy of a small file.
const A_WHILE: Duration = Duration::from_secs(60 * 60);

/// The extension of templates.
const ENDING: &str = "sqlite";

/// Makes the database of a test: a copy of the template with this key. `build` makes that in a file, if
/// there is none.
///
/// # When the process dies
///
/// The lock of a builder ends with it, and the next test builds. A template gets its name when it is
/// complete, so nobody sees the half of one. The next test with a database removes what is left.
pub(crate) fn copy(
    key: &str,
    files: &Files,
    test: &Current,
    build: impl FnOnce(&Path) -> Result<(), BoxError>,
) -> Result<(), BoxError> {
    let templates = open();
    let template = templates.as_ref().map(|dir| path(dir, key));
    if is_copied(template.as_deref(), files)? {
        return Ok(());
    }
    // A few locks for all contents, because the files of locks are never removed.
    let turn = Key::intern(&format!("sqlite template {}", &key[..1]))?.internal();
    let _turn = turn.lock()?;
    if is_copied(template.as_deref(), files)? {
        return Ok(());
    }
    let new = files.beside("template");
    build(&new)?;
    if let Some(template) = &template {
        // Without it, the next test builds again.
        let _ = keep(&new, template, test);
    }
    // A copy too, because what has built the template may have left connections to it.
    fs::copy(&new, files.database())?;
    fs::remove_file(&new)?;
    Ok(())
}

/// The directory of all templates. `None` if it cannot be created.
fn open() -> Option<PathBuf> {
    let parent = cache()?;
    fs::create_dir_all(&parent).ok()?;
    let dir = parent.join("sqlite");
    match create_private(&dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
        _ => Some(dir),
    }
}

fn path(dir: &Path, key: &str) -> PathBuf {
    dir.join(key).with_extension(ENDING)
}

/// Copies a template, if there is one. File systems that can share the content of files do so: `fs::copy`
/// asks them on Linux, macOS and Windows.
fn is_copied(template: Option<&Path>, files: &Files) -> io::Result<bool> {
    let Some(template) = template else {
        return Ok(false);
    };
    match fs::copy(template, files.database()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(_) => {
            // It may be gone already.
            let _ = note_use(template);
            Ok(true)
        }
    }
}

/// Notes the time of a use for [`sweep`].
fn note_use(template: &Path) -> io::Result<()> {
    let (now, noted) = (SystemTime::now(), fs::metadata(template)?.modified()?);
    if now.duration_since(noted).is_ok_and(|age| age < A_WHILE) {
        return Ok(());
    }
    let file = File::options().append(true).open(template)?;
    file.set_modified(now)
}

/// Keeps a new template.
fn keep(built: &Path, template: &Path, test: &Current) -> Result<(), BoxError> {
    let new = template.with_file_name(unique_name());
    reclaim_after_crash(test, &new)?;
    let kept = (|| {
        fs::copy(built, &new)?;
        // Else a machine that loses its power could keep the name without the content.
        File::options().append(true).open(&new)?.sync_all()?;
        fs::rename(&new, template)
    })();
    if kept.is_err() {
        let _ = fs::remove_file(&new);
    }
    kept?;
    sweep(template, MOST)?;
    Ok(())
}

/// Removes the templates that were not used for the longest time, if all others need the space. Tests
/// that copy one meanwhile are not disturbed.
fn sweep(new: &Path, most: u64) -> io::Result<()> {
    let Some(dir) = new.parent() else {
        return Ok(());
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)? {
        // Another process may have removed it.
        let Ok((path, metadata)) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))
        else {
            continue;
        };
        if path.extension() == Some(OsStr::new(ENDING)) && path != new {
            all.push((Reverse(metadata.modified()?), metadata.len(), path));
        }
    }
    all.sort();
    let mut size = fs::metadata(new)?.len();
    for (_, length, path) in all {
        size = size.saturating_add(length);
        if size > most {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use isolated_test::isolated;

    use super::sweep;

    #[isolated(tmpdir)]
    #[test]
    fn templates_that_were_used_last_stay(tmpdir: &Path) {
        // All are of 10 bytes, and the numbers are the hours since their last use.
        for (name, hours) in [("a.sqlite", 3), ("b.sqlite", 9), ("c.sqlite", 1), ("d", 99)] {
            fs::write(tmpdir.join(name), "0123456789").unwrap();
            let file = File::options()
                .append(true)
                .open(tmpdir.join(name))
                .unwrap();
            let used = SystemTime::now() - Duration::from_secs(hours * 3600);
            file.set_modified(used).unwrap();
        }
        let left = |most| {
            sweep(&tmpdir.join("b.sqlite"), most).unwrap();
            ["a.sqlite", "b.sqlite", "c.sqlite", "d"].map(|name| tmpdir.join(name).exists())
        };
        assert_eq!(left(30), [true, true, true, true]);
        assert_eq!(left(29), [false, true, true, true]);
        // The new one stays, whatever its size.
        assert_eq!(left(5), [false, true, false, true]);
    }
}
