//! The block of a test or guard in the record of its process.

use std::fmt::Write as _;
use std::io;
use std::sync::Mutex;

use super::Want;
use crate::error::{Error, ErrorKind};
use crate::location::Site;
use crate::mutex::lock;
use crate::name::Name;
use crate::os::process::Kept;
use crate::state::block::BLOCK;
use crate::state::mark::{Mark, Tie};
use crate::state::record::{Block, now};

/// More bytes than the line has that ties a test to another one.
const TIE: usize = 64;

/// The beginning of the line about a wait.
pub(super) const WAITS: &str = "waits ";

/// The beginning of the line about the item of a pool, below that of its lock.
pub(super) const ITEM: &str = "item ";

/// The most characters of an item in a record, which has little room. People read them.
const ITEM_CHARS: usize = 40;

/// Publishes a running test or guard and its locks in the record until it is dropped.
///
/// Waiters read it to name the holder, and to find holders of a lock file that was replaced.
#[must_use = "the activity is published only while this lives"]
pub(crate) struct Activity {
    block: Block,
    name: Name,
    site: Site,
    tie: Option<Tie>,
    published: Mutex<Content>,
}

/// The content of the block below its first lines.
#[derive(Default)]
struct Content {
    /// Things that another process must remove if this one dies.
    reclaim: Vec<String>,
    held: Vec<Published>,
    /// A lock for which it has waited for some time, and since when.
    waits: Option<(Want, u64)>,
}

/// A held lock, as published.
struct Published {
    want: Want,
    /// When the lock was acquired, unless it is held from the beginning of the activity.
    since: Option<u64>,
    /// The item that is held, if the lock is a pool.
    item: Option<&'static str>,
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
        if let Some(item) = self.item {
            text.push_str(ITEM);
            text.extend(item.chars().take(ITEM_CHARS));
            text.push('\n');
        }
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
            published: Mutex::default(),
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
        let mut published = lock(&self.published);
        for want in wants {
            published.held.push(Published {
                want: *want,
                since,
                item: None,
            });
            published.waits.take_if(|(waits, _)| waits == want);
        }
        self.publish(&published);
    }

    /// Publishes which item of a published pool is held.
    pub(crate) fn add_item(&self, pool: Want, item: Option<&'static str>) {
        let mut published = lock(&self.published);
        let mut held = published.held.iter_mut();
        if let Some(held) = held.rfind(|held| held.want == pool) {
            held.item = item;
        }
        self.publish(&published);
    }

    /// Publishes for which lock it waits, and since when. `None` when the wait has ended.
    pub(crate) fn wait(&self, waits: Option<(Want, u64)>) {
        let mut published = lock(&self.published);
        if published.waits != waits {
            published.waits = waits;
            self.publish(&published);
        }
    }

    /// Retracts published locks.
    pub(crate) fn retract(&self, wants: &[Want]) {
        let mut published = lock(&self.published);
        for want in wants {
            let held = &mut published.held;
            if let Some(at) = held.iter().rposition(|other| other.want == *want) {
                held.remove(at);
            }
        }
        self.publish(&published);
    }

    /// Publishes what another process must remove if this one dies. An error means that it was not
    /// written, so that nothing may be created.
    pub(crate) fn reclaim(&self, line: String) -> Result<(), Error> {
        let fail = |reason: io::Error| {
            Error::new(ErrorKind::State, "record what to reclaim after a crash").because(reason)
        };
        let mut published = lock(&self.published);
        published.reclaim.push(line);
        let text = self.text(&published);
        // Lines about locks come last, and may be cut off.
        let needed = published
            .reclaim
            .iter()
            .map(|line| line.len() + 1)
            .sum::<usize>();
        let first = text.find('\n').map_or(text.len(), |end| end + 1);
        let result = if first + TIE + needed > BLOCK {
            Err(io::Error::other(
                "the record of the test has no room for it",
            ))
        } else {
            self.block.publish_reclaim(text)
        };
        if result.is_err() {
            published.reclaim.pop();
        }
        result.map_err(fail)
    }

    /// A failure to write locks, for example on a full disk, does not fail the test.
    fn publish(&self, content: &Content) {
        let _ = self.block.publish(self.text(content));
    }

    fn text(&self, content: &Content) -> String {
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
        for line in &content.reclaim {
            text.push_str(line);
            text.push('\n');
        }
        for held in &content.held {
            held.push(&mut text);
        }
        if let Some((want, since)) = content.waits {
            text.push_str(WAITS);
            let since = Some(since);
            let item = None;
            Published { want, since, item }.push(&mut text);
        }
        text
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
