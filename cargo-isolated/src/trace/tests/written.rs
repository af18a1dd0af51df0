//! Directories as the runtime writes them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// When the first process begins.
pub(crate) const START: u64 = 1_700_000_000_000_000;

/// A directory with traces.
pub(crate) struct Written(tempfile::TempDir);

/// The lines of one process.
#[derive(Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// Begins as a process does.
    pub(crate) fn of(pid: u32) -> Self {
        let lines = Lines::default();
        lines.raw(&format!(
            "{{\"t\":{START},\"e\":\"process\",\"version\":1,\"pid\":{pid},\
             \"program\":\"/target/debug/deps/shop-0123456789abcdef\"}}\n"
        ))
    }

    /// Adds text as it is.
    pub(crate) fn raw(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Adds an event of one test; `more` is the rest of the object.
    pub(crate) fn say(mut self, time: u64, event: &str, id: u64, more: &str) -> Self {
        let time = START + time;
        let comma = if more.is_empty() { "" } else { "," };
        let _ = writeln!(
            self.0,
            "{{\"t\":{time},\"e\":\"{event}\",\"id\":{id}{comma}{more}}}"
        );
        self
    }

    /// Begins a test.
    pub(crate) fn test(self, time: u64, id: u64, name: &str) -> Self {
        let more = format!(
            "\"test\":\"{name}\",\"thread\":\"t\",\"number\":{id},\"at\":\"src/lib.rs:{id}\""
        );
        self.say(time, "test", id, &more)
    }

    /// Waits for a lock behind somebody, and gets it.
    pub(crate) fn wait(self, from: u64, to: u64, id: u64, want: &str, behind: &str) -> Self {
        let holders = match behind {
            "" => String::new(),
            name => format!("{{\"test\":\"{name}\",\"pid\":1}}"),
        };
        self.say(
            from,
            "wait",
            id,
            &format!("\"want\":\"{want}\",\"behind\":[{holders}]"),
        )
        .say(to, "held", id, &format!("\"want\":\"{want}\""))
    }

    /// Runs the body to its end, and the test with it.
    pub(crate) fn body(self, from: u64, to: u64, id: u64, outcome: &str) -> Self {
        let judged = format!("\"outcome\":\"{outcome}\"");
        let how = format!("{judged},\"how\":\"returned\",\"why\":\"\"");
        self.say(from, "body", id, "")
            .say(to, "over", id, &how)
            .say(to, "end", id, &judged)
    }
}

impl Written {
    /// Writes one file for each process.
    pub(crate) fn new(processes: impl IntoIterator<Item = Lines>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (index, lines) in processes.into_iter().enumerate() {
            fs::write(dir.path().join(format!("{index:05}.jsonl")), lines.0).unwrap();
        }
        Written(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}
