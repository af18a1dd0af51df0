//! The session of a test: acquires its locks, provisions its resources, and releases them.

mod opening;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::config;
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::lock::owner;
use crate::lock::{
    BoundedWait, Held, RequestedLock, Subject, Waited, Want, acquire, acquire_free, delegation,
};
use crate::os::process::Kept;
use crate::report;
#[cfg(feature = "clock")]
use crate::resource::clock::Started;
use crate::resource::custom::Custom;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::request::{Kind, Request};
use crate::resource::tmpdir::TmpDir;
use crate::resource::value::Value;
use crate::resource::{Outcome, seed};
use crate::run::cx::Cx;
use crate::run::observe::Observed;
use crate::run::process::loss::{self, LossWatch};
use crate::run::process::network::Network;
use crate::run::process::protocol::HandleWire;
use crate::run::process::surroundings::Surroundings;
use crate::run::process::wants;
use crate::run::resources::Resources;
use crate::run::verdict::Verdict;
use crate::trace::{PROVISION, RELEASE};

pub(crate) use crate::run::end::End;

/// A test that holds its locks and resources.
pub(crate) struct Session<'a> {
    // Fields drop in this order. Usually `close` has released everything before.
    pub(crate) resources: Resources<'a>,
    activity: Arc<Activity>,
    held: Vec<Held>,
    claimed: Option<owner::Claimed>,
    waits: Vec<(Want, Waited)>,
    is_open: bool,
    /// Whether the body runs in a subprocess.
    in_subprocess: bool,
    /// The descriptions that the subprocess sent of its resources, with their index.
    described: Vec<(usize, String)>,
    /// Whether the subprocess released its resources.
    was_clean: bool,
    /// The clock of the test, until it is over.
    #[cfg(feature = "clock")]
    pub(crate) clock: Option<Started>,
}

impl<'a> Session<'a> {
    pub(crate) fn cx(&self) -> &Cx {
        &self.resources.cx
    }

    /// Acquires all locks in order.
    fn lock(&mut self, network: &Network) -> Result<(), Error> {
        let spec = self.resources.spec;
        let wants = if self.cx().current.is_host() {
            // Hosts serve tests, among them one that runs alone.
            Vec::new()
        } else {
            wants(spec, network.is_own(), network.is_serial())?
        };
        let owner = self.cx().current.owner();
        let (claimed, mut asked) = owner::claim_all(owner, &wants)?;
        self.claimed = Some(claimed);
        delegation::resolve_all(&mut asked)?;
        if !self.in_subprocess {
            loss::refuse_in_place(&asked)?;
        }
        if asked.is_empty() {
            // The calling tests hold all of its locks. Its guards still need a published block.
            self.activity.add(&[]);
        }
        self.held = acquire_free(&asked, &self.activity)?;
        for held in &self.held {
            self.resources.trace.held(held);
        }
        for one in &asked[self.held.len()..] {
            self.wait_for(*one)?;
        }
        for held in &self.held {
            if let (Subject::Key(key), Some(fence)) = (held.want().subject, held.fence()) {
                self.cx().current.owner().has_fence(key, fence);
            }
        }
        Ok(())
    }

    /// How to notice that a lock is lost, if that can happen. All locks of a test are kept in one session,
    /// so they are lost together.
    pub(crate) fn watch(&self) -> Option<LossWatch> {
        self.held.iter().find_map(LossWatch::of)
    }

    /// The fences of the locks across machines, for the subprocess.
    pub(crate) fn fences(&self) -> Vec<(String, u64)> {
        let fences = self.cx().current.owner().fences().into_iter();
        fences.map(|(key, fence)| (key.recorded(), fence)).collect()
    }

