//! Tests in a process of their own.
//!
//! The parent takes the locks, provisions the resources and runs the test binary again for this one
//! test. There the same wrapper finds that it is in the process of the test, gets handles of the
//! resources, runs the body and says how it ended. Without that word no test passes.
//!
//! [`parent`] is the one side, [`child`] the other, and [`wire`] what they say to each other. A
//! supervisor stands between them: see `sys::supervisor`.

pub(crate) mod child;
mod ended;
pub(crate) mod event;
mod memory;
mod network;
mod parent;
pub(crate) mod surroundings;
pub(crate) mod tree;
pub(crate) mod wire;
#[cfg(any(not(unix), test))]
pub(crate) mod woven;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Termination;

use self::child::Inside;
use self::network::{Decision, Network};
use self::surroundings::Surroundings;
use crate::__private::Cx;
use crate::current::try_current;
use crate::env;
use crate::error::{Error, ErrorKind};
use crate::lock::Want;
use crate::name;
use crate::plan::plan;
use crate::report;
use crate::resource::own::Own;
use crate::run::{passed, poll_inside, run_inside};
use crate::session::{End, Session, fail, message};
use crate::spec::{Claim, Kind, Request, ShouldPanic, Spec};

/// A test that has its locks and resources, and runs in a process of its own.
#[must_use = "the test has not run yet"]
pub struct Prepared<'a> {
    stage: Stage<'a>,
}

enum Stage<'a> {
    /// The body runs here, because a debugger wants it so.
    Here(Session<'a>),
    /// This is the parent: the body runs elsewhere.
    Parent(Box<Session<'a>>, Surroundings, Network),
    /// This is the process of the test.
    Inside(Inside<'a>),
    /// There is nothing to run, and the reason has been said.
    Nothing,
}

/// Prepares a test that runs in a process of its own.
///
/// It is not generic, so that each test adds little code.
pub fn prepare<'a>(
    spec: &'static Spec,
    own: &mut [Own<'a>],
    surround: &mut dyn FnMut(&Cx, &mut Surroundings),
) -> Prepared<'a> {
    let name = name::of(spec);
    if let Some(parent) = child::parent_of(&name) {
        let inside = Inside::begin(spec, name, own, parent);
        return Prepared {
            stage: inside.map_or(Stage::Nothing, Stage::Inside),
        };
    }
    let stage = begin(spec, &name.full, own, surround).unwrap_or_else(|error| {
        report::error(&name.full, &error);
        fail(spec, error.to_string());
        Stage::Nothing
    });
    Prepared { stage }
}

/// Begins a test in the parent.
fn begin<'a>(
    spec: &'static Spec,
    name: &str,
    own: &mut [Own<'a>],
    surround: &mut dyn FnMut(&Cx, &mut Surroundings),
) -> Result<Stage<'a>, Error> {
    let in_place = !env::variables()?.process;
    let asked = spec.process.and_then(|process| process.network);
    let network = match network::decide(asked.filter(|_| !in_place)) {
        Decision::Run(network) => network,
        Decision::Fail(error) => return Err(error),
        Decision::Skip(reason) => {
            report::skipped(name, &reason);
            skip(spec);
            return Ok(Stage::Nothing);
        }
    };
    let Some(session) = Session::begin(spec, own, turns(&network), !in_place) else {
        return Ok(Stage::Nothing);
    };
    let mut surroundings = Surroundings::default();
    // In place, a handle that the body takes by value cannot be lent before.
    let is_taken = |request: &Request| matches!(request.kind, Kind::Own { by_value: true });
    let described = catch_unwind(AssertUnwindSafe(|| {
        if !in_place || !spec.resources.iter().any(is_taken) {
            let _entered = session.cx().current().enter_thread();
            surround(session.cx(), &mut surroundings);
        }
    }));
    if let Err(payload) = described {
        let cause = message(&payload).unwrap_or("it panicked").to_owned();
        let error =
            Error::new(ErrorKind::Process, "describe the surroundings of the test").because(cause);
        session.finish(End::Died(error.into()));
        return Ok(Stage::Nothing);
    }
    if in_place {
        report::in_place(name, spec, &surroundings);
        return Ok(Stage::Here(session));
    }
    Ok(Stage::Parent(Box::new(session), surroundings, network))
}

/// Returns the locks that a test needs because of its network.
fn turns(network: &Network) -> &'static [Claim] {
    match network {
        Network::Serial => &[Claim::Exclusive(network::TURNS)],
        Network::Common | Network::Own(_) => &[],
    }
}

/// Returns the locks that the parent holds.
fn wants(spec: &Spec, serial_network: bool) -> Result<Vec<Want>, Error> {
    let network = if serial_network {
        Network::Serial
    } else {
        Network::Common
    };
    plan(spec.locks, turns(&network))
}

/// Lets a test pass that was not run.
fn skip(spec: &Spec) {
    match spec.should_panic {
        ShouldPanic::No => {}
        ShouldPanic::Yes => resume_unwind(Box::new("skipped")),
        ShouldPanic::With(text) => resume_unwind(Box::new(text)),
    }
}

impl Prepared<'_> {
    /// Runs the test, whose body judges itself.
    pub fn run_plain(self, body: &mut dyn FnMut(&Cx) -> bool) {
        self.stage.run(body);
    }

    /// Runs the test, whose body can be called only once.
    pub fn run<R: Termination>(self, body: impl FnOnce(&Cx) -> R) {
        let mut body = Some(body);
        self.stage
            .run(&mut |cx| body.take().is_some_and(|body| passed(body(cx))));
    }

    /// Runs an asynchronous test. In the parent nothing of it is asynchronous.
    pub async fn run_async<R: Termination>(self, body: impl AsyncFnOnce(&Cx) -> R) {
        match self.stage {
            Stage::Here(session) => {
                let future = async { passed(body(session.cx()).await) };
                let end = poll_inside(session.cx(), Box::pin(future)).await;
                session.finish(end);
            }
            Stage::Inside(inside) => {
                let future = async { passed(body(inside.cx()).await) };
                let end = poll_inside(inside.cx(), Box::pin(future)).await;
                inside.finish(end);
            }
            stage => stage.run(&mut |_| false),
        }
    }
}

impl Stage<'_> {
    fn run(self, body: &mut dyn FnMut(&Cx) -> bool) {
        match self {
            Stage::Nothing => {}
            Stage::Here(session) => {
                let end = run_inside(session.cx(), body);
                session.finish(end);
            }
            Stage::Inside(inside) => {
                let end = run_inside(inside.cx(), body);
                inside.finish(end);
            }
            Stage::Parent(mut session, surroundings, network) => {
                let end = parent::run(&mut session, &surroundings, network)
                    .unwrap_or_else(|error| End::Died(error.into()));
                session.finish(end);
            }
        }
    }
}

impl std::fmt::Debug for Prepared<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Prepared")
    }
}

/// Calls a function with the resources of the test that runs in this thread.
///
/// # Panics
///
/// Panics when none does.
pub fn inside<T>(body: impl FnOnce(&Cx) -> T) -> T {
    match try_current() {
        Some(current) => body(&Cx::new(current)),
        None => panic!("the function of an isolated test was called without the test"),
    }
}
