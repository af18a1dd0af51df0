//! A test that stands around everything its test attribute generates.
//!
//! Most test attributes build something around the body: a runtime, fixtures, a check of the
//! returned value. They also copy the attributes below them to the function that they generate. Our
//! hidden attribute travels that way, and the generated function becomes the body of [`around`].
//! So locks and resources are acquired before the runtime is built, and released after it is
//! dropped.
//!
//! The annotated function itself runs somewhere below `around`, and takes its parameters from
//! there: see [`inside`]. An attribute that drops the attributes below it leaves that function
//! without a test around it. Then the test is isolated inside the attribute, and a report names the
//! weaker order.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::pin::Pin;
use std::process::Termination;
use std::sync::Mutex;

use crate::mutex::lock;
use crate::report;
use crate::resource::body::BodyStage;
use crate::resource::context::TestHandle;
use crate::resource::current::Current;
use crate::resource::custom::Custom;
use crate::resource::request::Kind;
use crate::run::attempts::Calls;
use crate::run::context::try_current;
use crate::run::cx::Cx;
use crate::run::driver::{Driver, poll_inside};
use crate::run::end::End;
use crate::run::entry::{call_once, passed};
use crate::run::process::surroundings::Surroundings;
use crate::run::short::{self, poll_short};
use crate::run::spec::Spec;
use crate::run::verdict::fail;

/// One annotated test, as a static item beside it.
#[derive(Debug)]
pub struct Recipe {
    /// The requests of the test.
    pub spec: Spec,
    /// Wraps the expressions of custom resources.
    pub custom: fn() -> Vec<Custom<'static>>,
    /// Describes the subprocess.
    pub surround: fn(&Cx, &mut Surroundings),
}

/// The reason why a test is not isolated around its attribute.
const NOT_COPIED: &str = "it does not copy the attributes below it";

/// The custom resources of a test that has none.
#[must_use]
pub fn no_custom() -> Vec<Custom<'static>> {
    Vec::new()
}