    /// Acquires one lock, and waits for it.
    fn wait_for(&mut self, asked: RequestedLock) -> Result<(), Error> {
        let observed = Observed(&self.resources.trace);
        let mut watch = BoundedWait::new(asked.target, &self.activity, &observed)?;
        let held = acquire(asked, &self.activity, &mut watch)?;
        self.resources.trace.held(&held);
        if let Some(waited) = watch.waited() {
            self.waits.push((held.want(), waited));
        }
        self.held.push(held);
        Ok(())
    }

    /// Provisions all resources in source order.
    fn provision(&mut self, custom: &mut [Custom<'a>], network: &Network) -> Result<(), Error> {
        let mut customs = custom.iter();
        let (mut base, mut seeds) = (None, 0);
        let spec = self.resources.spec;
        for (index, request) in spec.resources.iter().enumerate() {
            let trace = &self.resources.trace;
            let value = match request.kind {
                Kind::Port(protocol, count) => {
                    let reserve = || (0..count).map(|_| Port::reserve_free(protocol)).collect();
                    let ports: Result<_, Error> = trace.during(PROVISION, request.name, reserve);
                    Value::Ports(ports?)
                }
                Kind::FixedPort(protocol, number) => {
                    let hold = || {
                        if network.is_own() {
                            return Ok(Port::elsewhere(number, protocol));
                        }
                        Port::fixed(number, protocol, &mut |taken| {
                            report::port_is_taken(self.activity.name(), number, taken);
                        })
                    };
                    Value::Ports(vec![trace.during(PROVISION, request.name, hold)?])
                }
                Kind::TmpDir { from, keep } => {
                    let test = self.cx().current.name();
                    let mut sources = Vec::with_capacity(from.len());
                    for source in from {
                        sources.push(spec.place.in_package(Path::new(source)));
                    }
                    let create = || TmpDir::create(test, &sources, keep);
                    Value::TmpDir(trace.during(PROVISION, request.name, create)?)
                }
                Kind::Namespace => Value::Namespace(Namespace::new()),
                Kind::Seed => {
                    let base = match base {
                        Some(base) => base,
                        None => *base.insert(seed::base()?),
                    };
                    seeds += 1;
                    Value::Seed(seed::nth(base, seeds - 1))
                }
                Kind::Pool(place) => Value::Item(self.item(place)?),
                Kind::Custom { by_value } => {
                    // The handle for a subprocess stays here, to be written as text.
                    let by_value = by_value && !self.in_subprocess;
                    let is_here =
                        |custom: &&Custom<'a>| !self.in_subprocess || (custom.has_transfer)();
                    let shared = match customs.next().filter(is_here) {
                        Some(custom) => self.resources.provision(index, custom, by_value)?,
                        None => None,
                    };
                    Value::Custom(Mutex::new(shared))
                }
            };
            self.cx().current.provide(index, value);
        }
        Ok(())
    }

    /// The item of a pool: the one that the test has locked, or that of a test that has called it.
    fn item(&self, place: usize) -> Result<&'static str, Error> {
        let (want, items) = self.resources.spec.pool(place);
        let owner = self.cx().current.owner();
        let mut held = self.held.iter();
        let item = match held.find(|held| held.want().subject.asked() == want.subject) {
            Some(held) => held.item(),
            None => owner.item_of(want.subject),
        };
        let item = item.filter(|item| items.list().contains(item)).ok_or_else(|| {
            let action = format!(
                "pick an item of {want}, because the test that has called this one holds the key, but \
                 none of these items; write the same pool there"
            );
            Error::new(ErrorKind::Limit, action)
        })?;
        owner.has_item(want.subject, item);
        Ok(item)
    }

    /// Publishes what another process must remove if this one dies.
    pub(crate) fn reclaim(&self, line: String) -> Result<(), Error> {
        self.activity.reclaim(line)
    }

    /// The variables of the subprocess. One of them names the test for which it acts.
    pub(crate) fn environment(&self, surroundings: &Surroundings) -> Vec<(OsString, OsString)> {
        let mark = self.activity.mark().to_string();
        surroundings.environment((config::OWNER, mark.as_ref()))
    }

