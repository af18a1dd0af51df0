//! Drives one test from the call in its wrapper to its verdict: where it runs, and how often.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, ErrorKind, panic_message};
use crate::name::Name;
use crate::report;
use crate::resource::context::Current;
use crate::resource::custom::Custom;
use crate::resource::request::{Kind, Request};
use crate::run::attempts::{Attempts, Calls};
use crate::run::cx::Cx;
use crate::run::end::End;
use crate::run::naming;
use crate::run::process::child::{self, Inside};
use crate::run::process::mark::{self, Called};
use crate::run::process::network::{self, Decision};
use crate::run::process::surroundings::Surroundings;
use crate::run::process::{parent, turns};
use crate::run::session::Session;
use crate::run::short;
use crate::run::spec::Spec;
use crate::run::verdict::{Verdict, fail};

/// Asks the attribute for the surroundings of a test: environment, working directory, timeout.
pub(crate) type Surround<'t> = &'t mut dyn FnMut(&Cx, &mut Surroundings);

/// A test that has not run yet.
pub(crate) struct Test<'t, 'a> {
    spec: &'static Spec,
    own: &'t mut [Custom<'a>],
    surround: Option<Surround<'t>>,
    name: Name,
    again: Attempts,
}

/// Where a test stands when its wrapper is called.
pub(crate) enum Placement<'t, 'a> {
    /// In the test runner's process, not begun.
    Runner(Test<'t, 'a>),
    /// In either process, ready for its body, or already decided.
    Ready(Ready<'a>),
}

/// A test that lacks only its body, or has been decided without one.
pub(crate) enum Ready<'a> {
    /// Begun in the test runner's process; the body runs once.
    Begun(Box<Session<'a>>, Attempts),
    /// Begun in the test's subprocess.
    Inside(Inside<'a>),
    /// Decided already: it ran in a subprocess, could not begin, or is skipped here.
    Over(Verdict, &'static Spec),
    /// Nothing to run; the reason has been reported.
    Nothing,
}

/// One run of a test.
pub(crate) enum Run<'a> {
    /// The body runs here.
    Here(Box<Session<'a>>),
    /// The run is over: it took place in a subprocess, or could not begin.
    Over(Verdict),
}

impl<'t, 'a> Test<'t, 'a> {
    /// Determines where the test stands and how often it runs.
    pub(crate) fn find(
        spec: &'static Spec,
        own: &'t mut [Custom<'a>],
        surround: Option<Surround<'t>>,
        calls: Calls,
    ) -> Placement<'t, 'a> {
        let name = naming::of(spec);
        match mark::called(spec, &name) {
            Called::Here(link) => {
                let parent = child::connect(&name, link);
                let inside = Inside::begin(spec, name, own, parent);
                return Placement::Ready(inside.map_or(Ready::Nothing, Ready::Inside));
            }
            Called::Elsewhere => return Placement::Ready(Ready::Over(Verdict::Skipped, spec)),
            Called::Runner => {}
        }
        match Attempts::of(spec, &name, calls) {
            Ok(again) => Placement::Runner(Test {
                spec,
                own,
                surround,
                name,
                again,
            }),
            Err(error) => {
                report::error(name.full(), &error);
                fail(spec, error.to_string());
                Placement::Ready(Ready::Nothing)
            }
        }
    }

    /// Begins one run. A run in a subprocess is over when this returns.
    pub(crate) fn begin(&mut self) -> Run<'a> {
        self.again.begin();
        self.set_up().unwrap_or_else(|error| {
            report::error(self.name.full(), &error);
            Run::Over(Verdict::Unable(error.to_string()))
        })
    }

    fn set_up(&mut self) -> Result<Run<'a>, Error> {
        let spec = self.spec;
        let in_subprocess = self.again.in_subprocess();
        if in_subprocess && mark::is_lost() {
            let reason = "this is the process of a test already, but something has replaced the name by \
                          which it was started; set `ISOLATED_PROCESS=off` there";
            let action = "start the process of the test";
            return Err(Error::new(ErrorKind::Process, action).because(reason));
        }
        let asked = spec.process.and_then(|process| process.network);
        let network = match network::decide(asked.filter(|_| in_subprocess)) {
            Decision::Run(network) => network,
            Decision::Fail(error) => return Err(error),
            Decision::Skip(reason) => {
                report::skipped(self.name.full(), &reason);
                return Ok(Run::Over(Verdict::Skipped));
            }
        };
        let begun = Session::begin(
            spec,
            self.name.clone(),
            self.own,
            turns(&network),
            in_subprocess,
        );
        let mut session = match begun {
            Ok(session) => session,
            Err(verdict) => return Ok(Run::Over(verdict)),
        };
        if !in_subprocess && spec.process.is_none() {
            return Ok(Run::Here(session));
        }
        let surroundings = match self.surroundings(&session, in_subprocess) {
            Ok(surroundings) => surroundings,
            Err(error) => return Ok(Run::Over(session.finish(End::Died(error.into())))),
        };
        if !in_subprocess {
            report::in_place(self.name.full(), &surroundings.missing(spec.process));
            return Ok(Run::Here(session));
        }
        let end = parent::run(&mut session, &surroundings, network)
            .unwrap_or_else(|error| End::Died(error.into()));
        Ok(Run::Over(session.finish(end)))
    }

