//! The ways into a test: synchronous and asynchronous, with and without a value.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::{ExitCode, Termination};
use std::task::{Context, Poll};

use crate::__private::Cx;
use crate::current::Current;
use crate::resource::own::Own;
use crate::session::{End, Session};
use crate::spec::Spec;

/// Runs a test whose body judges itself. It is not generic, so that each test adds little code.
pub fn run_plain(spec: &'static Spec, own: &mut [Own<'_>], body: &mut dyn FnMut(&Cx) -> bool) {
    run_once(spec, own, body);
}

/// Runs a test whose body can be called only once.
pub fn run<R: Termination>(spec: &'static Spec, own: &mut [Own<'_>], body: impl FnOnce(&Cx) -> R) {
    let mut body = Some(body);
    run_once(spec, own, &mut |cx| match body.take() {
        Some(body) => passed(body(cx)),
        None => false,
    });
}

/// Runs a test whose value the test attribute judges itself.
///
/// # Panics
///
/// Panics when the test could not begin or end, because there is no value to return then.
pub fn run_returning<T>(
    spec: &'static Spec,
    own: &mut [Own<'_>],
    body: impl FnOnce(&Cx) -> T,
) -> T {
    let (mut body, mut value) = (Some(body), None);
    run_once(spec, own, &mut |cx| {
        value = body.take().map(|body| body(cx));
        true
    });
    value.unwrap_or_else(|| without_value())
}

/// Runs an asynchronous test.
pub async fn run_async<R: Termination>(
    spec: &'static Spec,
    own: &mut [Own<'_>],
    body: impl AsyncFnOnce(&Cx) -> R,
) {
    let Some(session) = Session::begin(spec, own, &[], false) else {
        return;
    };
    let future = async { passed(body(session.cx()).await) };
    let end = poll_inside(session.cx(), Box::pin(future)).await;
    session.finish(end);
}

/// Runs an asynchronous test whose body can be called again.
pub async fn run_plain_async<R: Termination>(
    spec: &'static Spec,
    own: &mut [Own<'_>],
    mut body: impl AsyncFnMut(&Cx) -> R,
) {
    run_async(spec, own, async |cx: &Cx| body(cx).await).await;
}

/// Runs an asynchronous test whose value the test attribute judges itself.
///
/// # Panics
///
/// Panics when the test could not begin or end, because there is no value to return then.
pub async fn run_returning_async<T>(
    spec: &'static Spec,
    own: &mut [Own<'_>],
    body: impl AsyncFnOnce(&Cx) -> T,
) -> T {
    let mut value = None;
    if let Some(session) = Session::begin(spec, own, &[], false) {
        let future = async {
            value = Some(body(session.cx()).await);
            true
        };
        let end = poll_inside(session.cx(), Box::pin(future)).await;
        session.finish(end);
    }
    value.unwrap_or_else(|| without_value())
}

/// Judges the value of a test as the test runner would; an error is printed by its `Termination`.
pub fn passed<R: Termination>(value: R) -> bool {
    value.report() == ExitCode::SUCCESS
}

fn without_value() -> ! {
    resume_unwind(Box::new(
        "the test has no value, because it could not begin",
    ))
}

/// Runs a synchronous body once.
fn run_once(spec: &'static Spec, own: &mut [Own<'_>], body: &mut dyn FnMut(&Cx) -> bool) {
    let Some(session) = Session::begin(spec, own, &[], false) else {
        return;
    };
    let end = run_inside(session.cx(), body);
    session.finish(end);
}

/// Calls a synchronous body inside the test, catching its panic.
pub(crate) fn run_inside(cx: &Cx, body: &mut dyn FnMut(&Cx) -> bool) -> End {
    let _entered = cx.current().enter_thread();
    End::of(catch_unwind(AssertUnwindSafe(|| body(cx))))
}

/// Polls the body of an asynchronous test, each time inside the test and catching its panics.
pub(crate) async fn poll_inside(cx: &Cx, future: Pin<Box<dyn Future<Output = bool> + '_>>) -> End {
    struct Inside<'a> {
        current: &'a Current,
        future: Pin<Box<dyn Future<Output = bool> + 'a>>,
    }

    impl Future for Inside<'_> {
        type Output = End;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
            let _entered = self.current.enter_thread();
            match catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(passed)) => Poll::Ready(End::of(Ok(passed))),
                Err(payload) => Poll::Ready(End::of(Err(payload))),
            }
        }
    }

    Inside {
        current: cx.current(),
        future,
    }
    .await
}
