//! The trace: what happened when, if `ISOLATED_TRACE` names a directory.
//!
//! Each process appends lines to one file of its own, each line one object of JSON, and each with
//! one `write`, so that a process that is killed leaves whole lines. `docs/trace.md` describes them
//! and `isolated-trace` draws them. This module owns the format, and nobody else in the runtime
//! knows it. Without the variable nothing is looked at but an option.

mod file;
mod line;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use self::file::TraceFile;
use self::line::Field;
use crate::config::variables;
use crate::error::Error;
use crate::location::SourceLocation;
use crate::lock::{Holder, Want};
use crate::resource::Outcome;

/// What is written before and after a resource is provisioned.
pub(crate) const PROVISION: [&str; 2] = ["provision", "provisioned"];

/// What is written before and after a resource is released.
pub(crate) const RELEASE: [&str; 2] = ["release", "released"];

/// What one test or guard says in the trace, if there is one.
pub(crate) struct Trace(Option<Lane>);

struct Lane {
    file: Arc<TraceFile>,
    id: u64,
}

impl Trace {
    /// Says that a test has begun. A directory that cannot be used is an error of the first test.
    pub(crate) fn begin(test: &str, place: &SourceLocation) -> Result<Self, Error> {
        let trace = Trace::open()?;
        if trace.is_on() {
            let place = format!("{}:{}", place.file, place.line);
            trace.introduce("test", test, ("at", Field::Text(&place)));
        }
        Ok(trace)
    }

    /// Says that somebody asks for a key outside of the attribute.
    pub(crate) fn guard(test: &str, want: Want) -> Self {
        let trace = Trace::open().unwrap_or(Trace(None));
        trace.introduce("guard", test, ("want", Field::Want(want)));
        trace
    }

    /// Says that this is the process of a test, whose parent has told what is wrong with the trace.
    pub(crate) fn inside(test: &str) -> Self {
        let trace = Trace::open().unwrap_or(Trace(None));
        #[cfg(unix)]
        let parent = std::os::unix::process::parent_id();
        #[cfg(not(unix))]
        let parent = 0_u32;
        trace.introduce("inside", test, ("parent", Field::Number(parent.into())));
        trace
    }

    /// Says that a lock is waited for, and who is in the way now.
    pub(crate) fn waiting(&self, want: Want, holders: &[Holder]) {
        let behind = ("behind", Field::Holders(holders));
        self.say("wait", &[("want", Field::Want(want)), behind]);
    }

    /// Says that a lock is held.
    pub(crate) fn held(&self, want: Want) {
        self.say("held", &[("want", Field::Want(want))]);
    }

    /// Says that a lock is about to be released: before, so that no two seem to hold it at once.
    pub(crate) fn free(&self, want: Want) {
        self.say("free", &[("want", Field::Want(want))]);
    }

    /// Says when something is done with a resource, and when that has ended.
    pub(crate) fn during<T>(
        &self,
        [before, after]: [&str; 2],
        resource: &str,
        act: impl FnOnce() -> T,
    ) -> T {
        self.say(before, &[("name", Field::Text(resource))]);
        let done = act();
        self.say(after, &[("name", Field::Text(resource))]);
        done
    }

    /// Says that the body begins.
    pub(crate) fn body(&self) {
        self.say("body", &[]);
    }

    /// Says below which process the body runs.
    pub(crate) fn child(&self, process: u32) {
        self.say("child", &[("pid", Field::Number(process.into()))]);
    }

    /// Says how the body has ended, and why.
    pub(crate) fn over(&self, how: &str, why: &str, outcome: Outcome) {
        let how = ("how", Field::Text(how));
        let why = ("why", Field::Text(why));
        self.say("over", &[judged(outcome), how, why]);
    }

    /// Says that everything was given back.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.say("end", &[judged(outcome)]);
    }

    /// Tells whether anything is written at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    fn open() -> Result<Self, Error> {
        let Some(dir) = &variables()?.trace else {
            return Ok(Trace(None));
        };
        let file = TraceFile::of_this_process(dir)?;
        Ok(Trace(file.map(|file| Lane {
            id: file.begun.fetch_add(1, Ordering::Relaxed) + 1,
            file,
        })))
    }

    fn introduce(&self, event: &str, test: &str, more: (&str, Field<'_>)) {
        if self.is_on() {
            let thread = thread::current();
            let number: String = format!("{:?}", thread.id())
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            self.say(
                event,
                &[
                    ("test", Field::Text(test)),
                    ("thread", Field::Text(thread.name().unwrap_or_default())),
                    ("number", Field::Number(number.parse().unwrap_or_default())),
                    more,
                ],
            );
        }
    }

    fn say(&self, event: &str, values: &[(&str, Field<'_>)]) {
        if let Some(lane) = &self.0 {
            lane.file.write(event, Some(lane.id), values);
        }
    }
}

/// Says that a guard holds its key, until it is dropped.
pub(crate) struct Holding(Trace, Want);

impl Holding {
    pub(crate) fn new(trace: Trace, want: Want) -> Self {
        trace.held(want);
        Holding(trace, want)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.free(self.1);
    }
}

fn judged(outcome: Outcome) -> (&'static str, Field<'static>) {
    let word = match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
    };
    ("outcome", Field::Text(word))
}
