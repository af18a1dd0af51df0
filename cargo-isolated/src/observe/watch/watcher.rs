//! Turns the reported system calls of a test into what it touches.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::mem;
use std::path::PathBuf;

use super::bound;
use super::breakpoints::{Breakpoint, Counter};
use super::calls::{self, Call, SHIM};
use super::files::Files;
use super::guards::{Guarded, Guards, Lock};
use super::listener::Report;
use super::moment::Moment;
use super::ports::Ports;
use super::process::Processes;
use crate::findings::{Kind, Resource, Touch};
use crate::observe::record::Log;
use crate::observe::statics::{Snapshot, Statics};

/// The longest name of a thread, in bytes.
const THREAD_NAME: usize = 15;

/// Watches one test.
#[derive(Debug)]
pub(super) struct Watcher<'a> {
    /// The name of the thread that runs the body.
    thread_name: &'a [u8],
    statics: &'a Statics,
    breakpoints: &'a [Breakpoint],
    /// The process of the test.
    test: Option<i32>,
    body: Body,
    pub(super) processes: Processes,
    pub(super) log: Log,
    pub(super) files: Files,
    pub(super) ports: Ports,
    /// The variables that the test has set, and their values.
    variables: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// The same, but without values for those that the test removes, changes again or reads first.
    constants: BTreeMap<String, Option<Vec<u8>>>,
    guards: Guards,
    /// The contents of free locks.
    idle: HashSet<Lock>,
    changed: BTreeMap<u64, u64>,
    hits: BTreeSet<u64>,
    pub(super) relative: BTreeSet<String>,
    /// The error if the system refuses breakpoints.
    refused: Option<io::Error>,
}

/// Everything that was seen of a test.
#[derive(Debug)]
pub(in crate::observe) struct Seen {
    pub(in crate::observe) log: Log,
    /// The statics whose values differ from those before the test, with fingerprints of the new values.
    pub(in crate::observe) statics: BTreeMap<u64, u64>,
    /// The statics whose breakpoints were hit.
    pub(in crate::observe) hits: BTreeSet<u64>,
    /// See [`Record::guarded`](crate::observe::record::Record::guarded).
    pub(in crate::observe) guarded: Guarded,
    /// See [`Record::constants`](crate::observe::record::Record::constants).
    pub(in crate::observe) constants: BTreeMap<String, Vec<u8>>,
    /// See [`Record::relative`](crate::observe::record::Record::relative).
    pub(in crate::observe) relative: BTreeSet<String>,
    /// The fixed ports on which the process of the test listened after the body.
    pub(in crate::observe) ports_left: Vec<Resource>,
    /// The files that the test created and that still exist.
    pub(in crate::observe) files_left: Vec<PathBuf>,
    /// The command lines of the programs that processes executed, by process ID.
    pub(in crate::observe) programs: HashMap<i32, String>,
    /// The error if the system refused breakpoints.
    pub(in crate::observe) refused: Option<io::Error>,
}

/// The progress of the test's process.
#[derive(Debug)]
enum Body {
    /// The harness, before the body.
    NotYet,
    /// The body, in this thread, with the statics before it, and the breakpoint counters by the addresses
    /// of statics.
    Runs(i32, Snapshot, Vec<(u64, Counter)>),
    /// The harness, after the body.
    Over,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(name: &'a str, statics: &'a Statics, breakpoints: &'a [Breakpoint]) -> Self {
        let name = name.as_bytes();
        Watcher {
            thread_name: &name[..name.len().min(THREAD_NAME)],
            statics,
            breakpoints,
            test: None,
            body: Body::NotYet,
            processes: Processes::default(),
            log: Log::default(),
            files: Files::default(),
            ports: Ports::default(),
            variables: HashMap::new(),
            constants: BTreeMap::new(),
            guards: Guards::default(),
            idle: HashSet::new(),
            changed: BTreeMap::new(),
            hits: BTreeSet::new(),
            relative: BTreeSet::new(),
            refused: None,
        }
    }

    /// Records a call. The call waits until this returns.
    pub(super) fn see(&mut self, report: &Report) {
        let Some(call) = calls::of(report.number) else {
            return;
        };
        let process = self.processes.of(report.thread);
        // The first call is the one that executes the test.
        let is_test = *self.test.get_or_insert(process.id) == process.id;
        let moment = Moment {
            report,
            process,
            is_test,
        };
        match call {
            Call::EndThread => {
                self.processes.forget(report.thread);
                if matches!(self.body, Body::Runs(thread, ..) if thread == report.thread) {
                    self.end_body();
                }
            }
            Call::EndProcess if is_test => self.end_body(),
            Call::EndProcess => {}
            Call::Enter => self.processes.forget(report.thread),
            _ if is_test && matches!(self.body, Body::Over) => {}
            _ if self.processes.is_of_host(process) => {}
            Call::Name if report.arguments[0] == u64::from(SHIM) => self.variable(moment),
            Call::Name => self.begin_body(moment),
            call => self.effect(moment, call),
        }
    }

