//! The traits that contexts implement.

use std::future::Future;

/// A context for synchronous tests.
///
/// Every [`AsyncTestContext`] that is `Send` also implements this trait; the thread of the test blocks
/// on its futures.
pub trait TestContext: Sized {
    /// Creates the context. Runs once per test, inside the test, so
    /// [`current`](https://docs.rs/isolated-test) is available.
    ///
    /// A panic fails the test without a call to [`teardown`](TestContext::teardown).
    fn setup() -> Self;

    /// Cleans up after the body, whether the body returned or panicked.
    ///
    /// A panic fails the test. Does not run if the process dies.
    fn teardown(self) {}
}

/// A context for asynchronous tests.
pub trait AsyncTestContext: Sized {
    /// Creates the context; see [`TestContext::setup`].
    fn setup() -> impl Future<Output = Self> + Send;

    /// Cleans up; see [`TestContext::teardown`].
    ///
    /// Does not run if the test's future is dropped before it completes.
    fn teardown(self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

impl<C: AsyncTestContext + Send> TestContext for C {
    fn setup() -> Self {
        pollster::block_on(C::setup())
    }

    fn teardown(self) {
        pollster::block_on(AsyncTestContext::teardown(self));
    }
}
