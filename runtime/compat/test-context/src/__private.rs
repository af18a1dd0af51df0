//! The items that generated code refers to.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

pub use isolated_compat::isolated_test;

use crate::{AsyncTestContext, TestContext};

/// Runs the body of a test between the setup and the teardown of its context.
///
/// # Panics
///
/// Panics if the setup, the body or the teardown does.
pub fn with<C: TestContext, T>(body: impl FnOnce(&mut C) -> T) -> T {
    let mut context = C::setup();
    let ended = catch_unwind(AssertUnwindSafe(|| body(&mut context)));
    context.teardown();
    value(ended)
}

/// [`with`], for an asynchronous test.
///
/// # Panics
///
/// Panics in the same cases.
pub async fn with_async<C: AsyncTestContext, T>(body: impl AsyncFnOnce(&mut C) -> T) -> T {
    let mut context = C::setup().await;
    let ended = {
        let mut body = pin!(body(&mut context));
        poll_fn(|waker| {
            let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(waker)));
            polled.map_or_else(|panic| Poll::Ready(Err(panic)), |polled| polled.map(Ok))
        })
        .await
    };
    context.teardown().await;
    value(ended)
}

/// [`with`], for a body that only reads the context.
///
/// # Panics
///
/// Panics in the same cases.
pub fn with_shared<C: TestContext, T>(body: impl FnOnce(&C) -> T) -> T {
    with(|context: &mut C| body(context))
}

/// [`with_async`], for a body that only reads the context.
///
/// # Panics
///
/// Panics in the same cases.
pub async fn with_shared_async<C: AsyncTestContext, T>(body: impl AsyncFnOnce(&C) -> T) -> T {
    with_async(async |context: &mut C| body(context).await).await
}

fn value<T>(ended: thread::Result<T>) -> T {
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}
