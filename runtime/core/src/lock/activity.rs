//! The block of a test or guard in the record of its process.

use std::fmt::Write as _;
use std::sync::Mutex;

use super::Want;
use crate::error::Error;
use crate::location::Site;
use crate::mutex::lock;
use crate::name::Name;
use crate::os::process::Kept;
use crate::state::mark::{Mark, Tie};
use crate::state::record::{Block, now};

/// Publishes a running test or guard and its locks in the record until it is dropped.
///
/// Waiters read it to name the holder, and to find holders of a lock file that was replaced. A
/// failure to write it, for example on a full disk, does not fail the test.
#[must_use = "the activity is published only while this lives"]
pub(crate) struct Activity {
    block: Block,
    name: Name,
    site: Site,
    tie: Option<Tie>,
    held: Mutex<Vec<Published>>,
}

/// A held lock, as published.
struct Published {
    want: Want,
    /// When the lock was acquired, unless it is held from the beginning of the activity.
    since: Option<u64>,
}

impl Published {
    /// Adds the line of the lock.
    fn push(&self, text: &mut String) {
        if let Some(since) = self.since {
            let _ = write!(text, "{since} ");
        }
        if let Some(test) = self.want.within() {
            let _ = write!(text, "within {test} ");
        }
        self.want.push_code(text);
        text.push('\n');
    }
}

impl Activity {
    /// Begins the activity of a test or guard at `site`, without publishing anything.
    pub(crate) fn begin(name: Name, site: Site, tie: Option<Tie>) -> Result<Self, Error> {
        Ok(Activity {
            block: Block::take()?,
            name,
            site,
            tie,
            held: Mutex::default(),
        })
    }

    /// Publishes locks that are held from the beginning of the activity, with a single write.
    ///
    /// This must happen before the last check of the lock files: see [`file`](crate::lock::file).
    pub(crate) fn add(&self, wants: &[Want]) {
        self.add_since(wants, None);
    }

    /// Publishes a lock that is held from now on.
    pub(crate) fn add_now(&self, want: Want) {
        self.add_since(&[want], Some(now()));
    }

    fn add_since(&self, wants: &[Want], since: Option<u64>) {
        let mut held = lock(&self.held);
        for want in wants {
            held.push(Published { want: *want, since });
        }
        self.publish(&held);
    }

    /// Retracts published locks.
    pub(crate) fn retract(&self, wants: &[Want]) {
        let mut held = lock(&self.held);
        for want in wants {
            if let Some(at) = held.iter().rposition(|other| other.want == *want) {
                held.remove(at);
            }
        }
        self.publish(&held);
    }

    fn publish(&self, held: &[Published]) {
        let Site {
            package,
            file,
            line,
        } = self.site;
        let (since, name) = (self.block.mark().since(), self.name());
        let package = package.unwrap_or_default();
        let mut text = format!("+{since} {name}\t{package}\t{file}:{line}\n");
        if let Some(tie) = &self.tie {
            let _ = writeln!(text, "{tie}");
        }
        for held in held {
            held.push(&mut text);
        }
        self.block.publish(text);
    }

    /// Clears everything that was published.
    pub(crate) fn clear(&self) {
        self.block.clear();
    }

    /// The name of the test or guard.
    pub(crate) fn name(&self) -> &str {
        self.name.full()
    }

    /// Where in the code the locks are requested.
    pub(crate) fn site(&self) -> Site {
        self.site
    }

    /// Descriptors that must stay open while a subprocess of the test lives, so that this process counts as
    /// alive until then.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        self.block.kept().into_iter().collect()
    }

    /// How other processes find the block.
    pub(crate) fn mark(&self) -> Mark {
        self.block.mark().clone()
    }
}
