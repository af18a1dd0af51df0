//! Drives one test from the call in its wrapper to its verdict: where it runs, and how often.
//!
//! There is one loop: [`Driver::next`] takes all steps up to the next call of the body in this
//! process, the body runs, and [`Driver::ended`] receives its end. Runs in a subprocess are over
//! within `next`. [`Driver::run`] is the loop for synchronous bodies and [`Driver::run_async`] for
//! asynchronous ones.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process;
use std::sync::Weak;
use std::task::Poll;

use crate::error::{BoxError, Error, ErrorKind, panic_message};
use crate::name::Name;
use crate::report;
use crate::resource::current::Current;
use crate::resource::custom::{Custom, CustomSlot};
use crate::resource::reclaim::Recorder;
use crate::resource::request::{Kind, Request};
use crate::run::attempts::{self, Attempts, Calls};
use crate::run::cx::Cx;
use crate::run::end::End;
use crate::run::naming;
use crate::run::process::child::{self, Inside};
use crate::run::process::mark::{self, Called};
use crate::run::process::network;
use crate::run::process::parent;
use crate::run::process::surroundings::Surroundings;
use crate::run::session::Session;
use crate::run::short;
use crate::run::spec::Spec;
use crate::run::verdict::Verdict;

/// Asks the attribute for the surroundings of a test: environment, working directory, timeout.
pub(crate) type Surround<'s> = Option<&'s mut dyn FnMut(&Cx, &mut Surroundings)>;

/// One test, from the call in its wrapper to its verdict.
pub(crate) struct Driver<'t, 'a> {
    spec: &'static Spec,
    custom: &'t mut [Custom<'a>],
    name: Name,
    stage: Stage<'a>,
}

/// How far a test has come.
enum Stage<'a> {
    /// Nobody has determined yet where it runs and how often.
    New,
    /// A run is due.
    Due(Attempts),
    /// The body is due in the test runner's process.
    Here(Attempts, Box<Session<'a>>),
    /// The body is due in the test's subprocess.
    Inside(Box<Inside<'a>>),
    /// No run is left. Without a verdict, the parent or the test runner knows it already.
    Over(Option<Verdict>),
}

impl<'t, 'a> Driver<'t, 'a> {
    /// Begins a test whose wrapper has been called.
    pub(crate) fn new(spec: &'static Spec, custom: &'t mut [Custom<'a>]) -> Self {
        Driver {
            spec,
            custom,
            name: naming::of(spec),
            stage: Stage::New,
        }
    }

    /// Lets the test run in place and once, because its caller needs the value of its body.
    pub(crate) fn once_in_place(mut self) -> Self {
        attempts::runs_once(&self.name);
        self.stage = Stage::Due(Attempts::once(&self.name));
        self
    }

    /// Drives a test with a synchronous body.
    pub(crate) fn run(
        mut self,
        calls: Calls,
        mut surround: Surround<'_>,
        body: &mut dyn FnMut(&Cx) -> bool,
    ) {
        while let Some(cx) = self.next(calls, &mut surround) {
            let end = cx.unless_unmade(run_inside(cx, body));
            self.ended(end);
        }
        self.conclude();
    }

    /// Drives a test with an asynchronous body.
    pub(crate) async fn run_async(
        mut self,
        calls: Calls,
        mut surround: Surround<'_>,
        mut body: impl AsyncFnMut(&Cx) -> bool,
    ) {
        while let Some(cx) = self.next(calls, &mut surround) {
            let future = Box::pin(body(cx));
            let end = cx.unless_unmade(poll_inside(&cx.current, future).await);
            self.ended(end);
        }
        self.conclude();
    }

    /// Takes all steps up to the next call of the body in this process, and returns the context of
    /// that call. Returns `None` when no call is left.
    pub(crate) fn next(&mut self, calls: Calls, surround: &mut Surround<'_>) -> Option<&Cx> {
        while matches!(self.stage, Stage::New | Stage::Due(_)) {
            self.stage = match mem::replace(&mut self.stage, Stage::Over(None)) {
                Stage::New => self.place(calls),
                Stage::Due(attempts) => {
                    attempts.begin();
                    match self.begin(attempts.in_subprocess, surround) {
                        Ok(session) => Stage::Here(attempts, session),
                        Err(verdict) => judge(attempts, verdict),
                    }
                }
                stage => stage,
            };
        }
        match &self.stage {
            Stage::Here(_, session) => Some(session.cx()),
            Stage::Inside(inside) => Some(inside.cx()),
            Stage::New | Stage::Due(_) | Stage::Over(_) => None,
        }
    }

    /// Takes the end of the body.
    fn ended(&mut self, end: End) {
        self.stage = match mem::replace(&mut self.stage, Stage::Over(None)) {
            Stage::Here(attempts, session) => judge(attempts, session.finish(end)),
            Stage::Inside(inside) => {
                inside.finish(end);
                Stage::Over(None)
            }
            stage => stage,
        };
    }

    /// Passes or fails the test in the test runner.
    fn conclude(self) {
        if let Stage::Over(Some(verdict)) = self.stage {
            verdict.conclude(self.spec);
        }
    }

    /// Determines where the test stands and how often it runs.
    fn place(&mut self, calls: Calls) -> Stage<'a> {
        let spec = self.spec;
        match mark::called(spec, &self.name) {
            Called::Here(link) => {
                let parent = child::connect(&self.name, link);
                let inside = Inside::begin(spec, self.name.clone(), self.custom, parent);
                inside.map_or(Stage::Over(None), |inside| Stage::Inside(Box::new(inside)))
            }
            Called::Host(host) => become_host(spec, &self.name, self.custom, host.resource),
            Called::Elsewhere => Stage::Over(Some(Verdict::Skipped)),
            Called::Runner => match Attempts::of(spec, &self.name, calls) {
                Ok(attempts) => Stage::Due(attempts),
                Err(error) => Stage::Over(Some(Verdict::unable(self.name.full(), &error))),
            },
        }
    }

    /// Begins one run. One in a subprocess is over when this returns, with its verdict as the
    /// error.
    fn begin(
        &mut self,
        in_subprocess: bool,
        surround: &mut Surround<'_>,
    ) -> Result<Box<Session<'a>>, Verdict> {
        let spec = self.spec;
        if in_subprocess && mark::is_lost() {
            let reason = "this is the process of a test already, but something has replaced the name by \
                          which it was started; set `ISOLATED_PROCESS=off` there";
            let action = "start the process of the test";
            return Err(Verdict::unable(
                self.name.full(),
                &Error::new(ErrorKind::Process, action).because(reason),
            ));
        }
        let asked = spec.process.and_then(|process| process.network);
        let network = network::decide(self.name.full(), asked.filter(|_| in_subprocess))?;
        let name = self.name.clone();
        let mut session = Session::begin(spec, name, self.custom, &network, in_subprocess)?;
        if !in_subprocess && spec.process.is_none() {
            return Ok(session);
        }
        let surroundings = match surroundings(&session, surround, in_subprocess) {
            Ok(surroundings) => surroundings,
            Err(error) => return Err(session.finish(End::Died(error.into()))),
        };
        if !in_subprocess {
            report::in_place(self.name.full(), &surroundings.missing(spec.process));
            return Ok(session);
        }
        let end = parent::run(&mut session, &surroundings, network)
            .unwrap_or_else(|error| End::Died(error.into()));
        Err(session.finish(end))
    }
}

