//! The space of file systems.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The file system in memory.
pub(crate) const MEMORY: &str = "/dev/shm";

/// How many bytes are free for files in a directory. `None` if that is unknown.
pub(crate) fn free(dir: &Path) -> Option<u64> {
    let free = free_on_disk(dir)?;
    let memory = available_memory().filter(|_| dir.starts_with(MEMORY));
    Some(memory.map_or(free, |memory| free.min(memory)))
}

fn free_on_disk(dir: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(dir).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().nth(1)?;
    let kilobytes: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// A file system in memory may be larger than the memory.
fn available_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = value.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}
