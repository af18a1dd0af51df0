//! The session of a test: acquires its locks, provisions its resources, and releases them.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::config;
use crate::error::{Error, chain};
use crate::location::Site;
use crate::lock::activity::Activity;
use crate::lock::owner;
use crate::lock::{
    BoundedWait, Held, RequestedLock, Waited, Want, acquire, acquire_free, delegation,
};
use crate::name::Name;
use crate::os::process::Kept;
use crate::report;
use crate::resource::context::Value;
use crate::resource::custom::{Custom, Provider, Writer};
use crate::resource::port::Port;
use crate::resource::{Outcome, attempt};
use crate::run::context;
use crate::run::cx::Cx;
use crate::run::guard::tie_of_test;
use crate::run::observe::{Observed, patience};
use crate::run::process::network::Network;
use crate::run::process::protocol::HandleWire;
use crate::run::process::surroundings::Surroundings;
use crate::run::process::wants;
use crate::run::spec::Spec;
use crate::trace::Trace;

mod resources;

pub(crate) use crate::run::end::End;
use crate::run::verdict::Verdict;

/// A test that holds its locks and resources.
pub(crate) struct Session<'a> {
    spec: &'static Spec,
    // Fields drop in this order. Usually `close` has released everything before.
    providers: Vec<(usize, Box<dyn Provider + 'a>)>,
    cx: Cx,
    activity: Activity,
    trace: Trace,
    held: Vec<Held>,
    claimed: Option<owner::Claimed>,
    waits: Vec<(Want, Waited)>,
    seed: Option<u64>,
    is_open: bool,
    /// Whether the body runs in a subprocess.
    in_subprocess: bool,
    /// The functions that write custom handles as text, with the index of their resource.
    writers: Vec<(usize, Writer)>,
    /// The descriptions that the subprocess sent of its resources, with their index.
    described: Vec<(usize, String)>,
    /// Whether the subprocess released its resources.
    was_clean: bool,
}

