//! Builds a timeline from the lines of a trace.

mod join;

use std::collections::BTreeMap;
use std::path::Path;

use crate::trace::error::Error;
use crate::trace::event::{Event, Who};
use crate::trace::read::{Files, Process};
use crate::trace::timeline::{Lock, Outcome, Phase, Phases, Role, Span, Test, Timeline, Wait};
use crate::trace::{lanes, overlap, read, totals};

impl Timeline {
    /// Reads the traces that the processes of one or more runs wrote into a directory.
    ///
    /// # Errors
    ///
    /// Fails if the directory or a file cannot be read, if there are no traces, or if a trace has
    /// another version.
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        let mut timeline = build(read::read(dir)?);
        lanes::assign(&mut timeline);
        timeline.totals = totals::totals(&timeline.tests);
        timeline.phases = Phases::of(&timeline.tests);
        overlap::find(&mut timeline.tests);
        Ok(timeline)
    }
}

/// A test that is being built from its lines.
#[derive(Default)]
struct Building {
    test: Test,
    kind: Kind,
    /// For a test: the subprocess or its supervisor. For a subprocess: its parent process.
    link: Option<u32>,
    open: Vec<Span>,
    waiting: Option<Wait>,
    holding: Vec<Lock>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Test,
    Guard,
    Host,
    Inside,
    /// A test program in a sandbox.
    Program,
}

/// Builds a timeline without lanes, totals and overlaps.
fn build(files: Files) -> Timeline {
    let times = || files.processes.iter().flat_map(|process| &process.lines);
    let start = times().map(|line| line.t).min().unwrap_or_default();
    let end = times().map(|line| line.t).max().unwrap_or_default();
    let is_host = |process: &&Process| {
        let mut lines = process.lines.iter();
        lines.any(|line| matches!(line.event, Event::Host { .. }))
    };
    let hosts = files.processes.iter().filter(is_host).count();
    let others = files.processes.iter().filter(|process| !is_host(process));
    let tested = others.flat_map(|process| process.lines.iter().map(|line| line.t));
    let tested = tested.max().unwrap_or(start) - start;
    let processes = files.processes.len() - hosts;
    let mut all: Vec<Building> = Vec::new();
    for (file, process) in files.processes.into_iter().enumerate() {
        all.extend(tests(file, process, start));
    }
    let (mut tests, merged) = join::parts(all);
    tests.sort_by_key(|one| one.test.begin);
    Timeline {
        start,
        length: end - start,
        tested,
        broken: files.broken,
        processes: processes - merged,
        hosts,
        groups: Vec::new(),
        tests: tests.into_iter().map(Building::finish).collect(),
        totals: Vec::new(),
        phases: Phases::default(),
        suggestions: Vec::new(),
    }
}

/// Builds the tests of one process.
fn tests(file: usize, process: Process, start: u64) -> impl Iterator<Item = Building> {
    let mut all: BTreeMap<u64, Building> = BTreeMap::new();
    let mut last = 0;
    for line in process.lines {
        let one = all.entry(line.id).or_default();
        // The system clock may have been set back.
        let now = (line.t - start).max(one.test.end);
        last = last.max(now);
        one.test.end = now;
        one.apply(now, line.event);
    }
    let (pid, program, binary) = (process.pid, process.program, process.binary);
    all.into_values()
        // The line with the name comes first, unless the disk was full.
        .filter(|one| !one.test.name.is_empty())
        .map(move |mut one| {
            one.test.file = file;
            one.test.pid = pid;
            one.test.program.clone_from(&program);
            one.test.binary.clone_from(&binary);
            if one.test.outcome == Outcome::Unfinished {
                one.test.end = last;
            }
            one.close(one.test.end);
            one
        })
}

