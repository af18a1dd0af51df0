//! The trace: what happened when, if `ISOLATED_TRACE` names a directory.
//!
//! Each process appends lines to its own file. A line is one JSON object, written with a single
//! `write`, so a killed process leaves only whole lines. `docs/trace.md` describes the lines and
//! `cargo isolated trace` draws them. This module owns the format; nothing else in the runtime knows it.
//! Without the variable, a test only checks an option.

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
use crate::lock::{Held, Holder, Want};
use crate::name::Name;
use crate::resource::Outcome;

/// The events before and after a resource is provisioned.
pub(crate) const PROVISION: [&str; 2] = ["provision", "provisioned"];

/// The events before and after a resource is released.
pub(crate) const RELEASE: [&str; 2] = ["release", "released"];

/// The part of one test or guard in the trace, if there is a trace.
pub(crate) struct Trace(Option<Lane>);

struct Lane {
    file: Arc<TraceFile>,
    id: u64,
}

impl Trace {
    /// Traces that a test or host begins. An unusable directory is an error of the first one.
    pub(crate) fn begin(name: &Name, place: &SourceLocation) -> Result<Self, Error> {
        let trace = Trace::open()?;
        if trace.is_on() {
            let event = if name.is_host() { "host" } else { "test" };
            let place = format!("{}:{}", place.file, place.line);
            trace.introduce(event, name.full(), ("at", Field::Text(&place)));
        }
        Ok(trace)
    }

    /// Traces a request for a key outside of the attribute.
    pub(crate) fn guard(test: &str, want: Want) -> Self {
        let trace = Trace::open().unwrap_or(Trace(None));
        trace.introduce("guard", test, ("want", Field::Want(want)));
        trace
    }

    /// Traces that this is the subprocess of a test. Its parent has already reported any error of
    /// the trace.
    pub(crate) fn inside(test: &str) -> Self {
        let trace = Trace::open().unwrap_or(Trace(None));
        #[cfg(unix)]
        let parent = std::os::unix::process::parent_id();
        #[cfg(not(unix))]
        let parent = 0_u32;
        trace.introduce("inside", test, ("parent", Field::Number(parent.into())));
        trace
    }

    /// Traces that the test waits for a lock, and the current holders.
    pub(crate) fn waiting(&self, want: Want, holders: &[Holder]) {
        let behind = ("behind", Field::Holders(holders));
        self.write("wait", &[("want", Field::Want(want)), behind]);
    }

    /// Traces that a lock is held, and which item of a pool.
    pub(crate) fn held(&self, held: &Held) {
        let want = ("want", Field::Want(held.want()));
        match held.item() {
            None => self.write("held", &[want]),
            Some(item) => self.write("held", &[want, ("item", Field::Text(item))]),
        }
    }

    /// Traces that a lock is about to be released. Called before the release, so that no two tests
    /// seem to hold the lock at once.
    pub(crate) fn free(&self, want: Want) {
        self.write("free", &[("want", Field::Want(want))]);
    }

    /// Runs an action on a resource, and traces its beginning and end.
    pub(crate) fn during<T>(
        &self,
        [before, after]: [&str; 2],
        resource: &str,
        act: impl FnOnce() -> T,
    ) -> T {
        self.write(before, &[("name", Field::Text(resource))]);
        let done = act();
        self.write(after, &[("name", Field::Text(resource))]);
        done
    }

    /// Traces that the body begins.
    pub(crate) fn body(&self) {
        self.write("body", &[]);
    }

    /// Traces the process below which the body runs.
    pub(crate) fn child(&self, process: u32) {
        self.write("child", &[("pid", Field::Number(process.into()))]);
    }

    /// Traces that the test has a clock of its own, and how it is set.
    #[cfg(feature = "clock")]
    pub(crate) fn clock(&self, clock: &str) {
        self.write("clock", &[("set", Field::Text(clock))]);
    }

    /// Traces how the body ended, and why.
    pub(crate) fn over(&self, how: &str, why: &str, outcome: Outcome) {
        let how = ("how", Field::Text(how));
        let why = ("why", Field::Text(why));
        self.write("over", &[judged(outcome), how, why]);
    }

    /// Traces that the test has ended and released everything.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.write("end", &[judged(outcome)]);
    }

    /// Whether anything is written.
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
            self.write(
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

    fn write(&self, event: &str, values: &[(&str, Field<'_>)]) {
        if let Some(lane) = &self.0 {
            lane.file.write(event, Some(lane.id), values);
        }
    }
}

fn judged(outcome: Outcome) -> (&'static str, Field<'static>) {
    let word = match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
    };
    ("outcome", Field::Text(word))
}
