//! The entry of a test or guard in the record of its process.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::{Record, lock, now, offset, record};
use crate::error::Error;
use crate::location::Site;
use crate::lock::{Code, Want};
use crate::name::Name;
use crate::os;
use crate::os::process::Kept;
use crate::store::mark::{Mark, Tie};

/// Publishes a running test and its locks in the record until it is dropped.
///
/// Waiters read it to name the holder, and to find holders of a lock file that was replaced. A failure
/// to write it, for example on a full disk, does not fail the test.
#[must_use = "what a test is doing is said only while this lives"]
pub(crate) struct Activity {
    record: Arc<Record>,
    block: usize,
    name: Name,
    site: Site,
    since: u64,
    tie: Option<Tie>,
    held: Mutex<Vec<Published>>,
    /// Whether the block says something.
    is_said: AtomicBool,
}

/// A lock that is held.
struct Published {
    want: Want,
    /// Since when, if that is not the time at which the activity began.
    since: Option<u64>,
}

impl fmt::Display for Published {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(since) = self.since {
            write!(formatter, "{since} ")?;
        }
        if let Some(test) = self.want.within() {
            write!(formatter, "within {test} ")?;
        }
        Code(self.want).fmt(formatter)
    }
}

/// Values, each on a line of its own.
struct Lines<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Lines<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for value in self.0 {
            writeln!(formatter, "{value}")?;
        }
        Ok(())
    }
}

impl Activity {
    /// Takes a block of the record of this process for something that stands at this place, and says
    /// nothing yet.
    pub(crate) fn begin(name: Name, site: Site, tie: Option<Tie>) -> Result<Self, Error> {
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
            held.push(Published {
                want: *want,
                since: None,
            });
        }
        self.say(&held);
    }

    /// Publishes a lock that is held from now on.
    pub(crate) fn add_now(&self, want: Want) {
        let mut held = lock(&self.held);
        held.push(Published {
            want,
            since: Some(now()),
        });
        self.say(&held);
    }

    /// Takes back that locks are held.
    pub(crate) fn take_back(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            if let Some(at) = held.iter().rposition(|other| other.want == *want) {
                held.remove(at);
            }
        }
        self.say(&held);
    }

    /// Writes what is known into the record, as far as there is room.
    fn say(&self, held: &[Published]) {
        let Site {
            package,
            file,
            line,
        } = self.site;
        let (since, name, package) = (self.since, self.name(), package.unwrap_or_default());
        let (tie, held) = (Lines(self.tie.as_slice()), Lines(held));
        let text = format!("+{since} {name}\t{package}\t{file}:{line}\n{tie}{held}");
        self.is_said.store(true, Ordering::Relaxed);
        let _ = self.record.write(self.block, text);
    }

    /// Takes back what was said.
    pub(crate) fn hush(&self) {
        if self.is_said.swap(false, Ordering::Relaxed) {
            let _ = os::write_at(&self.record.file, b"-", offset(self.block));
        }
    }

    /// Returns the name of what is running.
    pub(crate) fn name(&self) -> &str {
        self.name.full()
    }

    /// Returns where in the code the locks are asked for.
    pub(crate) fn site(&self) -> Site {
        self.site
    }

    /// Returns what must stay open while a process of the test lives: this process counts as alive
    /// until then.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        os::process::kept(&self.record.file).into_iter().collect()
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
