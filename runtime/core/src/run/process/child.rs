//! The test inside its subprocess: what it gets from its parent, and how it reports its end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::mark;
use super::protocol::{self, BodyEnd, ChildMessage, HandleWire, Handover, How};
use super::terminal;
use crate::error::{BoxError, Error, ErrorKind, Payload, chain, panic_message};
use crate::lock::{delegation, owner};
use crate::name::Name;
use crate::os::process::Link;
use crate::report;
use crate::resource::context::Value;
use crate::resource::custom::{Custom, Provider};
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::remote::Call;
use crate::resource::request::Kind;
use crate::resource::tmpdir::TmpDir;
use crate::resource::{Outcome, attempt};
use crate::run::cx::Cx;
use crate::run::end::End;
use crate::run::spec::Spec;
use crate::trace::{PROVISION, RELEASE, Trace};

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
    let link = parent.link.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = link
        .send(&ChildMessage::Call(call).encode())
        .and_then(|()| link.receive())
        .map_err(|error| error.to_string())?;
    if answer.is_empty() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Parent {
    fn is_ours(&self) -> bool {
        self.process == process::id()
    }

    fn send(&self, message: &ChildMessage) {
        if self.is_ours() {
            let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            // An error does not matter: if the parent is gone, this process is ended.
            let _ = link.send(&message.encode());
        }
    }

    fn with_link<T>(&self, act: impl FnOnce(&Link) -> std::io::Result<T>) -> Result<T, Error> {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        act(&link).map_err(|error| {
            Error::new(ErrorKind::Process, "talk to the process of the test").because(error)
        })
    }
}

/// A test in its subprocess, ready to run.
pub(crate) struct Inside<'a> {
    spec: &'static Spec,
    providers: Vec<(usize, Box<dyn Provider + 'a>)>,
    cx: Cx,
    parent: &'static Parent,
    trace: Trace,
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
        let mut inside = Inside {
            spec,
            providers: Vec::new(),
            cx: Cx::new(spec.begin(name, None, delegation::acting())),
            parent,
            trace,
            held: None,
            is_over: false,
        };
        match inside.take_over(custom) {
            Ok(()) => {
                inside.trace.body();
                Some(inside)
            }
            Err(error) => {
                inside.release(Outcome::Failed);
                inside.end_output();
                parent.send(&ChildMessage::Unable(chain(&error)));
                None
            }
        }
    }

    fn take_over(&mut self, custom: &mut [Custom<'a>]) -> Result<(), Error> {
        let parent = self.parent;
        let content = parent.with_link(Link::receive)?;
        let given = Handover::decode(&content)
            .filter(|given| given.values.len() == self.spec.resources.len())
            .ok_or_else(|| Error::new(ErrorKind::Process, "understand the parent of the test"))?;
        terminal::restore(&given.terminal);
        let owner = self.cx.current().owner();
        let wants = super::wants(self.spec, given.own_network, given.serial_network)?;
        self.held = Some(owner::claim_of_parent(owner, &wants));
        parent.with_link(Link::begin_output)?;
        let mut customs = custom.iter();
        for (index, gift) in given.values.into_iter().enumerate() {
            let request = &self.spec.resources[index];
            let current = self.cx.current();
            let value = match (gift, request.kind) {
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
                (HandleWire::Dir(path), _) => Value::TmpDir(TmpDir::of_parent(path, index, ask)),
                (HandleWire::Namespace(name), _) => Value::Namespace(Namespace::given(&name)),
                (HandleWire::Seed(seed), _) => Value::Seed(seed),
                (gift, Kind::Custom { by_value }) => {
                    if let Some(custom) = customs.next() {
                        let slot = &current.slots()[index];
                        let _entered = current.enter_thread();
                        let _providing = current.owner().provide();
                        let result = catch_unwind(AssertUnwindSafe(|| {
                            if let HandleWire::Custom(text) = gift {
                                return custom.receive(&text, by_value, slot).map(|()| None);
                            }
                            self.trace.during(PROVISION, request.name, || {
                                let mut provider = custom.make();
                                provider.provision(current, by_value, slot)?;
                                Ok(Some(provider))
                            })
                        }));
                        let provider = attempt("provision", request, result)?;
                        self.providers
                            .extend(provider.map(|provider| (index, provider)));
                    }
                    Value::Custom
                }
                _ => continue,
            };
            self.cx.current().provide(index, value);
        }
        Ok(())
    }

    pub(crate) fn cx(&self) -> &Cx {
        &self.cx
    }

    /// Reports how the body ended, and lets the test attribute and the test runner go on.
    pub(crate) fn finish(mut self, end: End) {
        let outcome = end.outcome(self.spec.should_panic);
        end.trace(&self.trace, outcome);
        let described = if outcome == Outcome::Failed {
            report::adopted(self.cx.current());
            self.describe()
        } else {
            Vec::new()
        };
        let is_clean = self.release(outcome);
        let (how, payload): (How, Option<Payload>) = match end {
            End::Returned { passed: true } => (How::Passed, None),
            End::Returned { passed: false } | End::Died(_) => (How::Failed, None),
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

    fn describe(&self) -> Vec<(usize, String)> {
        let describe = |(index, provider): &(usize, Box<dyn Provider + 'a>)| {
            let described = catch_unwind(AssertUnwindSafe(|| provider.describe()));
            Some((*index, described.ok()??))
        };
        self.providers.iter().filter_map(describe).collect()
    }

    /// Releases the resources of this process in reverse order. Returns whether nothing failed.
    fn release(&mut self, outcome: Outcome) -> bool {
        let mut is_clean = true;
        while let Some((index, mut provider)) = self.providers.pop() {
            let request = &self.spec.resources[index];
            let result: Result<Result<(), BoxError>, Payload> =
                catch_unwind(AssertUnwindSafe(|| {
                    self.cx.drop_slot(index);
                    let _entered = self.cx.current().handle().enter();
                    let _providing = self.cx.current().owner().provide();
                    let release = || provider.release(outcome);
                    self.trace.during(RELEASE, request.name, release)
                }));
            if let Err(error) = attempt("release", request, result) {
                report::error(self.cx.current().name(), &error);
                is_clean = false;
            }
        }
        for dir in self.cx.current().take_adopted() {
            if let Err(error) = dir.finish(outcome) {
                report::error(self.cx.current().name(), &error);
                is_clean = false;
            }
        }
        is_clean
    }
}

/// Ends a test whose future is dropped. The parent receives no report of an end.
impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.release(Outcome::Failed);
        self.end_output();
    }
}

/// Encodes the answer to a call; it is empty if the parent agrees.
pub(super) fn answer(result: Result<(), Error>) -> Vec<u8> {
    let refused = result.err().map(|error| chain(&error)).unwrap_or_default();
    protocol::frame(refused.as_bytes())
}
