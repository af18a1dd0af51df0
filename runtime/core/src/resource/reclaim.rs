//! Things that a resource creates outside of its process.

use crate::error::BoxError;

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
