//! The directories in which databases and templates are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The file system in memory.
const MEMORY: &str = "/dev/shm";

/// How many bytes have to be free in memory. Docker provides 64 MiB by default, which is too little.
const ENOUGH: u64 = 1024 * 1024 * 1024;

/// The file system in memory, if there is one with 1 GiB to spare.
#[must_use]
pub fn memory() -> Option<&'static Path> {
    let memory = Path::new(MEMORY);
    (free(memory)? >= ENOUGH).then_some(memory)
}

/// How many bytes are free for files in a directory. `None` if that is unknown.
#[must_use]
pub fn free(dir: &Path) -> Option<u64> {
    let free = fs2::available_space(dir).ok()?;
    let memory = available_memory().filter(|_| dir.starts_with(MEMORY));
    Some(memory.map_or(free, |memory| free.min(memory)))
}

/// A file system in memory may be larger than the memory.
fn available_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = value.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
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
