//! The processes that have started this one, and the contents of their records.

use std::fs;

use super::holder::{self, ProcessRecord};
use crate::state::StateDir;
use crate::state::record::now;

/// The kernel's unit for times of processes, in milliseconds.
const TICK: u64 = 10;

/// A process that has started this one, perhaps through others.
struct Ancestor {
    process: u32,
    /// The time by which it had started the next process on the way to this one, in milliseconds
    /// since 1970.
    until: u64,
}

/// The record of a process that has started this one.
pub(super) struct Above {
    pub(super) process_record: ProcessRecord,
    /// Anything that began later has not started this program.
    pub(super) until: u64,
}

/// Lists the ancestors of this process that run a test or hold a guard, the nearest first.
pub(super) fn above(state_dir: &StateDir) -> Vec<Above> {
    let ancestors = ancestors(std::process::id());
    if ancestors.is_empty() {
        return Vec::new();
    }
    let mut above: Vec<_> = holder::all(state_dir.runs())
        .filter(|process_record| !process_record.blocks.is_empty())
        .filter_map(|process_record| {
            let mut ancestors = ancestors.iter();
            let at = ancestors.position(|one| one.process == process_record.process)?;
            is_of(&process_record, state_dir).then_some((at, process_record))
        })
        .collect();
    above.sort_by_key(|(at, _)| *at);
    let above = above.into_iter().map(|(at, process_record)| Above {
        process_record,
        until: ancestors[at].until,
    });
    above.collect()
}

/// Whether the process that a record names has the record open. In another container that shares
/// the state directory, a different process may have the same number.
#[cfg(unix)]
fn is_of(process_record: &ProcessRecord, state_dir: &StateDir) -> bool {
    use std::os::unix::fs::MetadataExt;
    use std::path::PathBuf;

    let identity = |path: PathBuf| {
        let found = fs::metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    let Some(record) = identity(state_dir.record_path(&process_record.record)) else {
        return false;
    };
    let open = fs::read_dir(format!("/proc/{}/fd", process_record.process));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|file| identity(file.path()) == Some(record))
}

#[cfg(not(unix))]
fn is_of(_: &ProcessRecord, _: &StateDir) -> bool {
    false
}

/// Lists the ancestors of a process, the nearest first. Without `/proc` there are none.
fn ancestors(process: u32) -> Vec<Ancestor> {
    let mut found: Vec<Ancestor> = Vec::new();
    let mut next = Stat::of(process);
    while let Some(stat) = next {
        let process = stat.parent;
        if process == 0 || found.iter().any(|one| one.process == process) {
            break;
        }
        let until = stat.started();
        found.push(Ancestor { process, until });
        next = Stat::of(process);
    }
    found
}

/// The report of the kernel about a process.
struct Stat {
    parent: u32,
    /// When the process was started, in ticks since the machine booted.
    start: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Self> {
        Stat::parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        // The name of the program is in parentheses and may contain any character.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        Some(Stat {
            parent: fields.nth(1)?.parse().ok()?,
            start: fields.nth(17)?.parse().ok()?,
        })
    }

    /// The time by which the process had been started, in milliseconds since 1970. It is at most
    /// two ticks late, and the largest possible time where the kernel does not report it.
    fn started(&self) -> u64 {
        let ticks = fs::read_to_string("/proc/uptime");
        match ticks.ok().and_then(|text| uptime(&text)) {
            Some(ticks) => {
                let age = ticks.saturating_sub(self.start + 2);
                now().saturating_sub(age * TICK)
            }
            None => u64::MAX,
        }
    }
}

/// Parses how many ticks the machine has been running.
fn uptime(text: &str) -> Option<u64> {
    let (seconds, rest) = text.split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let hundredths: u64 = rest.get(..2)?.parse().ok()?;
    Some(seconds * 100 + hundredths)
}

#[cfg(test)]
mod tests {
    use super::{Stat, uptime};

    #[test]
    fn a_process_is_read_whatever_its_program_is_called() {
        let stat = "77 (a) b (c) S 42 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 1317978 9 10";
        let stat = Stat::parse(stat).unwrap();
        assert_eq!((stat.parent, stat.start), (42, 1_317_978));
        assert!(Stat::parse("77 (a) S").is_none());
    }

    #[test]
    fn a_time_is_read_in_ticks() {
        assert_eq!(uptime("13179.78 10636.74\n"), Some(1_317_978));
        assert_eq!(uptime(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_was_started_before_it_asks_when() {
        let before = super::now();
        let mut process = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let started = Stat::of(process.id()).unwrap().started();
        process.kill().unwrap();
        process.wait().unwrap();
        let tolerance = 3 * super::TICK;
        assert!(
            before <= started && started <= super::now() + tolerance,
            "{before} {started}"
        );
    }
}