    /// Everything that was seen. All processes must have ended.
    pub(super) fn finish(mut self) -> Seen {
        let ports_left = self.ports.finish(&mut self.log);
        let files_left = self.files.finish(&mut self.log);
        let constants = self.constants.into_iter();
        Seen {
            guarded: self.guards.finish(&self.idle),
            constants: constants
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            log: self.log,
            statics: self.changed,
            hits: self.hits,
            relative: self.relative,
            programs: self.processes.programs,
            refused: self.refused,
            files_left,
            ports_left,
        }
    }

    /// Begins the body if a thread is named after the test, as libtest does before the body.
    fn begin_body(&mut self, moment: Moment<'_>) {
        if moment.is_test
            && matches!(self.body, Body::NotYet)
            && moment.text(1).as_deref() == Some(self.thread_name)
        {
            // The harness does the same for all tests.
            self.log = Log::default();
            self.files = Files::default();
            self.ports = Ports::default();
            self.variables = HashMap::new();
            self.constants = BTreeMap::new();
            self.guards = Guards::default();
            self.relative = BTreeSet::new();
            let (thread, process) = (moment.report.thread, moment.process.id);
            let before = self.statics.snapshot(process);
            self.idle.extend(self.statics.locks(process, before.base));
            let mut counters = Vec::new();
            for breakpoint in self.breakpoints {
                match Counter::start(thread, breakpoint, before.base) {
                    Ok(counter) => counters.push((breakpoint.of, counter)),
                    Err(error) => self.refused = Some(error),
                }
            }
            self.body = Body::Runs(thread, before, counters);
        }
    }

    fn end_body(&mut self) {
        if let Body::Runs(_, before, counters) = mem::replace(&mut self.body, Body::Over) {
            let Some(test) = self.test else { return };
            self.changed = Statics::changed(test, &before);
            self.idle.extend(self.statics.locks(test, before.base));
            self.ports.end_body(|| bound::ports(test));
            let hit = counters.into_iter().filter(|(_, counter)| counter.is_hit());
            self.hits = hit.map(|(of, _)| of).collect();
        }
    }

    /// The shim reports a variable.
    fn variable(&mut self, moment: Moment<'_>) {
        let Some(text) = moment.text(2) else { return };
        let mut parts = text.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().to_vec();
        let text = String::from_utf8_lossy(&name).into_owned();
        let sets = moment.report.arguments[1] == 1;
        if sets && moment.is_test {
            let value = moment.text(3).or_else(|| parts.next().map(<[u8]>::to_vec));
            let is_constant = match self.constants.get(&text) {
                Some(before) => *before == value,
                None => self.log.touches(Kind::Variable, &text).is_none(),
            };
            let constant = value.clone().filter(|_| is_constant);
            self.constants.insert(text.clone(), constant);
            self.variables.insert(name, value);
            self.touch(Kind::Variable, &text, Touch::Change);
        } else if !sets && (moment.is_test || self.is_inherited(moment.process.id, &name)) {
            self.touch(Kind::Variable, &text, Touch::Use);
        }
    }

    /// The test touches something that the threads of its process share.
    pub(super) fn touch(&mut self, kind: Kind, name: &str, touch: Touch) {
        self.log.add(kind, name, touch);
        if let (Body::Runs(_, before, _), Some(test)) = (&self.body, self.test) {
            let locks = self.statics.locks(test, before.base);
            self.guards.add(kind, name, locks);
        }
    }

    /// Whether a child has the test's value of a variable, so that a change in the test would reach the
    /// child.
    fn is_inherited(&self, child: i32, name: &[u8]) -> bool {
        let value_in = |process: i32| {
            let variables = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let mut variables = variables.split(|byte| *byte == 0);
            let value = |text: &[u8]| Some(text.strip_prefix(name)?.strip_prefix(b"=")?.to_vec());
            variables.find_map(value)
        };
        let set = self.variables.get(name).cloned();
        let of_test = set.unwrap_or_else(|| self.test.and_then(value_in));
        value_in(child) == of_test
    }
}
