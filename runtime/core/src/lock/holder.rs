//! Who holds what, read from the records of all processes.
//!
//! This is for messages, and for telling a holder that goes on from one that has changed. It never
//! decides who gets a lock.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;

use super::file::{self, Strength};
use super::{Mode, Subject, Want};
use crate::store::Store;
use crate::store::block::BLOCK;
use crate::store::record::{Activity, ENDING, now};
use crate::sys;

/// A test or guard that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    name: String,
    process: u32,
    since: u64,
}

/// As it stands in messages: `shop::checkout (pid 4242) for 12s`.
impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = now().saturating_sub(self.since) / 1000;
        write!(
            formatter,
            "{} (pid {}) for {seconds}s",
            self.name, self.process
        )
    }
}

impl Holder {
    /// Names a holder.
    pub(crate) fn new(name: &str, process: u32, since: u64) -> Self {
        Holder {
            name: name.to_owned(),
            process,
            since,
        }
    }

    /// Returns the name of the test.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the process.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// Returns the name and the process: `shop::checkout (pid 4242)`.
    pub(crate) fn who(&self) -> String {
        format!("{} (pid {})", self.name, self.process)
    }
}

/// Lists who is in the way of a lock, as far as it is known, the longest first.
pub(crate) fn in_the_way(store: &Store, want: Want, me: &Activity) -> Vec<Holder> {
    let mut holders = Vec::new();
    for entry in fs::read_dir(store.runs()).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension() == Some(OsStr::new(ENDING)) {
            read(&path, want, me, &mut holders);
        }
    }
    holders
}

/// Adds the holders of one process.
fn read(path: &Path, want: Want, me: &Activity, holders: &mut Vec<Holder>) {
    let Ok(mut record) = sys::open_file(path) else {
        return;
    };
    // A dead process is not in the way, whatever its record says.
    if let Ok(true) = file::try_lock(&record, Strength::Shared) {
        file::unlock(&record);
        return;
    }
    let mut bytes = Vec::new();
    if record.read_to_end(&mut bytes).is_err() {
        return;
    }
    let mut blocks = bytes.chunks(BLOCK).map(|block| {
        let end = block
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(block.len());
        String::from_utf8_lossy(&block[..end])
    });
    let process = blocks.next().and_then(|header| {
        header
            .lines()
            .find_map(|line| line.strip_prefix("process ")?.parse().ok())
    });
    let Some(process) = process else { return };
    for (number, block) in blocks.enumerate() {
        if (path, number + 1) == me.place() {
            continue;
        }
        let mut lines = block.lines();
        let first = lines.next().and_then(|line| line.strip_prefix('+'));
        let Some((begun, name)) = first.and_then(timed) else {
            continue;
        };
        for line in lines {
            let (since, held) = timed(line).unwrap_or((begun, line));
            if conflicts(want, held) {
                let holder = Holder::new(name, process, since);
                let at = holders.partition_point(|other| other.since <= since);
                holders.insert(at, holder);
            }
        }
    }
}

/// Returns the time with which a line begins, if it does, and what follows.
fn timed(line: &str) -> Option<(u64, &str)> {
    let (time, rest) = line.split_once(' ')?;
    Some((time.parse().ok()?, rest))
}

/// Tells whether what somebody holds is in the way of what is wanted.
fn conflicts(want: Want, held: &str) -> bool {
    let (word, key) = held.split_once(' ').unwrap_or((held, ""));
    match (want.subject, want.mode) {
        (Subject::Everyone, Mode::Exclusive) => matches!(word, "alone" | "test"),
        (Subject::Everyone, _) => word == "alone",
        (Subject::Key(wanted), mode) => {
            key == wanted.name()
                && match mode {
                    Mode::Exclusive => true,
                    Mode::Limit(_) => matches!(word, "serial" | "limit"),
                    Mode::Shared => word == "serial",
                }
        }
    }
}
