//! The entry points that generated wrappers call: they begin a test and run its body in each supported
//! form.

use std::any::type_name;
use std::panic::resume_unwind;
use std::process::{ExitCode, Termination};

use crate::report;
use crate::resource::custom::Custom;
use crate::run::attempts::Calls;
use crate::run::context::try_current;
use crate::run::cx::Cx;
use crate::run::driver::Driver;
use crate::run::naming;
use crate::run::process::surroundings::Surroundings;
use crate::run::short::{self, poll_short};
use crate::run::spec::Spec;

/// A test whose wrapper has been called.
#[must_use = "the test has not run yet"]
#[derive(Debug)]
pub struct Test<'t, 'a>(Driver<'t, 'a>);

/// Begins a test.
pub fn test<'t, 'a>(spec: &'static Spec, custom: &'t mut [Custom<'a>]) -> Test<'t, 'a> {
    Test(Driver::new(spec, custom))
}

/// Begins a test inside another test attribute, because an argument of `#[isolated]` uses a
/// parameter that the other attribute fills.
pub fn test_inside<'t, 'a>(spec: &'static Spec, custom: &'t mut [Custom<'a>]) -> Test<'t, 'a> {
    const WHY: &str = "an expression uses a parameter that this attribute fills";

    if try_current().is_none() {
        report::not_around(naming::of(spec).full(), WHY);
    }
    Test(Driver::new(spec, custom))
}

/// Begins a test with a subprocess. In the parent, it has already run when this returns, unless it
/// runs in place. So the body may move what the surroundings borrow.
pub fn prepare<'t, 'a>(
    spec: &'static Spec,
    custom: &'t mut [Custom<'a>],
    surround: &mut dyn FnMut(&Cx, &mut Surroundings),
) -> Test<'t, 'a> {
    let mut driver = Driver::new(spec, custom);
    driver.next(Calls::Once, &mut Some(surround));
    Test(driver)
}

impl Test<'_, '_> {
    /// Runs a test whose body returns whether it passed. Not generic, so each test adds little
    /// code.
    pub fn run_plain(self, body: &mut dyn FnMut(&Cx) -> bool) {
        self.0.run(Calls::Often, None, body);
    }

    /// Runs a test function without parameters.
    pub fn run_function<R: Termination>(self, body: fn() -> R) {
        self.run_plain(&mut |_| passed(short::__rust_begin_short_backtrace_of_function(body)));
    }

    /// Runs a test whose body can be called only once.
    pub fn run<R: Termination>(self, body: impl FnOnce(&Cx) -> R) {
        let mut body = Some(body);
        self.0.run(Calls::Once, None, &mut |cx| {
            let value = call_once(&mut body, cx);
            value.is_some_and(passed)
        });
    }

    /// Runs an asynchronous test.
    pub async fn run_async<R: Termination>(self, body: impl AsyncFnOnce(&Cx) -> R) {
        let mut body = Some(body);
        let body = async |cx: &Cx| match body.take() {
            Some(body) => passed(poll_short(body(cx)).await),
            None => false,
        };
        self.0.run_async(Calls::Once, None, body).await;
    }

    /// Runs a test whose value the test attribute judges itself.
    ///
    /// # Panics
    ///
    /// Panics when the test cannot begin or its body panics, because then there is no value to
    /// return, and when a resource cannot be released.
    pub fn run_returning<T>(self, body: impl FnOnce(&Cx) -> T) -> T {
        let (mut body, mut value) = (Some(body), None);
        self.0.once_in_place().run(Calls::Once, None, &mut |cx| {
            value = call_once(&mut body, cx);
            true
        });
        value.unwrap_or_else(|| without_value())
    }

    /// Runs an asynchronous test whose value the test attribute judges itself.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`run_returning`](Self::run_returning).
    pub async fn run_returning_async<T>(self, body: impl AsyncFnOnce(&Cx) -> T) -> T {
        let (mut body, mut value) = (Some(body), None);
        let store = async |cx: &Cx| {
            if let Some(body) = body.take() {
                value = Some(poll_short(body(cx)).await);
            }
            true
        };
        self.0
            .once_in_place()
            .run_async(Calls::Once, None, store)
            .await;
        value.unwrap_or_else(|| without_value())
    }
}

/// Calls a body that can be called only once. A second call returns nothing.
pub(crate) fn call_once<T>(body: &mut Option<impl FnOnce(&Cx) -> T>, cx: &Cx) -> Option<T> {
    let body = body.take()?;
    Some(short::__rust_begin_short_backtrace_once(body, cx))
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
