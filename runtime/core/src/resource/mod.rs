//! What tests are given, and the trait for resources of the user's own.

pub(crate) mod bind;
pub(crate) mod context;
pub(crate) mod custom;
pub(crate) mod namespace;
pub(crate) mod port;
pub(crate) mod remote;
pub(crate) mod request;
pub(crate) mod seed;
#[cfg(feature = "tempfile")]
mod tempfile;
pub(crate) mod tmpdir;
pub(crate) mod transfer;

use crate::error::{BoxError, Error, ErrorKind};
use crate::error::{Payload, panic_message};
use crate::resource::context::Current;

use request::Request;
pub use transfer::Transfer;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It passed, perhaps by panicking as `#[should_panic]` says.
    Passed,
    /// It failed, or did not even begin because something could not be provisioned.
    Failed,
}

/// Something that a test needs for itself: a database, a server, a repository.
///
/// `#[isolated(db = Expr)]` takes any expression whose type implements this trait. The value is
/// made and provisioned before the test, in the order in which the attribute names things, and
/// released after it in the reverse order, whatever happened. The test gets the handle: a parameter
/// `db: &Handle` borrows it, `db: Handle` takes it.
///
/// Locks are held already when [`provision`](Resource::provision) is called and still held when
/// [`release`](Resource::release) is. A resource that has to lock something itself meanwhile uses an
/// [internal](crate::Key::internal) key: waiting for another one is refused.
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
/// [`release`](Resource::release) is not called. Prefer what goes with the process, or with the
/// temporary directory: a child that ends when its standard input closes, a file in
/// [`tmpdir`](crate::Handle::tmpdir), a name from [`namespace`](crate::Handle::namespace) that
/// can never be met again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "expected a value of a type that implements `isolated_test::Resource`",
    note = "implement `isolated_test::Resource` for `{Self}` to say how it is provisioned and released"
)]
pub trait Resource {
    /// What the test gets.
    type Handle: 'static;

    /// Makes the thing ready.
    ///
    /// `test` tells the name of the test and reaches every resource that stands before this one in
    /// the attribute.
    ///
    /// # Errors
    ///
    /// An error fails the test, which then does not begin; the error is shown with all its sources.
    /// [`release`](Resource::release) is not called.
    fn provision(&mut self, test: &Current) -> Result<Self::Handle, BoxError>;

    /// Gives everything back. The handle has been dropped by then, unless the test has leaked it.
    /// [`current`](crate::current()) still answers, for ports, directories, namespaces and seeds that
    /// stand before this resource.
    ///
    /// # Errors
    ///
    /// An error fails a test that has passed; it is shown with all its sources.
    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let _ = outcome;
        Ok(())
    }

    /// Says how the handle gets into the process of a test that runs in one of its own.
    ///
    /// Without it, the resource is provisioned in that process, and released there when the body has
    /// ended; a test that dies does not release it. With it, the resource is provisioned and released
    /// in the parent, whatever becomes of the test, and may be named in `env(...)` and `cwd`.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness
    /// use isolated_test::{BoxError, Current, Resource, Transfer, isolated};
    ///
    /// /// A directory of templates, made once by the parent.
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

    /// Describes the provisioned resource in the report of a failed test, on one line: an address,
    /// a path, a name.
    fn describe(&self) -> Option<String> {
        None
    }
}

/// Turns what the user's code has returned or thrown into an error of ours.
pub(crate) fn attempt<T>(
    verb: &str,
    request: &Request,
    result: Result<Result<T, BoxError>, Payload>,
) -> Result<T, Error> {
    let cause = match result {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(cause)) => cause,
        Err(payload) => panic_message(&payload)
            .unwrap_or("it panicked")
            .to_owned()
            .into(),
    };
    Err(Error::new(
        ErrorKind::Resource,
        format!("{verb} the resource `{}`", request.name),
    )
    .because(cause))
}
