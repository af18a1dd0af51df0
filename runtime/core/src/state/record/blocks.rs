//! The blocks of a record: which are taken, and what they publish.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Record, now, offset, record};
use crate::error::Error;
use crate::mutex::lock;
use crate::os;
use crate::os::process::Kept;
use crate::state::block::fitted;
use crate::state::mark::Mark;

/// The blocks of a record.
pub(super) struct Blocks {
    /// Which blocks are taken. Block 0 describes the process.
    pub(super) taken: Vec<bool>,
    /// When the last block was taken.
    pub(super) since: u64,
}

impl Blocks {
    /// Takes a free block. Its time is later than all before, so that the time identifies the test.
    pub(super) fn take(&mut self) -> (usize, u64) {
        self.since = now().max(self.since + 1);
        let free = self.taken.iter().position(|taken| !taken);
        let block = free.unwrap_or_else(|| {
            self.taken.push(false);
            self.taken.len() - 1
        });
        self.taken[block] = true;
        (block, self.since)
    }
}

/// A block of the record of this process. Published text stays until the block is cleared or
/// dropped.
///
#[must_use = "the block is cleared as soon as this is dropped"]
pub(crate) struct Block {
    record: Arc<Record>,
    mark: Mark,
    is_published: AtomicBool,
}

impl Block {
    /// Takes a free block, without publishing anything.
    pub(crate) fn take() -> Result<Self, Error> {
        let record = record()?;
        let (number, since) = lock(&record.blocks).take();
        Ok(Block {
            mark: Mark::new(record.name.clone(), number, since),
            record,
            is_published: AtomicBool::new(false),
        })
    }

    /// Publishes a text with a single write, as far as there is room.
    pub(crate) fn publish(&self, text: String) -> io::Result<()> {
        self.is_published.store(true, Ordering::Relaxed);
        self.record.write(self.mark.block(), &fitted(text))
    }

    /// Publishes a text with a reclaim line. Fails once the exiting process has removed its record.
    pub(crate) fn publish_reclaim(&self, text: String) -> io::Result<()> {
        let is_removed = lock(&self.record.is_removed);
        if *is_removed {
            return Err(io::Error::other("the process is exiting"));
        }
        self.publish(text)
    }

    /// Clears what was published.
    pub(crate) fn clear(&self) {
        if self.is_published.swap(false, Ordering::Relaxed) {
            let _ = os::write_at(&self.record.file, b"-", offset(self.mark.block()));
        }
    }

    /// How other processes find the block.
    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The descriptor that must stay open for this process to count as alive.
    pub(crate) fn kept(&self) -> Option<Kept> {
        os::process::kept(&self.record.file)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.clear();
        lock(&self.record.blocks).taken[self.mark.block()] = false;
    }
}
