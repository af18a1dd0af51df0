//! The target directory of the workspace, and what this program keeps in it.

use std::path::{Path, PathBuf};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::cargo;

/// Finds the target directory of the workspace in which this process runs.
pub(crate) fn target_dir() -> Result<PathBuf> {
    Ok(cargo::metadata(&[])?.target_directory)
}

/// The directory of all traces.
pub(crate) fn traces(target_dir: &Path) -> PathBuf {
    target_dir.join("isolated").join("trace")
}

/// The directory of the data with which servers of PostgreSQL begin.
#[cfg(target_os = "linux")]
pub(crate) fn postgres(target_dir: &Path) -> PathBuf {
    target_dir.join("isolated").join("postgres")
}

/// A new directory for the trace of this process and of what it runs.
pub(crate) fn new_trace(target_dir: &Path) -> PathBuf {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    traces(target_dir).join(format!("{seconds}-{}", process::id()))
}

/// Parses the name of such a directory: when it was made, in seconds since 1970, and the process.
pub(crate) fn trace_of(dir: &Path) -> Option<(u64, u32)> {
    let (seconds, pid) = dir.file_name()?.to_str()?.split_once('-')?;
    Some((seconds.parse().ok()?, pid.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{new_trace, trace_of, traces};

    #[test]
    fn the_name_of_a_trace_says_whose_it_is() {
        let dir = new_trace(Path::new("/target"));
        assert_eq!(dir.parent(), Some(&*traces(Path::new("/target"))));
        let (_, pid) = trace_of(&dir).expect("a name of ours");
        assert_eq!(pid, std::process::id());
        for name in ["mine", "1-x", "x-1", "1", "1-2-3"] {
            assert_eq!(trace_of(Path::new(name)), None, "{name}");
        }
    }
}
