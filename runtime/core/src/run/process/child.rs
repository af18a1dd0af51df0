//! The test inside its subprocess: what it gets from its parent, and how it reports its end.

use std::panic::resume_unwind;
use std::process;
use std::sync::{Mutex, OnceLock};

use super::mark;
use super::protocol::{self, BodyEnd, ChildMessage, HandleWire, Handover, How};
use super::terminal;
use crate::error::{Error, ErrorKind, Payload, chain, panic_message};
use crate::lock::{Subject, delegation, owner};
use crate::mutex::lock;
use crate::name::Name;
use crate::os::process::Link;
use crate::report;
use crate::resource::Outcome;
#[cfg(feature = "clock")]
use crate::resource::clock::Clock;
use crate::resource::custom::Custom;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::reclaim::Recorder;
use crate::resource::remote::Call;
use crate::resource::request::Kind;
use crate::resource::tmpdir::TmpDir;
use crate::resource::value::Value;
use crate::run::cx::Cx;
use crate::run::end::End;
use crate::run::resources::{Resources, skipped_by};
use crate::run::spec::Spec;
use crate::trace::Trace;

/// The connection of a subprocess to its parent.
pub(crate) struct Parent {
    link: Mutex<Link>,
    /// The process that connected. A fork of it must not send anything.
    process: u32,
}

static PARENT: OnceLock<Parent> = OnceLock::new();

/// Connects the test for which this process was started to its parent.
pub(crate) fn connect(name: &Name, link: &str) -> &'static Parent {
    let link = match Link::attach(link) {
        Ok(link) => link,
        Err(error) => {
            // The mark was written manually.
            eprintln!(
                "isolated-test: {}: no parent is there: {error}",
                name.full()
            );
            process::exit(2);
        }
    };
    PARENT.get_or_init(|| Parent {
        link: Mutex::new(link),
        process: process::id(),
    })
}

/// Sends the parent a call about one of its resources. The error is the reason for a refusal.
pub(crate) fn ask(call: Call) -> Result<(), String> {
    let Some(parent) = PARENT.get().filter(|parent| parent.is_ours()) else {
        return Ok(());
    };
    let link = lock(&parent.link);
    let answer = link
        .send(&protocol::encode(&ChildMessage::Call(call)))
        .and_then(|()| link.receive())
        .map_err(|error| error.to_string())?;
    protocol::decode(&answer).flatten().map_or(Ok(()), Err)
}

/// Reports a lost lock to the parent, which then ends this test.
#[cfg(unix)]
pub(crate) fn lose(why: String) {
    if let Some(parent) = PARENT.get() {
        parent.send(&ChildMessage::Lost(why));
    }
}

/// Whether this is the subprocess of a test.
pub(crate) fn is_there() -> bool {
    PARENT.get().is_some_and(Parent::is_ours)
}

impl Parent {
    fn is_ours(&self) -> bool {
        self.process == process::id()
    }

    fn send(&self, message: &ChildMessage) {
        if self.is_ours() {
            // An error does not matter: if the parent is gone, this process is ended.
            let _ = lock(&self.link).send(&protocol::encode(message));
        }
    }

    fn with_link<T>(&self, act: impl FnOnce(&Link) -> std::io::Result<T>) -> Result<T, Error> {
        act(&lock(&self.link)).map_err(|error| {
            Error::new(ErrorKind::Process, "talk to the process of the test").because(error)
        })
    }
}

/// A test in its subprocess, ready to run.
pub(crate) struct Inside<'a> {
    resources: Resources<'a>,
    parent: &'static Parent,
    /// The claims on the locks that the parent holds, which count as held here.
    held: Option<owner::Claimed>,
    /// Whether standard output belongs to the test runner again.
    is_over: bool,
}