    /// Evaluates the attribute's expressions for the surroundings. They are user code and may
    /// panic.
    fn surroundings(
        &mut self,
        session: &Session<'_>,
        in_subprocess: bool,
    ) -> Result<Surroundings, Error> {
        let mut surroundings = Surroundings::default();
        // In place, these expressions cannot borrow a handle that the body takes by value.
        let is_taken = |request: &Request| matches!(request.kind, Kind::Custom { by_value: true });
        let can_lend = in_subprocess || !self.spec.resources.iter().any(is_taken);
        if let Some(surround) = self.surround.as_deref_mut().filter(|_| can_lend) {
            let described = catch_unwind(AssertUnwindSafe(|| {
                let _entered = session.cx().current().enter_thread();
                surround(session.cx(), &mut surroundings);
            }));
            described.map_err(|payload| {
                let cause = panic_message(&payload).unwrap_or("it panicked").to_owned();
                Error::new(ErrorKind::Process, "describe the surroundings of the test")
                    .because(cause)
            })?;
        }
        Ok(surroundings)
    }
}

impl<'a> Placement<'_, 'a> {
    /// Runs a test with a subprocess to its last attempt. Begins any other test, so that the
    /// closure that describes the surroundings is no longer needed.
    pub(crate) fn prepare(self) -> Ready<'a> {
        let mut test = match self {
            Placement::Ready(ready) => return ready,
            Placement::Runner(test) => test,
        };
        loop {
            let verdict = match test.begin() {
                Run::Over(verdict) => verdict,
                Run::Here(session) => return Ready::Begun(session, test.again),
            };
            if let Some(verdict) = test.again.judge(verdict) {
                return Ready::Over(verdict, test.spec);
            }
        }
    }

    /// Runs a synchronous test.
    pub(crate) fn run(self, body: &mut dyn FnMut(&Cx) -> bool) {
        let mut test = match self {
            Placement::Ready(ready) => return ready.run(body),
            Placement::Runner(test) => test,
        };
        loop {
            let verdict = match test.begin() {
                Run::Over(verdict) => verdict,
                Run::Here(session) => {
                    let end = run_inside(session.cx(), body);
                    session.finish(end)
                }
            };
            if let Some(verdict) = test.again.judge(verdict) {
                return verdict.conclude(test.spec);
            }
        }
    }

    /// Runs an asynchronous test.
    pub(crate) async fn run_async(self, mut body: impl AsyncFnMut(&Cx) -> bool) {
        let mut test = match self {
            Placement::Ready(ready) => return ready.run_async(body).await,
            Placement::Runner(test) => test,
        };
        loop {
            let verdict = match test.begin() {
                Run::Over(verdict) => verdict,
                Run::Here(session) => {
                    let future = Box::pin(body(session.cx()));
                    let end = poll_inside(session.cx().current(), future).await;
                    session.finish(end)
                }
            };
            if let Some(verdict) = test.again.judge(verdict) {
                return verdict.conclude(test.spec);
            }
        }
    }
}

impl Ready<'_> {
    /// Runs a synchronous test.
    pub(crate) fn run(self, body: &mut dyn FnMut(&Cx) -> bool) {
        match self {
            Ready::Begun(session, again) => {
                let end = run_inside(session.cx(), body);
                finish(session, again, end);
            }
            Ready::Inside(inside) => {
                let end = run_inside(inside.cx(), body);
                inside.finish(end);
            }
            Ready::Over(verdict, spec) => verdict.conclude(spec),
            Ready::Nothing => {}
        }
    }

    /// Runs an asynchronous test.
    pub(crate) async fn run_async(self, mut body: impl AsyncFnMut(&Cx) -> bool) {
        match self {
            Ready::Begun(session, again) => {
                let future = Box::pin(body(session.cx()));
                let end = poll_inside(session.cx().current(), future).await;
                finish(session, again, end);
            }
            Ready::Inside(inside) => {
                let future = Box::pin(body(inside.cx()));
                let end = poll_inside(inside.cx().current(), future).await;
                inside.finish(end);
            }
            Ready::Over(verdict, spec) => verdict.conclude(spec),
            Ready::Nothing => {}
        }
    }
}

/// Finishes and concludes a test that runs once.
fn finish(session: Box<Session<'_>>, mut again: Attempts, end: End) {
    let spec = session.spec();
    if let Some(verdict) = again.judge(session.finish(end)) {
        verdict.conclude(spec);
    }
}

/// Calls a synchronous body with the test as `current()`, and catches its panic.
pub(crate) fn run_inside(cx: &Cx, body: &mut dyn FnMut(&Cx) -> bool) -> End {
    let _entered = cx.current().enter_thread();
    let body = AssertUnwindSafe(|| short::__rust_begin_short_backtrace_of_body(body, cx));
    End::of(catch_unwind(body))
}

/// Polls an asynchronous body with the test as `current()`, and catches its panic.
pub(crate) async fn poll_inside(
    current: &Current,
    future: Pin<Box<dyn Future<Output = bool> + '_>>,
) -> End {
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

    Inside { current, future }.await
}
