//! Where a short backtrace ends: between our frames and those of the test.
//!
//! The standard library prints the frames inside of a function with this in its name, and none
//! outside of it; libtest has one as well, around ours. None of these may be inlined, and something has
//! to follow the call, or it would be no frame.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::run::cx::Cx;

/// Calls a body that can be called again.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_of_body(
    body: &mut dyn FnMut(&Cx) -> bool,
    cx: &Cx,
) -> bool {
    black_box(body(cx))
}

/// Calls a body that is a function without parameters.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_of_function<R>(body: fn() -> R) -> R {
    let value = body();
    black_box(());
    value
}

/// Calls a body that can be called once.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_once<R>(body: impl FnOnce(&Cx) -> R, cx: &Cx) -> R {
    let value = body(cx);
    black_box(());
    value
}

/// Polls an asynchronous body to its end.
pub(crate) async fn poll_short<F: Future>(body: F) -> F::Output {
    let mut body = pin!(body);
    poll_fn(|context| __rust_begin_short_backtrace_of_poll(body.as_mut(), context)).await
}

#[inline(never)]
fn __rust_begin_short_backtrace_of_poll<F: Future>(
    body: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<F::Output> {
    let value = body.poll(context);
    black_box(());
    value
}
