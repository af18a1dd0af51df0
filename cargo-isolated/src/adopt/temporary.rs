//! Temporary files beside the files that they replace: `.api.rs.adopt-4242-0`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use crate::liveness::may_run;

/// Creates a new file in the directory of another one.
pub(super) fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 0_u32;
    loop {
        let temporary = format!(".{name}.adopt-{}-{number}", process::id());
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                number += 1;
            }
            result => return Ok((result?, temporary)),
        }
    }
}

/// Removes the temporary files that killed commands left in a directory. To be called before this
/// process creates its own.
///
/// In a directory that several machines share, this may remove the file of a running command. That
/// command then fails to replace a file, and changes nothing.
pub(super) fn remove_abandoned(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let creator = entry.file_name().to_str().and_then(creator);
        if is_file && creator.is_some_and(|id| id == process::id() || !may_run(id)) {
            // A file that stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process that created a temporary file of this name.
fn creator(name: &str) -> Option<u32> {
    let (original, numbers) = name.strip_prefix('.')?.rsplit_once(".adopt-")?;
    let (id, number) = numbers.split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_ours = !original.is_empty() && is_number(id) && number.parse::<u32>().is_ok();
    id.parse().ok().filter(|_| is_ours && is_number(number))
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::process::{Command, id};

    use super::{create_beside, creator, remove_abandoned};

    #[test]
    fn only_our_names_have_a_creator() {
        assert_eq!(creator(".api.rs.adopt-4242-0"), Some(4242));
        for name in [
            "api.rs",
            "api.rs.adopt-4242-0",
            ".adopt-4242-0",
            ".api.rs.adopt-4242",
            ".api.rs.adopt-4242-",
            ".api.rs.adopt-+42-0",
            ".api.rs.adopt-4242-0.bak",
            ".api.rs.adopt-notes-1",
        ] {
            assert_eq!(creator(name), None, "{name}");
        }
    }

    #[test]
    fn files_of_dead_processes_are_removed() {
        let mut child = Command::new("true").spawn().expect("a process");
        let dead = child.id();
        child.wait().expect("a child");
        let alive = std::os::unix::process::parent_id();
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str| fs::write(dir.path().join(name), "old").expect("a file");
        let kept = [
            "api.rs".to_owned(),
            format!(".api.rs.adopt-{alive}-0"),
            format!(".api.rs.adopt-{dead}-0.bak"),
            format!(".api.rs.adopt-{dead}-1"),
        ];
        kept[..3].iter().for_each(|name| write(name));
        fs::create_dir(dir.path().join(&kept[3])).expect("a directory");
        write(&format!(".api.rs.adopt-{dead}-0"));
        write(&format!(".mod.rs.adopt-{}-0", id()));
        create_beside(&dir.path().join("api.rs")).expect("a file");

        remove_abandoned(dir.path());
        let entries = fs::read_dir(dir.path()).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
        let names: BTreeSet<_> = names.map(|name| name.expect("UTF-8")).collect();
        assert_eq!(names, BTreeSet::from(kept));
    }
}
