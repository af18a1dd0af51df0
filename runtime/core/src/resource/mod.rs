//! The resources of tests, and the trait for custom ones.

pub(crate) mod asynchronous;
pub(crate) mod bind;
pub(crate) mod body;
#[cfg(feature = "clock")]
pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod current;
pub(crate) mod custom;
mod fence;
pub(crate) mod namespace;
pub(crate) mod port;
pub(crate) mod reclaim;
pub(crate) mod remote;
pub(crate) mod request;
pub(crate) mod seed;
pub(crate) mod should_panic;
pub(crate) mod skip;
#[cfg(feature = "tempfile")]
mod tempfile;
pub(crate) mod tmpdir;
#[cfg(feature = "tokio")]
mod tokio;
pub(crate) mod transfer;
pub(crate) mod value;

use crate::error::BoxError;
use crate::resource::current::Current;

pub use asynchronous::AsyncResource;
pub use skip::Skip;
pub use transfer::Transfer;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The test passed, possibly with the panic that `#[should_panic]` expects.
    Passed,
    /// The test failed, or did not begin because something could not be provisioned.
    Failed,
}

/// A custom resource that a test needs for itself: a database, a server, a repository.
///
/// `#[isolated(db = Expr)]` accepts any expression whose type implements this trait. Before the
/// test, the expression is evaluated and the value provisioned, in the order of the resources in
/// the attribute. After the test, resources are released in reverse order, whatever the outcome.
/// The test gets the handle: a parameter `db: &Handle` or `db: &mut Handle` borrows it, `db: Handle`
/// takes it by value.
///
/// The test already holds its locks when [`provision`](Resource::provision) is called, and still
/// holds them when [`release`](Resource::release) is called. A resource that needs a further lock
/// in these methods uses an [internal](crate::Key::internal) key: waiting for any other key is
/// refused.
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::{BoxError, Current, Outcome, Resource, isolated};
///
/// /// A directory that looks like a repository.
/// struct Repository {
///     branch: &'static str,
/// }
///
/// impl Resource for Repository {
///     type Handle = std::path::PathBuf;
///
///     fn provision(&mut self, test: &Current) -> Result<Self::Handle, BoxError> {
///         let root = test.tmpdir().join("repository");
///         std::fs::create_dir(&root)?;
///         std::fs::write(root.join("HEAD"), self.branch)?;
///         Ok(root)
///     }
///
///     fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
///         // The temporary directory takes the files with it.
///         assert_eq!(outcome, Outcome::Passed);
///         Ok(())
///     }
/// }
///
/// #[isolated(tmpdir, repository = Repository { branch: "main" })]
/// #[test]
/// fn reads_the_branch(repository: &std::path::PathBuf) -> std::io::Result<()> {
///     assert_eq!(std::fs::read_to_string(repository.join("HEAD"))?, "main");
///     Ok(())
/// }
/// ```
///
/// # When the process dies
///
/// [`release`](Resource::release) is not called. Prefer things that disappear with the process or
/// with the temporary directory: a child that exits when its standard input closes, a file in
/// [`tmpdir`](crate::TestHandle::tmpdir). A name from [`namespace`](crate::TestHandle::namespace) is safe
/// to leave behind, because it is never used again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "expected a value of a type that implements `isolated_test::Resource`",
    note = "implement `isolated_test::Resource` for `{Self}` to say how it is provisioned and released",
    note = "write `name = awaited(...)` if it implements `isolated_test::AsyncResource`"
)]
pub trait Resource {
    /// The handle that the test gets.
    type Handle: 'static;

    /// Provisions the resource and returns its handle.
    ///
    /// `test` provides the name of the test and every resource that precedes this one in the
    /// attribute.
    ///
    /// # Errors
    ///
    /// An error fails the test before its body begins; the failure shows the error with all its
    /// sources. A [`Skip`] skips the test instead. [`release`](Resource::release) is not called.
    fn provision(&mut self, test: &Current) -> Result<Self::Handle, BoxError>;

    /// Releases everything that [`provision`](Resource::provision) acquired.
    ///
    /// The handle has already been dropped, unless the test leaked it.
    /// [`current`](crate::current()) still works, for the ports, directories, namespaces and seeds
    /// that precede this resource in the attribute.
    ///
    /// # Errors
    ///
    /// An error fails a test that passed; the failure shows the error with all its sources.
    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let _ = outcome;
        Ok(())
    }

    /// Defines how the handle reaches the subprocess of a test that runs in one.
    ///
    /// By default there is no transfer: the resource is provisioned in the subprocess and released
    /// there after the body has ended. If the subprocess dies, the resource is not released.
    ///
    /// With a transfer, the resource is provisioned and released in the parent, whatever happens to
    /// the test. It may then be named in `env(...)` and `cwd`.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{BoxError, Current, Resource, Transfer, isolated};
    ///
    /// /// A template file, made once by the parent.
    /// struct Templates;
    ///
    /// impl Resource for Templates {
    ///     type Handle = String;
    ///
    ///     fn provision(&mut self, test: &Current) -> Result<String, BoxError> {
    ///         let path = test.tmpdir().join("greeting.txt");
    ///         std::fs::write(&path, "hello")?;
    ///         Ok(path.display().to_string())
    ///     }
    ///
    ///     fn transfer() -> Transfer<String> {
    ///         Transfer::as_text()
    ///     }
    /// }
    ///
    /// #[isolated(tmpdir, templates = Templates, env(TEMPLATES = templates))]
    /// #[test]
    /// fn reads_the_variable(templates: &String) -> Result<(), BoxError> {
    ///     assert_eq!(&std::env::var("TEMPLATES")?, templates);
    ///     assert_eq!(std::fs::read_to_string(templates)?, "hello");
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    fn transfer() -> Transfer<Self::Handle>
    where
        Self: Sized,
    {
        Transfer::none()
    }

    /// Describes the provisioned resource on one line in the report of a failed test: an address, a
    /// path, a name.
    fn describe(&self) -> Option<String> {
        None
    }
}
