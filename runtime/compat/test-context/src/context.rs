//! The traits by which tests get their contexts.

use std::future::Future;

/// A context of synchronous tests.
///
/// Every [`AsyncTestContext`] that is `Send` is one too: its futures are run to their end by the thread
/// of the test.
pub trait TestContext: Sized {
    /// Makes the context, once for each test, in the test: [`current`](https://docs.rs/isolated-test)
    /// is there.
    ///
    /// A panic fails the test, and [`teardown`](TestContext::teardown) is not called.
    fn setup() -> Self;

    /// Takes the context apart after the body, whether that has returned or panicked.
    ///
    /// A panic fails the test. When the process dies, nobody calls this.
    fn teardown(self) {}
}

/// A context of asynchronous tests.
pub trait AsyncTestContext: Sized {
    /// Makes the context; see [`TestContext::setup`].
    fn setup() -> impl Future<Output = Self> + Send;

    /// Takes the context apart; see [`TestContext::teardown`].
    ///
    /// If the future of the test is dropped before its end, nobody calls this.
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
