//! The entry of a test or guard in the record of its process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::{Record, lock, now, offset, record};
use crate::error::Error;
use crate::lock::Want;
use crate::store::block::Block;
use crate::store::mark::{Mark, Tie};
use crate::store::site::Site;
use crate::sys;
use crate::sys::process::Kept;

/// Publishes a running test and its locks in the record until it is dropped.
///
/// Waiters read it to name the holder, and to find holders of a lock file that was replaced. A failure
/// to write it, for example on a full disk, does not fail the test.
#[must_use = "what a test is doing is said only while this lives"]
pub(crate) struct Activity {
    record: Arc<Record>,
    block: usize,
    name: String,
    site: Site,
    since: u64,
    tie: Option<Tie>,
    /// Each with the time from which on it is held, if that is not the same.
    held: Mutex<Vec<(Want, Option<u64>)>>,
    /// Whether the block says something.
    is_said: AtomicBool,
}

impl Activity {
    /// Takes a block of the record of this process for something that stands at this place, and says
    /// nothing yet.
    pub(crate) fn begin(name: String, site: Site, tie: Option<Tie>) -> Result<Self, Error> {
        let record = record()?;
        let (block, since) = lock(&record.blocks).take();
        Ok(Activity {
            record,
            block,
            name,
            site,
            since,
            tie,
            held: Mutex::default(),
            is_said: AtomicBool::new(false),
        })
    }

    /// Publishes locks that are held from the beginning, with a single write.
    ///
    /// This must happen before the last check of the lock files: see [`entry`](crate::lock::entry).
    pub(crate) fn add(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            held.push((*want, None));
        }
        self.say(&held);
    }

    /// Publishes a lock that is held from now on.
    pub(crate) fn add_now(&self, want: Want) {
        let mut held = lock(&self.held);
        held.push((want, Some(now())));
        self.say(&held);
    }

    /// Takes back that locks are held.
    pub(crate) fn take_back(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            if let Some(at) = held.iter().rposition(|(other, _)| other == want) {
                held.remove(at);
            }
        }
        self.say(&held);
    }

    /// Writes what is known into the record, as far as there is room.
    fn say(&self, held: &[(Want, Option<u64>)]) {
        let mut block = Block::new();
        let Site {
            package,
            file,
            line,
        } = self.site;
        let (since, name, package) = (self.since, &self.name, package.unwrap_or_default());
        block.add_line(&format!("+{since} {name}\t{package}\t{file}:{line}"));
        if let Some(tie) = &self.tie {
            block.add_line(&tie.to_string());
        }
        for (want, since) in held {
            let since = since.map(|since| format!("{since} ")).unwrap_or_default();
            let within = want.within().map(|test| format!("within {test} "));
            let within = within.unwrap_or_default();
            let fits = block.add_line(&format!("{since}{within}{}", want.code()));
            if !fits {
                break;
            }
        }
        self.is_said.store(true, Ordering::Relaxed);
        let _ = self.record.write(self.block, &block);
    }

    /// Takes back what was said.
    pub(crate) fn hush(&self) {
        if self.is_said.swap(false, Ordering::Relaxed) {
            let _ = sys::write_at(&self.record.file, b"-", offset(self.block));
        }
    }

    /// Returns the name of what is running.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns where in the code the locks are asked for.
    pub(crate) fn site(&self) -> Site {
        self.site
    }

    /// Returns what must stay open while a process of the test lives: this process counts as alive
    /// until then.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        sys::process::kept(&self.record.file).into_iter().collect()
    }

    /// Returns where it is written, as the record and the block.
    pub(crate) fn place(&self) -> (&str, usize) {
        (&self.record.name, self.block)
    }

    /// Returns how other processes find it.
    pub(crate) fn mark(&self) -> Mark {
        Mark::new(self.record.name.clone(), self.block, self.since)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.hush();
        lock(&self.record.blocks).taken[self.block] = false;
    }
}
