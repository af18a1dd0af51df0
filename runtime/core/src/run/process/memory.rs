//! Whether the system has killed processes because memory ran out.

use std::fs;
use std::sync::OnceLock;

/// The number of killed processes when the first subprocess started.
static BEFORE: OnceLock<Option<u64>> = OnceLock::new();

/// Records that number, once.
pub(super) fn look() {
    BEFORE.get_or_init(ended);
}

/// Whether the system has killed a process for lack of memory since then.
#[cfg(unix)]
pub(super) fn has_run_out() -> bool {
    match (BEFORE.get().copied().flatten(), ended()) {
        (Some(before), Some(now)) => now > before,
        _ => false,
    }
}

/// The number of processes of the whole machine that were killed for lack of memory.
fn ended() -> Option<u64> {
    let text = fs::read_to_string("/proc/vmstat").ok()?;
    // The file has many lines. Going through them takes five times as long without optimisation.
    let (_, rest) = text.split_once("\noom_kill ")?;
    rest.split_once('\n')?.0.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::ended;

    #[test]
    fn the_kernel_counts_whom_it_has_ended() {
        let lists = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
        assert_eq!(ended().is_some(), lists.contains("oom_kill "));
    }
}
