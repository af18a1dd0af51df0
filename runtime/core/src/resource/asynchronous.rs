//! The trait for custom resources that are provisioned and released in the runtime of the test.

use std::future::{self, Future};

use super::Outcome;
use crate::error::BoxError;
use crate::resource::current::Current;

/// A [`Resource`](crate::Resource) whose methods can await.
///
/// `#[isolated(db = awaited(Expr))]` accepts any expression whose type implements this trait. The
/// test must be an `async fn`. When the body begins, the expression is evaluated and the value
/// provisioned, in the runtime of the test. So connections, pools and tasks that are made there work
/// in the body. When the body has ended, even by a panic, the resource is released, before that
/// runtime ends. The test gets the handle: a parameter `db: &Handle` or `db: &mut Handle` borrows
/// it, `db: Handle` takes it by value.
///
/// All locks of the test are held, and all other resources of its attribute are ready. Asynchronous
/// resources and
/// [values](https://github.com/isolated-test/isolated-test/blob/main/docs/guide/arguments.md#value)
/// are made in the order in which the attribute names them. The expression sees the resources and
/// the earlier values and handles by their names, and may use `?` and `.await`. Everything is
/// dropped and released in reverse order. While a resource is provisioned or released, the test may
/// wait for [internal](crate::Key::internal) keys only, as for a [`Resource`](crate::Resource).
///
/// Only parameters and later expressions get the handle. [`Current::resource`] and
/// [`TestHandle::get`](crate::TestHandle::get) do not return it.
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::{AsyncResource, BoxError, Current, Outcome, isolated};
/// use tokio::net::{TcpListener, TcpStream};
/// use tokio::task::JoinHandle;
///
/// /// A server that runs as a task of the test.
/// #[derive(Default)]
/// struct Server {
///     task: Option<JoinHandle<std::io::Result<()>>>,
/// }
///
/// impl AsyncResource for Server {
///     type Handle = std::net::SocketAddr;
///
///     async fn provision(&mut self, test: &Current) -> Result<Self::Handle, BoxError> {
///         let listener = TcpListener::bind(test.port().addr()).await?;
///         let address = listener.local_addr()?;
///         self.task = Some(tokio::spawn(async move {
///             loop {
///                 listener.accept().await?;
///             }
///         }));
///         Ok(address)
///     }
///
///     async fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
///         if let Some(task) = self.task.take() {
///             task.abort();
///             assert!(task.await.is_err_and(|error| error.is_cancelled()));
///         }
///         Ok(())
///     }
/// }
///
/// #[isolated(port, server = awaited(Server::default()))]
/// #[tokio::test]
/// async fn accepts(server: &std::net::SocketAddr) -> std::io::Result<()> {
///     TcpStream::connect(server).await?;
///     Ok(())
/// }
/// ```
///
/// # When the future is dropped
///
/// A test attribute may drop the future of the test, for example after a time limit. Then nothing
/// can be awaited, so [`release`](AsyncResource::release) is not called; the value is only dropped.
///
/// # When the process dies
///
/// Nothing is released or dropped. With `process`, the resource lives in the process of the
/// test. [`Resource`](crate::Resource) describes what to prefer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an asynchronous resource",
    label = "expected a value of a type that implements `isolated_test::AsyncResource`",
    note = "implement `isolated_test::AsyncResource` for `{Self}`, or write `name = ...` for a `Resource` and `name = value(...)` for any other value"
)]
pub trait AsyncResource {
    /// The handle that the test gets.
    type Handle: 'static;

    /// Provisions the resource and returns its handle.
    ///
    /// Write `async fn provision`. `test` provides the name of the test and all its resources but
    /// the asynchronous ones.
    ///
    /// # Errors
    ///
    /// An error fails the test before the function is called, even with `#[should_panic]`; the
    /// failure shows the error with all its sources. A [`Skip`](crate::Skip) skips the test instead.
    /// [`release`](AsyncResource::release) is not called.
    fn provision(&mut self, test: &Current)
    -> impl Future<Output = Result<Self::Handle, BoxError>>;

    /// Releases everything that [`provision`](AsyncResource::provision) acquired.
    ///
    /// Write `async fn release`. The handle has already been dropped, unless the test leaked it.
    /// [`current`](crate::current()) still works, for the same resources as in `provision`.
    ///
    /// `outcome` is that of the function. A panic is a failure unless `#[should_panic]` expects it; a
    /// returned `Err` or failing `ExitCode` always is one. A later verdict of another attribute is not
    /// known yet.
    ///
    /// # Errors
    ///
    /// An error or a panic fails a test that passed, even with `#[should_panic]`; the failure shows
    /// the error with all its sources.
    fn release(&mut self, outcome: Outcome) -> impl Future<Output = Result<(), BoxError>> {
        let _ = outcome;
        future::ready(Ok(()))
    }

    /// Describes the provisioned resource on one line in the report of a failed test: an address, a
    /// path, a name.
    fn describe(&self) -> Option<String> {
        None
    }
}