impl<'a> Inside<'a> {
    /// Takes over what the parent hands to the test. If that fails, tells the parent the reason and
    /// returns `None`.
    pub(crate) fn begin(
        spec: &'static Spec,
        name: Name,
        custom: &mut [Custom<'a>],
        parent: &'static Parent,
    ) -> Option<Self> {
        parent.send(&ChildMessage::Started);
        let trace = Trace::inside(name.full());
        let recorder = Recorder::Parent(ask);
        // A test that asks for a network does not begin without one.
        let has_network = spec
            .process
            .is_some_and(|process| process.network.is_some());
        let current = spec.begin(name, None, delegation::acting(), recorder, has_network);
        let mut inside = Inside {
            resources: Resources::new(spec, current, trace),
            parent,
            held: None,
            is_over: false,
        };
        match inside.take_over(custom) {
            Ok(()) => {
                inside.resources.trace.body();
                Some(inside)
            }
            Err(error) => {
                if let Some(reason) = skipped_by(&error) {
                    inside.finish(End::Skipped(reason.to_owned()));
                    return None;
                }
                inside.release(Outcome::Failed);
                inside.end_output();
                parent.send(&ChildMessage::Unable(chain(&error)));
                None
            }
        }
    }

    fn take_over(&mut self, custom: &mut [Custom<'a>]) -> Result<(), Error> {
        let (parent, spec) = (self.parent, self.resources.spec);
        let content = parent.with_link(Link::receive)?;
        let given = protocol::decode(&content)
            .filter(|given: &Handover| given.values.len() == spec.resources.len())
            .ok_or_else(|| Error::new(ErrorKind::Process, "understand the parent of the test"))?;
        terminal::restore(&given.terminal);
        #[cfg(feature = "clock")]
        if let Some(speed) = given.clock {
            let clock = Clock::begin(f64::from_bits(speed))?;
            self.cx().current.give_clock(clock);
        }
        let owner = self.cx().current.owner();
        let wants = super::wants(spec, given.own_network, given.serial_network)?;
        for want in &wants {
            let Subject::Key(key) = want.subject else {
                continue;
            };
            let mut fences = given.fences.iter();
            let own =
                |(name, _): &&(String, u64)| key.is_across_machines() && *name == key.recorded();
            if let Some((_, fence)) = fences.find(own) {
                owner.has_fence(key, *fence);
            }
        }
        self.held = Some(owner::claim_of_parent(owner, &wants));
        parent.with_link(Link::begin_output)?;
        let mut customs = custom.iter();
        for (index, handle) in given.values.into_iter().enumerate() {
            let value = match (handle, spec.resources[index].kind) {
                (
                    HandleWire::Ports(numbers),
                    Kind::Port(protocol, _) | Kind::FixedPort(protocol, _),
                ) => {
                    let mut ports = Vec::with_capacity(numbers.len());
                    for number in numbers {
                        let (resource, nth) = (index, ports.len());
                        let call = Call::ReleasePort { resource, nth };
                        ports.push(if given.own_network {
                            Port::hold(number, protocol)?
                        } else {
                            Port::held_by_parent(number, protocol, call, ask)
                        });
                    }
                    Value::Ports(ports)
                }
                (HandleWire::Dir(path), _) => {
                    Value::TmpDir(TmpDir::of_parent(path.into(), index, ask))
                }
                (HandleWire::Namespace(name), _) => Value::Namespace(Namespace::given(&name)),
                (HandleWire::Seed(seed), _) => Value::Seed(seed),
                (HandleWire::Item(text), Kind::Pool(place)) => {
                    let (want, items) = self.resources.spec.pool(place);
                    let Some(item) = items.list().iter().find(|item| **item == text) else {
                        continue;
                    };
                    let owner = self.cx().current.owner();
                    owner.has_item(want.subject, item);
                    Value::Item(item)
                }
                (handle, Kind::Custom { by_value }) => {
                    let resources = &mut self.resources;
                    let shared = match (customs.next(), handle) {
                        (Some(custom), HandleWire::Custom(text)) => {
                            resources.receive(index, custom, &text, by_value)?
                        }
                        (Some(custom), _) => resources.provision(index, custom, by_value)?,
                        (None, _) => None,
                    };
                    Value::Custom(Mutex::new(shared))
                }
                _ => continue,
            };
            self.cx().current.provide(index, value);
        }
        Ok(())
    }

    pub(crate) fn cx(&self) -> &Cx {
        &self.resources.cx
    }

    /// Reports how the body ended, and lets the test attribute and the test runner go on.
    pub(crate) fn finish(mut self, end: End) {
        let outcome = end.outcome(self.resources.spec.should_panic);
        end.trace(&self.resources.trace, outcome);
        let described = if outcome == Outcome::Failed {
            report::adopted(&self.cx().current);
            self.resources.described()
        } else {
            Vec::new()
        };
        let is_clean = self.release(outcome);
        let (how, payload): (How, Option<Payload>) = match end {
            End::Returned { passed: true } => (How::Passed, None),
            End::Returned { passed: false } => (How::Failed, None),
            End::Died(why) => (How::Died(chain(&*why)), None),
            End::Skipped(why) => (How::Skipped(why), None),
            End::Panicked(payload) => {
                let text = panic_message(&payload).map(str::to_owned);
                (How::Panicked(text), Some(payload))
            }
        };
        // The parent must receive all output before it learns of the end.
        self.end_output();
        self.parent.send(&ChildMessage::BodyEnd(BodyEnd {
            how,
            is_clean,
            described,
        }));
        if let Some(payload) = payload {
            resume_unwind(payload);
        }
    }

    /// Returns standard output to the test runner, unless the test forked this process.
    fn end_output(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) && self.parent.is_ours() {
            mark::over();
            let _ = self.parent.with_link(Link::end_output);
        }
    }

    /// Releases the resources of this process in reverse order. Returns whether nothing failed.
    fn release(&mut self, outcome: Outcome) -> bool {
        let release =
            |resources: &mut Resources<'a>, index, _: &_| resources.release(index, outcome);
        self.resources.release_all(outcome, release)
    }
}

/// Ends a test whose future is dropped. The parent receives no report of an end.
impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.release(Outcome::Failed);
        self.end_output();
    }
}
