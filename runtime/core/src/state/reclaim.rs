//! Things outside of the state directory that a dead process has left, such as a database.
//!
//! Before a resource creates such a thing, the block of its test gets a *reclaim line*: the kind of
//! the thing, and a text that means something to that kind only. When the process is dead, a sweep
//! hands the text back to the kind. A process that does not know the kind leaves the record to one
//! that does.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::catch_unwind;
use std::sync::Mutex;

use super::block::BLOCK;
use crate::error::{BoxError, panic_message};
use crate::mutex::lock;
use crate::output::print;

/// Removes the thing that a text describes. Succeeds if it is gone already.
pub(crate) type Reclaim = fn(&str) -> Result<(), BoxError>;

/// The kinds that this process knows.
static KINDS: Mutex<Vec<(&'static str, Reclaim)>> = Mutex::new(Vec::new());

const WORD: &str = "reclaim ";

/// Adds a kind. Returns whether it was unknown.
pub(super) fn register(kind: &'static str, reclaim: Reclaim) -> bool {
    let mut kinds = lock(&KINDS);
    let is_new = !kinds.iter().any(|(known, _)| *known == kind);
    if is_new {
        kinds.push((kind, reclaim));
    }
    is_new
}

/// The line of a block that describes a thing. `None` if the block could not hold it as one line.
pub(crate) fn line(kind: &str, text: &str) -> Option<String> {
    let is_word = !kind.is_empty() && !kind.contains(char::is_whitespace);
    let is_line = !text.contains(['\n', '\r', '\0']);
    (is_word && is_line).then(|| format!("{WORD}{kind} {text}"))
}

/// Removes all things that the record of a dead process describes. Returns whether none is left.
pub(super) fn all(record: &File) -> io::Result<bool> {
    let mut is_clean = true;
    for (kind, text) in described(record)? {
        is_clean &= one(&kind, &text);
    }
    Ok(is_clean)
}

/// Whether a record describes nothing.
pub(super) fn is_empty(record: &File) -> io::Result<bool> {
    Ok(described(record)?.is_empty())
}

/// Whether this process knows the kinds of all things that a record describes.
pub(super) fn is_known(record: &File) -> io::Result<bool> {
    let kinds = lock(&KINDS);
    let is_known = |kind: &str| kinds.iter().any(|(known, _)| *known == kind);
    Ok(described(record)?.iter().all(|(kind, _)| is_known(kind)))
}

/// The kinds and texts of all things that a record describes.
fn described(record: &File) -> io::Result<Vec<(String, String)>> {
    let mut bytes = Vec::new();
    let mut record = record;
    record.seek(SeekFrom::Start(0))?;
    record.read_to_end(&mut bytes)?;
    let mut described = Vec::new();
    for block in bytes
        .chunks(BLOCK)
        .skip(1)
        .filter(|block| block.first() == Some(&b'+'))
    {
        let end = block
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(block.len());
        for line in String::from_utf8_lossy(&block[..end]).lines() {
            let parts = line
                .strip_prefix(WORD)
                .and_then(|rest| rest.split_once(' '));
            described.extend(parts.map(|(kind, text)| (kind.to_owned(), text.to_owned())));
        }
    }
    Ok(described)
}

/// Removes one thing. Returns whether it is gone.
fn one(kind: &str, text: &str) -> bool {
    let known = lock(&KINDS)
        .iter()
        .find(|(known, _)| *known == kind)
        .copied();
    let Some((_, reclaim)) = known else {
        return false;
    };
    let result = catch_unwind(|| reclaim(text)).unwrap_or_else(|payload| {
        let message = panic_message(&payload).unwrap_or("it panicked");
        Err(message.to_owned().into())
    });
    if let Err(error) = &result {
        print(&format!(
            "isolated-test: failed to reclaim {kind} `{text}` of a process that has died: {error}\n"
        ));
    }
    result.is_ok()
}
