//! Parses the text of a record.

use std::path::PathBuf;

use super::{HeldLock, RecordedBlock, RecordedSubject};
use crate::lock::activity::{ITEM, WAITS};
use crate::lock::{INTERNAL, Items, MACHINES, Mode};
use crate::state::mark::Tie;
use crate::state::proof::RECORD;
use crate::state::record::IN;

/// Parses the block of a test or guard.
pub(super) fn read_block(number: usize, block: &str) -> Option<RecordedBlock> {
    let mut lines = block.lines();
    let (since, name, place) = described(lines.next()?.strip_prefix('+')?)?;
    let mut block = RecordedBlock {
        number,
        since,
        name: name.to_owned(),
        place,
        tie: None,
        held: Vec::new(),
        waits: None,
    };
    for line in lines {
        if let Some(tie) = Tie::parse(line) {
            block.tie = Some(tie);
        } else if let Some(line) = line.strip_prefix(WAITS) {
            block.waits = read_lock(since, line);
        } else if let Some(item) = line.strip_prefix(ITEM) {
            if let Some(pool) = block.held.last_mut() {
                pool.item = Some(item.to_owned());
            }
        } else {
            block.held.extend(read_lock(since, line));
        }
    }
    Some(block)
}

pub(super) fn read_lock(begun: u64, line: &str) -> Option<HeldLock> {
    let (since, line) = timed(line).unwrap_or((begun, line));
    let (within, line) = match line.strip_prefix("within ") {
        Some(rest) => {
            let (within, line) = rest.split_once(' ')?;
            (Some(within.to_owned()), line)
        }
        None => (None, line),
    };
    let (kind, line): (fn(String) -> RecordedSubject, _) =
        if let Some(line) = line.strip_prefix(INTERNAL) {
            (RecordedSubject::Internal, line)
        } else if let Some(line) = line.strip_prefix(MACHINES) {
            (RecordedSubject::Machines, line)
        } else {
            (RecordedSubject::Key, line)
        };
    let (word, key) = line.split_once(' ').unwrap_or((line, ""));
    let mode = match word {
        "alone" | "serial" | "port" => Mode::Exclusive,
        "test" | "shared" => Mode::Shared,
        "limit" => Mode::Limit(1),
        "pool" => Mode::Pool(Items::UNKNOWN),
        _ => return None,
    };
    let subject = match word {
        "alone" | "test" => RecordedSubject::Everyone,
        "port" => RecordedSubject::Port(key.parse().ok()?),
        _ => kind(key.to_owned()),
    };
    Some(HeldLock {
        since,
        within,
        subject,
        mode,
        item: None,
    })
}

/// The process identifier in the header of a record, if this version has written the record.
pub(super) fn process_of(header: &str) -> Option<u32> {
    let mut lines = header.strip_prefix(RECORD)?.lines();
    lines.find_map(|line| line.strip_prefix("process ")?.parse().ok())
}

/// The directory in the header of a record.
pub(super) fn directory_of(header: &str) -> Option<PathBuf> {
    let dir = header.lines().find_map(|line| line.strip_prefix(IN))?;
    Some(PathBuf::from(dir))
}

/// Parses the first line of a block: the time at which it began, its name, and its source location.
pub(super) fn described(line: &str) -> Option<(u64, &str, String)> {
    let (begun, rest) = timed(line)?;
    let mut parts = rest.splitn(3, '\t');
    let (name, package) = (parts.next()?, parts.next()?);
    let place = match (package, parts.next()?) {
        // Only Cargo provides the name of the package.
        ("", place) => place.to_owned(),
        (package, place) => format!("package {package}, {place}"),
    };
    Some((begun, name, place))
}

/// Splits off the time with which a line begins, if it does.
fn timed(line: &str) -> Option<(u64, &str)> {
    let (time, rest) = line.split_once(' ')?;
    Some((time.parse().ok()?, rest))
}