/// The custom resources of a test, in source order.
#[must_use]
pub fn customs<const N: usize>(custom: [Custom<'static>; N]) -> Vec<Custom<'static>> {
    custom.into()
}

/// Runs a generated test with everything that its recipe asks for around it.
pub fn around<R: Termination>(recipe: &'static Recipe, test: fn() -> R) {
    isolate(recipe, &mut || passed(test()));
}

/// Runs a generated test that never returns.
pub fn around_never(recipe: &'static Recipe, test: fn() -> !) {
    isolate(recipe, &mut || test());
}

/// Isolates a generated test. Not generic, so each test adds little code.
fn isolate(recipe: &'static Recipe, test: &mut dyn FnMut() -> bool) {
    let spec = &recipe.spec;
    if current_of(spec).is_some() {
        // The attribute was copied to several functions, and one of them calls this one.
        if !test() {
            fail(spec, "the test returned a failure".to_owned());
        }
        return;
    }
    run_recipe(recipe, Calls::Often, &mut |cx| {
        let current = &cx.current;
        lock(&RUNNING).push(current.handle());
        let passed = finally(&mut *test, || {
            lock(&RUNNING).retain(|other| !other.is_same(current));
        });
        let is_abandoned = current.body().stage() == BodyStage::Running;
        if passed && is_abandoned {
            report::abandoned(current.name());
        }
        passed && !is_abandoned
    });
}

fn run_recipe(recipe: &'static Recipe, calls: Calls, body: &mut dyn FnMut(&Cx) -> bool) {
    let (mut custom, mut surround) = ((recipe.custom)(), recipe.surround);
    Driver::new(&recipe.spec, &mut custom).run(calls, Some(&mut surround), body);
}

/// Calls the annotated function with the resources of the test around it.
///
/// Without such a test this starts one. `no_value` replaces the value of a function that ran in a
/// subprocess.
///
/// # Panics
///
/// Panics when the test cannot begin, and when the function runs in another thread and cannot be
/// attributed to one test.
pub fn inside<T>(recipe: &'static Recipe, no_value: fn() -> T, body: impl FnOnce(&Cx) -> T) -> T {
    if let Some(current) = find(&recipe.spec) {
        let _entered = current.enter_thread();
        current.body().set_stage(BodyStage::Running);
        let cx = Cx::new(current.clone());
        let body = || short::__rust_begin_short_backtrace_once(body, &cx);
        return finally(body, || current.body().set_stage(BodyStage::Over));
    }
    let (mut body, mut value) = (Some(body), None);
    run_recipe(recipe, Calls::Once, &mut |cx| {
        report::not_around(cx.current.name(), NOT_COPIED);
        value = call_once(&mut body, cx);
        true
    });
    value.unwrap_or_else(no_value)
}

/// Polls the annotated asynchronous function with the resources of the test around it.
///
/// # Panics
///
/// Panics in the same cases as [`inside`].
pub async fn inside_async<T>(
    recipe: &'static Recipe,
    no_value: fn() -> T,
    body: impl AsyncFnOnce(&Cx) -> T,
) -> T {
    let (value, mut body) = (Cell::new(None), Some(body));
    poll_body(recipe, &mut |cx| {
        let (value, body) = (&value, body.take());
        Box::pin(async move {
            if let Some(body) = body {
                value.set(Some(poll_short(body(&cx)).await));
            }
        })
    })
    .await;
    value.into_inner().unwrap_or_else(no_value)
}

/// Polls the annotated function. Not generic, so each test adds little code.
async fn poll_body<'b>(
    recipe: &'static Recipe,
    body: &mut dyn FnMut(Cx) -> Pin<Box<dyn Future<Output = ()> + 'b>>,
) {
    if let Some(current) = find(&recipe.spec) {
        current.body().set_stage(BodyStage::Running);
        let future = body(Cx::new(current.clone()));
        let over = async {
            future.await;
            true
        };
        // Each poll enters the test, because another thread than the test's may poll.
        let end = poll_inside(&current, Box::pin(over)).await;
        // A future that is dropped earlier leaves the test in its body.
        current.body().set_stage(BodyStage::Over);
        if let End::Panicked(payload) = end {
            resume_unwind(payload);
        }
        return;
    }
    let (mut custom, mut surround) = ((recipe.custom)(), recipe.surround);
    Driver::new(&recipe.spec, &mut custom)
        .run_async(Calls::Once, Some(&mut surround), async |cx: &Cx| {
            report::not_around(cx.current.name(), NOT_COPIED);
            body(Cx::new(cx.current.clone())).await;
            true
        })
        .await;
}

/// Polls an annotated function whose return type the test attribute cannot name.
///
/// # Panics
///
/// Panics in the same cases as [`inside`], and when the value is a failure.
pub async fn judged_inside_async<R: Termination>(
    recipe: &'static Recipe,
    body: impl AsyncFnOnce(&Cx) -> R,
) {
    let passed = inside_async(recipe, || true, async |cx: &Cx| passed(body(cx).await)).await;
    if !passed {
        fail(&recipe.spec, "the test returned a failure".to_owned());
    }
}

/// Replaces a value that exists only in the test's subprocess.
///
/// # Panics
///
/// Always: there is no such value.
#[must_use]
pub fn no_value<T>() -> T {
    panic_any(
        "the value of the test is in its subprocess, because its test attribute does not copy the \
         attributes below it; return nothing from the function"
            .to_owned(),
    )
}

/// The running test of this thread, if it waits for the body with this specification.
fn current_of(spec: &Spec) -> Option<Current> {
    try_current()
        .filter(|current| spec.is_of(current) && current.body().stage() == BodyStage::Awaited)
}

/// The running test that waits for the body with this specification: this thread's, or else the
/// only one in other threads.
fn find(spec: &Spec) -> Option<Current> {
    if let Some(current) = current_of(spec) {
        return Some(current);
    }
    let mut elsewhere = lock(&RUNNING).clone();
    elsewhere.retain(|handle| spec.is_of(handle) && handle.body().stage() == BodyStage::Awaited);
    let [handle] = elsewhere.as_slice() else {
        assert!(
            elsewhere.is_empty(),
            "{} runs its body in another thread, and {} of its cases run at once; the body cannot tell \
             which one it is: run them one at a time, as nextest does",
            spec.function,
            elsewhere.len()
        );
        return None;
    };
    assert!(
        !spec
            .resources
            .iter()
            .any(|request| matches!(request.kind, Kind::Custom { .. })),
        "{} runs its body in another thread, which handles of custom resources cannot reach; remove \
         what moves it there",
        handle.name()
    );
    Some(Current::elsewhere(handle.clone()))
}

/// The running tests of this process that have another attribute between them and their body.
static RUNNING: Mutex<Vec<TestHandle>> = Mutex::new(Vec::new());

/// Calls `act`, and `finish` even if `act` panics: an attribute may catch the panic.
fn finally<T>(act: impl FnOnce() -> T, finish: impl FnOnce()) -> T {
    let value = catch_unwind(AssertUnwindSafe(act));
    finish();
    value.unwrap_or_else(|payload| resume_unwind(payload))
}