/// Lets a resource of the test become the host for which this process was started. The resource
/// finds the request itself.
fn become_host(spec: &'static Spec, name: &Name, custom: &[Custom<'_>], resource: usize) -> ! {
    let current = spec.begin(name.clone(), None, None, Recorder::Here(Weak::new()), false);
    let before = spec.resources.iter().take(resource);
    let is_custom = |request: &&Request| matches!(request.kind, Kind::Custom { .. });
    let returned = custom.get(before.filter(is_custom).count()).map(|custom| {
        let mut provider = (custom.make)();
        provider.provision(&current, false, &CustomSlot::default())
    });
    let why: BoxError = match returned {
        Some(Err(error)) => error,
        Some(Ok(())) | None => "it has not asked for its host again".into(),
    };
    report::error(name.full(), &*why);
    process::exit(1)
}

/// Takes the verdict on a run: another run is due, or the test is over.
fn judge<'a>(mut attempts: Attempts, verdict: Verdict) -> Stage<'a> {
    match attempts.judge(verdict) {
        Some(verdict) => Stage::Over(Some(verdict)),
        None => Stage::Due(attempts),
    }
}

/// Evaluates the attribute's expressions for the surroundings. They are user code and may panic.
fn surroundings(
    session: &Session<'_>,
    surround: &mut Surround<'_>,
    in_subprocess: bool,
) -> Result<Surroundings, Error> {
    let mut surroundings = Surroundings::default();
    // In place, these expressions cannot borrow a handle that the body takes by value.
    let is_taken = |request: &Request| matches!(request.kind, Kind::Custom { by_value: true });
    let can_lend = in_subprocess || !session.resources.spec.resources.iter().any(is_taken);
    if let Some(surround) = surround.as_deref_mut().filter(|_| can_lend) {
        let described = catch_unwind(AssertUnwindSafe(|| {
            let _entered = session.cx().current.enter_thread();
            surround(session.cx(), &mut surroundings);
        }));
        described.map_err(|payload| {
            let cause = panic_message(&payload).unwrap_or("it panicked").to_owned();
            Error::new(ErrorKind::Process, "describe the surroundings of the test").because(cause)
        })?;
    }
    Ok(surroundings)
}

impl std::fmt::Debug for Driver<'_, '_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Driver").field(&self.name).finish()
    }
}

/// Calls a synchronous body with the test as `current()`, and catches its panic.
fn run_inside(cx: &Cx, body: &mut dyn FnMut(&Cx) -> bool) -> End {
    let _entered = cx.current.enter_thread();
    let body = AssertUnwindSafe(|| short::__rust_begin_short_backtrace_of_body(body, cx));
    End::of(catch_unwind(body))
}

/// Polls an asynchronous body with the test as `current()`, and catches its panic.
pub(crate) async fn poll_inside(
    current: &Current,
    mut future: Pin<Box<dyn Future<Output = bool> + '_>>,
) -> End {
    poll_fn(|context| {
        let _entered = current.enter_thread();
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(polled) => polled.map(|passed| End::of(Ok(passed))),
            Err(payload) => Poll::Ready(End::of(Err(payload))),
        }
    })
    .await
}
