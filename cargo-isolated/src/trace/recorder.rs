//! Records one test program for a trace, in the place of a runtime that the program may not have.
//!
//! The runner creates the file before it starts the sandbox, so the file need not be reachable in
//! there. The janitor is a copy of the runner's process and writes into the same file.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::read::VERSION;
use super::short;

/// The name of the sandbox among the resources of a test.
const SANDBOX: &str = "sandbox";

/// The record of one program, or none.
pub(crate) struct Recorder(Option<File>);

impl Recorder {
    /// Records nothing.
    pub(crate) fn nowhere() -> Recorder {
        Recorder(None)
    }

    /// Records that a sandbox for a program is being prepared. Without the name of a test, the
    /// program runs all of its tests.
    pub(crate) fn begin(dir: &Path, program: &Path, test: Option<&str>) -> Result<Recorder> {
        let recorder = Recorder::create(dir, program)
            .with_context(|| format!("failed to write a trace into `{}`", dir.display()))?;
        let crate_name = short(&program.to_string_lossy()).to_owned();
        let test = match test {
            Some(test) => format!("{crate_name}::{test}"),
            None => format!("{crate_name} (all tests)"),
        };
        recorder.write(
            "program",
            json!({ "test": test, "thread": "", "number": 0 }),
        );
        recorder.write("provision", json!({ "name": SANDBOX }));
        Ok(recorder)
    }

    fn create(dir: &Path, program: &Path) -> std::io::Result<Recorder> {
        fs::create_dir_all(dir)?;
        let pid = process::id();
        // A process ID may come again within a long run.
        let path = dir.join(format!("{pid}-{}.jsonl", now()));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)?;
        let recorder = Recorder(Some(file));
        let mut header = json!({ "version": VERSION, "pid": pid, "program": program });
        if let Ok(binary) = env::var("NEXTEST_BINARY_ID") {
            header["binary"] = binary.into();
        }
        recorder.write("process", header);
        Ok(recorder)
    }

    /// The program runs.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "there is no sandbox that could start a program")
    )]
    pub(crate) fn started(&self, pid: u32) {
        self.write("provisioned", json!({ "name": SANDBOX }));
        self.write("child", json!({ "pid": pid }));
        self.write("body", json!({}));
    }

    /// The program has ended: `how` is the exit status in words.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "there is no sandbox that could run a program")
    )]
    pub(crate) fn over(&self, has_passed: bool, has_exited: bool, how: &str) {
        let why = if has_passed { "" } else { how };
        let how = if has_exited { "returned" } else { "died" };
        let over = json!({ "outcome": outcome(has_passed), "how": how, "why": why });
        self.write("over", over);
        self.write("release", json!({ "name": SANDBOX }));
    }

    /// Nothing of the program is left.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "there is no sandbox that could run a program")
    )]
    pub(crate) fn end(&self, has_passed: bool) {
        self.write("released", json!({ "name": SANDBOX }));
        self.write("end", json!({ "outcome": outcome(has_passed) }));
    }

    /// Adds a line. A full disk is no reason to fail a test.
    fn write(&self, event: &str, mut fields: Value) {
        let Some(mut file) = self.0.as_ref() else {
            return;
        };
        fields["t"] = now().into();
        fields["e"] = event.into();
        fields["id"] = 1.into();
        let _ = file.write_all(format!("{fields}\n").as_bytes());
    }
}

fn outcome(has_passed: bool) -> &'static str {
    if has_passed { "passed" } else { "failed" }
}

/// The microseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}