impl Building {
    /// Applies one event.
    fn apply(&mut self, now: u64, event: Event) {
        match event {
            Event::Test { who, at } => self.begin(now, Kind::Test, who, at),
            Event::Host { who, at } => self.begin(now, Kind::Host, who, at),
            Event::Program { who } => self.begin(now, Kind::Program, who, String::new()),
            Event::Guard { who, .. } => self.begin(now, Kind::Guard, who, String::new()),
            Event::Inside { who, parent } => {
                self.begin(now, Kind::Inside, who, String::new());
                self.link = Some(parent);
            }
            Event::Child { pid } => self.link = Some(pid),
            Event::Wait { want, behind } => {
                if self.waiting.as_ref().is_some_and(|wait| wait.want != want) {
                    self.end_wait(now, false);
                }
                let wait = self.waiting.get_or_insert_with(|| Wait {
                    want,
                    from: now,
                    to: now,
                    is_had: false,
                    behind: Vec::new(),
                });
                for holder in behind {
                    if !wait.behind.contains(&holder) {
                        wait.behind.push(holder);
                    }
                }
            }
            Event::Held { want, limit } => {
                self.end_wait(now, true);
                if self.kind == Kind::Guard {
                    self.open_span(now, Phase::Guard, want.clone());
                }
                self.holding.push(Lock {
                    want,
                    limit,
                    from: now,
                    to: now,
                });
            }
            Event::Free { want } => {
                if let Some(at) = self.holding.iter().rposition(|lock| lock.want == want) {
                    let lock = self.holding.remove(at);
                    self.test.locks.push(Lock { to: now, ..lock });
                }
                if self.kind == Kind::Guard {
                    self.end_span(now, Phase::Guard);
                    self.test.outcome = Outcome::Passed;
                }
            }
            Event::Provision { name } => {
                self.activate(now);
                self.open_span(now, Phase::Provision, name);
            }
            Event::Provisioned => self.end_span(now, Phase::Provision),
            Event::Body => {
                self.activate(now);
                self.open_span(now, Phase::Body, String::new());
            }
            Event::Over { outcome, how, why } => {
                self.end_wait(now, false);
                self.end_span(now, Phase::Provision);
                self.end_span(now, Phase::Body);
                (self.test.how, self.test.why) = (how, why);
                // If the runner of a program is killed after that, its end is known all the same.
                if matches!(self.kind, Kind::Inside | Kind::Program) {
                    self.test.outcome = judged(&outcome);
                }
            }
            Event::Release { name } => self.open_span(now, Phase::Release, name),
            Event::Released => self.end_span(now, Phase::Release),
            Event::End { outcome } => self.test.outcome = judged(&outcome),
            Event::Process { .. } | Event::Unknown => {}
        }
    }

    fn begin(&mut self, now: u64, kind: Kind, who: Who, at: String) {
        self.kind = kind;
        self.test.name = who.test;
        self.test.thread = who.thread;
        self.test.number = who.number;
        self.test.at = at;
        self.test.begin = now;
    }

    fn activate(&mut self, now: u64) {
        let _ = self.test.active.get_or_insert(now);
    }

    fn open_span(&mut self, now: u64, phase: Phase, what: String) {
        self.open.push(Span {
            phase,
            from: now,
            to: now,
            what,
        });
    }

    fn end_span(&mut self, now: u64, phase: Phase) {
        if let Some(at) = self.open.iter().rposition(|span| span.phase == phase) {
            let span = self.open.remove(at);
            self.test.spans.push(Span { to: now, ..span });
        }
    }

    fn end_wait(&mut self, now: u64, is_had: bool) {
        if let Some(wait) = self.waiting.take() {
            self.test.spans.push(Span {
                phase: Phase::Wait,
                from: wait.from,
                to: now,
                what: wait.want.clone(),
            });
            self.test.waits.push(Wait {
                to: now,
                is_had,
                ..wait
            });
        }
    }

    /// Ends everything that no event has ended.
    fn close(&mut self, now: u64) {
        self.end_wait(now, false);
        while let Some(span) = self.open.pop() {
            self.test.spans.push(Span { to: now, ..span });
        }
        while let Some(lock) = self.holding.pop() {
            self.test.locks.push(Lock { to: now, ..lock });
        }
    }

    fn finish(mut self) -> Test {
        self.test.role = match self.kind {
            Kind::Guard => Role::Guard,
            Kind::Host => Role::Host,
            Kind::Test | Kind::Inside | Kind::Program => Role::Test,
        };
        // Later spans are drawn on top, so the parts of a body follow it.
        self.test.spans.sort_by_key(|span| {
            let is_long = !matches!(span.phase, Phase::Body | Phase::Guard);
            (is_long, span.from)
        });
        self.test.waits.sort_by_key(|wait| wait.from);
        self.test.locks.sort_by_key(|lock| lock.from);
        self.test
    }
}

fn judged(outcome: &str) -> Outcome {
    if outcome == "passed" {
        Outcome::Passed
    } else {
        Outcome::Failed
    }
}
