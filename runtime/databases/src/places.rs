//! The directories in which databases and templates are.

use std::env;
use std::path::{Path, PathBuf};

/// How much has to be free in memory. Docker provides 64 MiB by default, which is too little.
const ENOUGH: u64 = 1024 * 1024 * 1024;

/// The file system in memory, if there is one with 1 GiB to spare.
#[must_use]
pub fn memory() -> Option<&'static Path> {
    let memory = Path::new("/dev/shm");
    let free = fs2::available_space(memory).ok()?;
    (free >= ENOUGH).then_some(memory)
}

/// The directory for what this user keeps between runs, and can make again. It may not exist.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    let set = |name| env::var_os(name).map(PathBuf::from);
    let system = || {
        if cfg!(windows) {
            set("LOCALAPPDATA")
        } else {
            Some(set("HOME")?.join(".cache"))
        }
    };
    let caches = set("XDG_CACHE_HOME").or_else(system);
    let caches = caches.filter(|path| path.is_absolute())?;
    Some(caches.join("isolated-test"))
}
