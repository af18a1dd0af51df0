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
use crate::store::proof::RECORD;
use crate::store::record::{Activity, ENDING, now};
use crate::sys;

/// A test or guard that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    name: String,
    process: u32,
    since: u64,
    /// Where it is in which code: `package shop, src/checkout.rs:12`.
    place: String,
}

/// As it stands in messages: `shop::checkout (pid 4242, package shop, src/checkout.rs:12) for 12s`.
impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = now().saturating_sub(self.since) / 1000;
        write!(
            formatter,
            "{} (pid {}, {}) for {seconds}s",
            self.name, self.process, self.place
        )
    }
}

impl Holder {
    /// Names a holder.
    pub(crate) fn new(name: &str, process: u32, since: u64, place: &str) -> Self {
        Holder {
            name: name.to_owned(),
            process,
            since,
            place: place.to_owned(),
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
    let Some(process) = blocks.next().and_then(|header| process_of(&header)) else {
        return;
    };
    for (number, block) in blocks.enumerate() {
        if (path, number + 1) == me.place() {
            continue;
        }
        let mut lines = block.lines();
        let first = lines.next().and_then(|line| line.strip_prefix('+'));
        let Some((begun, name, place)) = first.and_then(described) else {
            continue;
        };
        for line in lines {
            let (since, held) = timed(line).unwrap_or((begun, line));
            if conflicts(want, held) {
                let holder = Holder::new(name, process, since, &place);
                let at = holders.partition_point(|other| other.since <= since);
                holders.insert(at, holder);
            }
        }
    }
}

/// The process of a record, if this version has written it.
fn process_of(header: &str) -> Option<u32> {
    let mut lines = header.strip_prefix(RECORD)?.lines();
    lines.find_map(|line| line.strip_prefix("process ")?.parse().ok())
}

/// Reads the first line of a block: since when, the name, and where that is.
fn described(line: &str) -> Option<(u64, &str, String)> {
    let (begun, rest) = timed(line)?;
    let mut parts = rest.splitn(3, '\t');
    let (name, package) = (parts.next()?, parts.next()?);
    let place = match (package, parts.next()?) {
        // Not everything is run by Cargo.
        ("", place) => place.to_owned(),
        (package, place) => format!("package {package}, {place}"),
    };
    Some((begun, name, place))
}

/// Returns the time with which a line begins, if it does, and what follows.
fn timed(line: &str) -> Option<(u64, &str)> {
    let (time, rest) = line.split_once(' ')?;
    Some((time.parse().ok()?, rest))
}

/// Tells whether what somebody holds is in the way of what is wanted.
fn conflicts(want: Want, held: &str) -> bool {
    let (word, key) = held.split_once(' ').unwrap_or((held, ""));
    let (key, scope) = key
        .split_once('\t')
        .map_or((key, None), |(key, scope)| (key, Some(scope)));
    match (want.subject, want.mode) {
        (Subject::Everyone, Mode::Exclusive) => matches!(word, "alone" | "test"),
        (Subject::Everyone, _) => word == "alone",
        (Subject::Key(wanted), mode) => {
            key == wanted.name()
                && scope == wanted.scope()
                && match mode {
                    Mode::Exclusive => true,
                    Mode::Limit(_) => matches!(word, "serial" | "limit"),
                    Mode::Shared => word == "serial",
                }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{conflicts, described, process_of};
    use crate::key::Key;
    use crate::lock::{Mode, Subject, Want};

    #[test]
    fn a_holder_of_another_scope_is_not_in_the_way() {
        let keys = [
            Key::new("db"),
            Key::new("db").scoped("shop"),
            Key::new("db").scoped("bank"),
        ];
        let want = |key| Want {
            subject: Subject::Key(key),
            mode: Mode::Exclusive,
        };
        for one in keys {
            for other in keys {
                let held = want(other).code().concat();
                assert_eq!(conflicts(want(one), &held), one == other, "{held:?}");
            }
        }
    }

    #[test]
    fn a_block_says_where_its_holder_stands() {
        assert_eq!(
            described("7 shop::pays\tshop\tsrc/a b.rs:12"),
            Some((7, "shop::pays", "package shop, src/a b.rs:12".to_owned()))
        );
        assert_eq!(
            described("7 seeder\t\ttools/seed.rs:1"),
            Some((7, "seeder", "tools/seed.rs:1".to_owned()))
        );
        assert_eq!(described("7 shop::pays"), None);
    }

    #[test]
    fn only_records_of_this_version_are_read() {
        let header = "isolated-test record 1\ndirectory\nprocess 42\nprogram x\n";
        assert_eq!(process_of(header), Some(42));
        assert_eq!(process_of("isolated-test record 2\nprocess 42\n"), None);
        assert_eq!(process_of("process 42\n"), None);
    }
}
