//! Entry points of a test: synchronous and asynchronous, with and without a value.

use std::any::type_name;
use std::panic::resume_unwind;
use std::process::{ExitCode, Termination};

use crate::report;
use crate::resource::custom::Custom;
use crate::run::attempts::{self, Calls};
use crate::run::context::try_current;
use crate::run::cx::Cx;
use crate::run::driver::{Test, poll_inside, run_inside};
use crate::run::naming;
use crate::run::session::Session;
use crate::run::short::{self, poll_short};
use crate::run::spec::Spec;
use crate::run::verdict::Verdict;

/// Runs a test whose body returns whether it passed. Not generic, so each test adds little code.
pub fn run_plain(spec: &'static Spec, own: &mut [Custom<'_>], body: &mut dyn FnMut(&Cx) -> bool) {
    Test::find(spec, own, None, Calls::Often).run(body);
}

/// Runs a test function without parameters.
pub fn run_function<R: Termination>(spec: &'static Spec, own: &mut [Custom<'_>], body: fn() -> R) {
    run_plain(spec, own, &mut |_| {
        passed(short::__rust_begin_short_backtrace_of_function(body))
    });
}

/// Runs a test whose body can be called only once.
pub fn run<R: Termination>(
    spec: &'static Spec,
    own: &mut [Custom<'_>],
    body: impl FnOnce(&Cx) -> R,
) {
    let mut body = Some(body);
    Test::find(spec, own, None, Calls::Once).run(&mut |cx| call_once(&mut body, cx));
}

/// Calls a body that can be called only once, and returns whether it passed.
pub(crate) fn call_once<R: Termination>(body: &mut Option<impl FnOnce(&Cx) -> R>, cx: &Cx) -> bool {
    body.take()
        .is_some_and(|body| passed(short::__rust_begin_short_backtrace_once(body, cx)))
}

/// Runs a test whose value the test attribute judges itself.
///
/// # Panics
///
/// Panics when the test cannot begin or its body panics, because then there is no value to return,
/// and when a resource cannot be released.
pub fn run_returning<T>(
    spec: &'static Spec,
    own: &mut [Custom<'_>],
    body: impl FnOnce(&Cx) -> T,
) -> T {
    let (mut body, mut value) = (Some(body), None);
    let verdict = begin_returning(spec, own).map(|session| {
        let end = run_inside(session.cx(), &mut |cx| {
            let body = body.take();
            value = body.map(|body| short::__rust_begin_short_backtrace_once(body, cx));
            true
        });
        session.finish(end)
    });
    verdict.unwrap_or_else(|verdict| verdict).conclude(spec);
    value.unwrap_or_else(|| without_value())
}

/// Runs an asynchronous test whose body can be called only once.
pub async fn run_async<R: Termination>(
    spec: &'static Spec,
    own: &mut [Custom<'_>],
    body: impl AsyncFnOnce(&Cx) -> R,
) {
    Test::find(spec, own, None, Calls::Once)
        .run_async(once(body))
        .await;
}

/// Runs an asynchronous test inside another test attribute, because an argument of `#[isolated]`
/// uses a parameter that the other attribute fills.
pub async fn run_async_inside<R: Termination>(
    spec: &'static Spec,
    own: &mut [Custom<'_>],
    body: impl AsyncFnOnce(&Cx) -> R,
) {
    const WHY: &str = "an expression uses a parameter that this attribute fills";

    if try_current().is_none() {
        report::not_around(naming::of(spec).full(), WHY);
    }
    run_async(spec, own, body).await;
}

/// Adapts a body that can be called only once to callers that may call again. A second call fails.
pub(crate) fn once<R: Termination>(
    body: impl AsyncFnOnce(&Cx) -> R,
) -> impl AsyncFnMut(&Cx) -> bool {
    let mut body = Some(body);
    async move |cx: &Cx| match body.take() {
        Some(body) => passed(poll_short(body(cx)).await),
        None => false,
    }
}

/// Runs an asynchronous test whose value the test attribute judges itself.
///
/// # Panics
///
/// Panics when the test cannot begin or its body panics, because then there is no value to return,
/// and when a resource cannot be released.
pub async fn run_returning_async<T>(
    spec: &'static Spec,
    own: &mut [Custom<'_>],
    body: impl AsyncFnOnce(&Cx) -> T,
) -> T {
    let mut value = None;
    let verdict = match begin_returning(spec, own) {
        Err(verdict) => verdict,
        Ok(session) => {
            let future = async {
                value = Some(poll_short(body(session.cx())).await);
                true
            };
            let end = poll_inside(session.cx().current(), Box::pin(future)).await;
            session.finish(end)
        }
    };
    verdict.conclude(spec);
    value.unwrap_or_else(|| without_value())
}

fn begin_returning<'a>(
    spec: &'static Spec,
    own: &mut [Custom<'a>],
) -> Result<Box<Session<'a>>, Verdict> {
    let name = naming::of(spec);
    attempts::runs_once(&name);
    Session::begin(spec, name, own, &[], false)
}

/// Whether the test runner would accept the value of a test. `Termination` prints an `Err`.
pub fn passed<R: Termination>(value: R) -> bool {
    let code = value.report();
    let passed = code == ExitCode::SUCCESS;
    // `Termination` has printed an `Err`, whose code is always 1. A bare code prints nothing.
    let is_bare = type_name::<R>() == type_name::<ExitCode>();
    if !passed && (is_bare || code != ExitCode::FAILURE) {
        if let Some(test) = try_current() {
            report::returned(test.name(), number_of(code));
        }
    }
    passed
}

/// The number of an exit code. `ExitCode` reveals it only by comparison.
fn number_of(code: ExitCode) -> Option<u8> {
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == code)
}

fn without_value() -> ! {
    resume_unwind(Box::new(
        "the test has no value, because it could not begin",
    ))
}
