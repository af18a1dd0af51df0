//! Things that a resource creates outside of its process.

use std::sync::Weak;

use super::context::TestHandle;
use super::remote::{Ask, Call};
use crate::error::{BoxError, Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::state::{reclaim, record};

/// A kind of thing outside of the test's process and directories that must not outlive a crash: a
/// database, a container, a queue of a message broker.
///
/// A [`Resource`](crate::Resource) that creates such a thing removes it in `release`. That does not
/// run when the process is killed. So before it creates the thing, it calls
/// [`reclaim_after_crash`](crate::TestHandle::reclaim_after_crash), and a later process removes what
/// is left.
///
/// # Examples
///
/// ```
/// use isolated_test::{BoxError, Current, Outcome, Reclaim, Resource};
///
/// # fn create_database(_: &str) -> Result<(), BoxError> { Ok(()) }
/// # fn drop_database_if_exists(_: &str) -> Result<(), BoxError> { Ok(()) }
/// struct Database(String);
///
/// impl Reclaim for Database {
///     const KIND: &'static str = "shop-database";
///
///     fn reclaim(name: &str) -> Result<(), BoxError> {
///         drop_database_if_exists(name)
///     }
/// }
///
/// impl Resource for Database {
///     type Handle = String;
///
///     fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
///         self.0 = format!("shop_{}", test.namespace());
///         test.reclaim_after_crash::<Database>(&self.0)?;
///         create_database(&self.0)?;
///         Ok(self.0.clone())
///     }
///
///     fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
///         drop_database_if_exists(&self.0)
///     }
/// }
/// ```
pub trait Reclaim {
    /// The name of the kind, a word that no other kind on the machine has. It is written into
    /// records, so other builds of the same tests must know it too.
    const KIND: &'static str;

    /// Removes the thing that a dead process has described by this text.
    ///
    /// Succeeds if the thing was never created or is gone already. It may be called again for the
    /// same text, and while no test runs.
    ///
    /// # Errors
    ///
    /// After an error or a panic, which is printed, a later process tries again.
    fn reclaim(text: &str) -> Result<(), BoxError>;
}

/// Where the record of a test is written.
pub(crate) enum Recorder {
    /// In this process, while the test runs.
    Here(Weak<Activity>),
    /// In the parent of this process.
    Parent(Ask),
}

impl TestHandle {
    /// Records, before a resource creates something outside of this process, that it must be removed
    /// if the process dies.
    ///
    /// Call this first, with a text from which [`Reclaim::reclaim`] can find the thing, and create
    /// the thing only if this succeeds. When the test ends, the entry goes with it: removing the
    /// thing then is up to [`Resource::release`](crate::Resource::release).
    ///
    /// # When the process dies
    ///
    /// The first process that calls this for the same kind of thing, on the same machine and with
    /// the same state directory, calls [`Reclaim::reclaim`] with the text. Until then the entry
    /// stays.
    ///
    /// # Errors
    ///
    /// Fails if the entry could not be written: the test is over, the disk is full, or the entries
    /// of the test need more than about 800 bytes. Also fails if the text has more than one line.
    pub fn reclaim_after_crash<R: Reclaim>(&self, text: &str) -> Result<(), Error> {
        record::register(R::KIND, R::reclaim)?;
        let fail = |reason: String| {
            let action = format!("record the {} to reclaim after a crash", R::KIND);
            Error::new(ErrorKind::State, action).because(reason)
        };
        let line = reclaim::line(R::KIND, text);
        let line = line.ok_or_else(|| fail("the kind is no word, or the text no line".into()))?;
        match self.recorder() {
            Recorder::Here(activity) => match activity.upgrade() {
                Some(activity) => activity.reclaim(line),
                None => Err(fail("the test is over".into())),
            },
            Recorder::Parent(ask) => ask(Call::Reclaim { line }).map_err(fail),
        }
    }
}
