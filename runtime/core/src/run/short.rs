//! The end of a short backtrace: between our frames and those of the test.
//!
//! The standard library prints only the frames inside a function whose name contains
//! `__rust_begin_short_backtrace`. libtest has such a function too, around ours. Ours must not be
//! inlined, and each does something after the call, because a tail call would leave no frame.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::run::cx::Cx;

/// Calls a body that can be called repeatedly.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_of_body(
    body: &mut dyn FnMut(&Cx) -> bool,
    cx: &Cx,
) -> bool {
    black_box(body(cx))
}

/// Calls a function without parameters.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_of_function<R>(body: fn() -> R) -> R {
    let value = body();
    black_box(());
    value
}

/// Calls a body that can be called only once.
#[inline(never)]
pub(crate) fn __rust_begin_short_backtrace_once<R>(body: impl FnOnce(&Cx) -> R, cx: &Cx) -> R {
    let value = body(cx);
    black_box(());
    value
}

/// Polls an asynchronous body to completion.
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