impl<'a> Session<'a> {
    /// Acquires the locks of the test and provisions its resources. Reports an error before it
    /// returns the verdict.
    ///
    /// With a subprocess, resources whose handles cannot be transferred are provisioned there.
    pub(crate) fn begin(
        spec: &'static Spec,
        name: Name,
        custom: &mut [Custom<'a>],
        network: &Network,
        in_subprocess: bool,
    ) -> Result<Box<Self>, Verdict> {
        let caller = context::owner();
        let tie = tie_of_test(caller.as_deref());
        let begun = Activity::begin(name.clone(), Site::from(&spec.place), tie);
        let begun =
            begun.and_then(|activity| Ok((activity, Trace::begin(name.full(), &spec.place)?)));
        let (activity, trace) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                report::error(name.full(), &error);
                return Err(Verdict::Unable(error.to_string()));
            }
        };
        let mut session = Box::new(Session {
            spec,
            providers: Vec::new(),
            cx: Cx::new(spec.begin(name, caller, Some(activity.mark()))),
            activity,
            trace,
            held: Vec::new(),
            claimed: None,
            waits: Vec::new(),
            seed: None,
            is_open: true,
            in_subprocess,
            writers: Vec::new(),
            described: Vec::new(),
            was_clean: true,
        });
        let begun = session.lock(network);
        match begun.and_then(|()| session.provision(custom, network)) {
            Ok(()) => {
                session.trace.body();
                Ok(session)
            }
            Err(error) => {
                report::error(session.activity.name(), &error);
                session
                    .trace
                    .over("unable", &chain(&error), Outcome::Failed);
                session.report();
                session.close(Outcome::Failed);
                Err(Verdict::Unable(error.to_string()))
            }
        }
    }

    pub(crate) fn cx(&self) -> &Cx {
        &self.cx
    }

    /// Acquires all locks in order.
    fn lock(&mut self, network: &Network) -> Result<(), Error> {
        let wants = wants(self.spec, network.is_own(), network.is_serial())?;
        let owner = self.cx.current().owner();
        let (claimed, mut asked) = owner::claim_all(owner, &wants)?;
        self.claimed = Some(claimed);
        delegation::resolve_all(&mut asked)?;
        if asked.is_empty() {
            // The calling tests hold all of its locks. Its guards still need a published block.
            self.activity.add(&[]);
        }
        self.held = acquire_free(&asked, &self.activity)?;
        for held in &self.held {
            self.trace.held(held.want());
        }
        for one in &asked[self.held.len()..] {
            self.wait_for(*one)?;
        }
        Ok(())
    }

    /// Acquires one lock, and waits for it.
    fn wait_for(&mut self, asked: RequestedLock) -> Result<(), Error> {
        let observed = Observed(&self.trace);
        let mut watch = BoundedWait::new(asked.target, &self.activity, &observed, patience()?)?;
        let held = acquire(asked, &self.activity, &mut watch)?;
        self.trace.held(held.want());
        if let Some(waited) = watch.waited() {
            self.waits.push((held.want(), waited));
        }
        self.held.push(held);
        Ok(())
    }

    /// The variables of the subprocess. One of them names the test for which it acts.
    pub(crate) fn environment(&self, surroundings: &Surroundings) -> Vec<(OsString, OsString)> {
        let mark = self.activity.mark().to_string();
        surroundings.environment((config::OWNER, mark.as_ref()))
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// The handles for the subprocess, in the form in which they are sent.
    pub(crate) fn gifts(&self) -> Result<Vec<HandleWire>, Error> {
        let mut gifts = Vec::new();
        for (index, (_, value)) in self.cx.current().values().enumerate() {
            gifts.push(match value {
                Some(Value::Ports(ports)) => {
                    HandleWire::Ports(ports.iter().map(Port::number).collect())
                }
                Some(Value::TmpDir(dir)) => HandleWire::Dir(dir.path().to_owned()),
                Some(Value::Namespace(name)) => HandleWire::Namespace(name.as_str().to_owned()),
                Some(Value::Seed(seed)) => HandleWire::Seed(*seed),
                Some(Value::Custom) => self
                    .written(index)?
                    .map_or(HandleWire::Nothing, HandleWire::Custom),
                None => HandleWire::Nothing,
            });
        }
        Ok(gifts)
    }

    /// The handle of a custom resource as text, if it can be transferred. User code may panic.
    fn written(&self, index: usize) -> Result<Option<String>, Error> {
        let Some((_, write)) = self.writers.iter().find(|(other, _)| *other == index) else {
            return Ok(None);
        };
        let current = self.cx.current();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _entered = current.enter_thread();
            Ok(write(&current.slots()[index]))
        }));
        attempt("write", &self.spec.resources[index], result)
    }

    /// The open files and sockets that must outlast this process while the subprocess lives.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let mut kept = self.activity.kept();
        for held in &self.held {
            held.add_kept(&mut kept);
        }
        for (_, value) in self.cx.current().values() {
            if let Some(Value::Ports(ports)) = value {
                kept.extend(ports.iter().filter_map(Port::kept));
            }
        }
        kept
    }

    /// Stores the subprocess's report about its resources.
    pub(crate) fn hear_of(&mut self, described: Vec<(usize, String)>, was_clean: bool) {
        self.described = described;
        self.was_clean = was_clean;
    }

    /// Releases everything. The verdict follows from the end of the body and from the release.
    pub(crate) fn finish(mut self: Box<Self>, end: End) -> Verdict {
        let outcome = end.outcome(self.spec.should_panic);
        end.trace(&self.trace, outcome);
        if let End::Died(error) = &end {
            report::died(self.activity.name(), &**error);
        }
        if outcome == Outcome::Failed {
            self.report();
        }
        let is_clean = self.close(outcome) && self.was_clean;
        Verdict::Ended {
            end,
            outcome,
            is_clean,
        }
    }

    /// Prints the report of a failed test.
    fn report(&self) {
        report::failure(&report::Failure {
            test: self.cx.current(),
            described: self
                .providers
                .iter()
                .filter_map(|(index, provider)| {
                    let described = catch_unwind(AssertUnwindSafe(|| provider.describe()));
                    Some((*index, described.ok()??))
                })
                .chain(self.described.iter().cloned())
                .collect(),
            waits: &self.waits,
            seed: self.seed,
        });
    }
}

/// Ends a test whose future is dropped, for example by a timeout of its runtime.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.is_open {
            report::abandoned(self.activity.name());
            let why = "the future of the test was dropped before it ended";
            self.trace.over("dropped", why, Outcome::Failed);
            self.report();
            self.close(Outcome::Failed);
        }
    }
}