    /// The handles for the subprocess, in the form in which they are sent.
    pub(crate) fn handles(&self) -> Result<Vec<HandleWire>, Error> {
        let mut handles = Vec::new();
        for (index, (_, value)) in self.cx().current.values().enumerate() {
            handles.push(match value {
                Some(Value::Ports(ports)) => {
                    HandleWire::Ports(ports.iter().map(Port::number).collect())
                }
                Some(Value::TmpDir(dir)) => HandleWire::Dir(dir.path().into()),
                Some(Value::Namespace(name)) => HandleWire::Namespace(name.as_str().to_owned()),
                Some(Value::Seed(seed)) => HandleWire::Seed(*seed),
                Some(Value::Item(item)) => HandleWire::Item((*item).to_owned()),
                Some(Value::Custom(_)) => self
                    .resources
                    .written(index)?
                    .map_or(HandleWire::Nothing, HandleWire::Custom),
                None => HandleWire::Nothing,
            });
        }
        Ok(handles)
    }

    /// The open files and sockets that must outlast this process while the subprocess lives.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        let mut kept = self.activity.kept();
        for held in &self.held {
            held.add_kept(&mut kept);
        }
        for (_, value) in self.cx().current.values() {
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
    #[cfg_attr(
        not(feature = "clock"),
        expect(
            clippy::boxed_local,
            reason = "it stays in its box, because moving it costs more where nothing is optimized"
        )
    )]
    pub(crate) fn finish(mut self: Box<Self>, end: End) -> Verdict {
        let outcome = end.outcome(self.resources.spec.should_panic);
        end.trace(&self.resources.trace, outcome);
        if let End::Died(error) = &end {
            report::error(self.activity.name(), &**error);
        }
        if outcome == Outcome::Failed {
            self.report();
        }
        let is_clean = self.close(outcome) && self.was_clean;
        if let (End::Skipped(reason), true) = (&end, is_clean) {
            report::skipped(self.activity.name(), reason);
            return Verdict::Skipped;
        }
        Verdict::Ended {
            end,
            outcome,
            is_clean,
        }
    }

    /// Releases everything in reverse order. Returns whether nothing failed.
    fn close(&mut self, outcome: Outcome) -> bool {
        self.is_open = false;
        let release = |resources: &mut Resources<'a>, index: usize, request: &Request| {
            let trace = &resources.trace;
            match resources.cx.current.value_at(index) {
                Some(Value::Ports(ports)) => trace.during(RELEASE, request.name, || {
                    ports.iter().for_each(Port::give_back);
                    Ok(())
                }),
                Some(Value::TmpDir(dir)) => {
                    trace.during(RELEASE, request.name, || dir.finish(outcome))
                }
                Some(Value::Custom(_)) => resources.release(index, outcome),
                Some(Value::Namespace(_) | Value::Seed(_) | Value::Item(_)) | None => Ok(()),
            }
        };
        let is_clean = self.resources.release_all(outcome, release);
        #[cfg(feature = "clock")]
        drop(self.clock.take());
        // Clear the published claims before releasing the locks.
        self.activity.clear();
        // Release the locks in reverse order.
        while let Some(held) = self.held.pop() {
            self.resources.trace.free(held.want());
            drop(held);
        }
        self.resources.trace.end(if is_clean && self.was_clean {
            outcome
        } else {
            Outcome::Failed
        });
        is_clean
    }

    /// Prints the report of a failed test.
    fn report(&self) {
        report::failure(&report::Failure {
            test: &self.cx().current,
            described: [self.resources.described(), self.described.clone()].concat(),
            waits: &self.waits,
        });
    }
}

/// Ends a test whose future is dropped, for example by a timeout of its runtime.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.is_open {
            report::abandoned(self.activity.name());
            let trace = &self.resources.trace;
            trace.over("dropped", report::DROPPED, Outcome::Failed);
            self.report();
            self.close(Outcome::Failed);
        }
    }
}
