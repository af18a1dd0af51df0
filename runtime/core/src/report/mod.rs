//! All text that the runtime prints.
//!
//! Messages about a single test go through the test runner, by `eprint!`, so that it shows them
//! with that test. Messages about waiting go past the runner at once, because a suite that hangs
//! shows nothing else.

mod attempts;
mod repeat;

use std::fmt::{self, Write as _};
use std::time::Duration;

pub(crate) use self::attempts::{
    AttemptLog, all_repeated, flaky, not_repeated, quarantined, repeated, runs_again,
};
use crate::config::seconds;
use crate::error::chain;
use crate::lock::activity::Activity;
use crate::lock::holder::held_by;
use crate::lock::{Holder, Waited, Want};
use crate::os::tree::ProcessInfo;
use crate::output::{aloud, print};
use crate::resource::Outcome;
use crate::resource::context::TestHandle;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;
use crate::resource::value::Value;
use crate::runner;

/// Waits shorter than this are not reported.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Reports that a test waits for a lock.
pub(crate) fn waiting(waiter: &Activity, want: Want, holders: &[Holder]) {
    let line = format!(
        "isolated-test: {}: waiting for {want}, {}, asked for at {}\n",
        waiter.name(),
        held_by(holders),
        waiter.site()
    );
    aloud(&line);
}

/// Reports that a test waits for a port number that somebody has bound.
pub(crate) fn port_is_taken(test: &str, number: u16, taken: &str) {
    aloud(&format!(
        "isolated-test: {test}: waiting for port {number}, {taken}\n"
    ));
}

/// Prints an error that is not the test's own, or why its body neither returned nor panicked.
pub(crate) fn error(test: &str, error: &(dyn std::error::Error + 'static)) {
    print(&format!("isolated-test: {test}: {}\n", chain(error)));
}

/// The end of a test whose future its attribute or its runtime has dropped.
pub(crate) const DROPPED: &str = "the future of the test was dropped before it ended";

/// Reports that an asynchronous test was dropped by its runtime before it ended.
pub(crate) fn abandoned(test: &str) {
    print(&format!("isolated-test: {test}: {DROPPED}\n"));
}

/// Warns, past the test runner, that a test is isolated inside its test attribute.
pub(crate) fn not_around(test: &str, why: &str) {
    aloud(&format!(
        "isolated-test: {test}: isolated inside its test attribute, because {why}: locks and resources are \
         released before that attribute has ended; write `process` if tasks of the test must not outlive them\n"
    ));
}

/// Reports that a test returned a failing exit code; `None` if the number is unknown.
pub(crate) fn returned(test: &str, code: Option<u8>) {
    let code = code.map_or_else(String::new, |code| format!(" {code}"));
    print(&format!(
        "isolated-test: {test}: returned the exit code{code}, which is a failure\n"
    ));
}

/// Reports, past the test runner, that a test was skipped: the runner counts it as passed and would
/// not show this.
pub(crate) fn skipped(test: &str, reason: &str) {
    aloud(&format!(
        "isolated-test: {test}: skipped, because {reason}\n"
    ));
}

/// Warns that a test was called in the subprocess of another test and did not run.
pub(crate) fn not_here(name: &str, test: &str) {
    eprintln!(
        "isolated-test: {name}: not run, because this is the process of `{test}`; call it in the \
         thread of that test, or enter its context with `current().handle().enter()`"
    );
}

/// Prints the end of what a service has printed.
pub(crate) fn output_of(name: &str, service: &str, output: &str) {
    /// The number of lines that are shown.
    const MOST: usize = 40;

    let lines: Vec<_> = output.lines().collect();
    if lines.is_empty() {
        return print(&format!(
            "isolated-test: {name}: `{service}` has printed nothing\n"
        ));
    }
    let left_out = lines.len().saturating_sub(MOST);
    let mut text = format!("isolated-test: {name}: `{service}` has printed");
    if left_out > 0 {
        let _ = write!(text, " {} lines; the last {MOST} are", lines.len());
    }
    text.push_str(":\n");
    for line in &lines[left_out..] {
        let _ = writeln!(text, "    | {line}");
    }
    print(&text);
}

/// Notes in the log of a host that it ends, because every test that waited for it has ended.
#[cfg(unix)]
pub(crate) fn unwanted_host() {
    print("isolated-test: no test waits for this host any more\n");
}

/// Notes in the log of a host that it ends without having released its resource.
#[cfg(unix)]
pub(crate) fn not_released(limit: Duration) {
    print(&format!(
        "isolated-test: the resource of this host was not released within {}\n",
        seconds(limit)
    ));
}

/// Reports that the host of a resource has died while a test used it.
#[cfg(unix)]
pub(crate) fn host_died(test: &str, resource: &str, process: u32, log: &str) {
    print(&format!(
        "isolated-test: {test}: the host of `{resource}` (pid {process}) has ended during the test\n"
    ));
    output_of(test, "its host", log);
}

/// Names the processes that a test left behind, past the test runner because the test may pass.
pub(crate) fn left(name: &str, processes: &[ProcessInfo]) {
    if processes.is_empty() && cfg!(any(target_os = "linux", windows)) {
        // They have ended in the meantime. Other platforms cannot name any process.
        return;
    }
    let mut text = format!(
        "isolated-test: {name}: left {} behind, now ended",
        match processes.len() {
            0 => "processes".to_owned(),
            1 => "a process".to_owned(),
            several => format!("{several} processes"),
        }
    );
    for (index, process) in processes.iter().enumerate() {
        let comma = if index > 0 { "," } else { ":" };
        let _ = write!(text, "{comma} {} (pid {})", process.name, process.pid);
    }
    text.push('\n');
    aloud(&text);
}

/// Reports that a test timed out, and what its processes are doing.
pub(crate) fn timed_out(name: &str, elapsed: Duration, processes: &[ProcessInfo]) {
    let mut text = format!(
        "isolated-test: {name}: timed out after {}\n",
        seconds(round(elapsed))
    );
    for process in processes {
        let _ = writeln!(
            text,
            "    process    {} (pid {})",
            process.name, process.pid
        );
        for thread in &process.threads {
            let _ = writeln!(text, "    thread     {}: {}", thread.name, thread.doing);
        }
    }
    print(&text);
}

/// Reports that processes of a test cannot be ended.
pub(crate) fn immortal(test: &str, processes: &[ProcessInfo]) {
    for process in processes {
        aloud(&format!(
            "isolated-test: {test}: {} (pid {}) cannot be ended\n",
            process.name, process.pid
        ));
    }
}

/// A part of the isolation that a test lacks because it runs in place.
pub(crate) enum Missing<'a> {
    Variable(&'a str),
    Clear,
    Directory,
    Timeout,
    Network,
    #[cfg(feature = "clock")]
    Clock,
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Missing::Variable(name) => return write!(formatter, "`{name}` is as in this process"),
            Missing::Clear => "all variables are there",
            Missing::Directory => "the working directory is that of this process",
            Missing::Timeout => "no time limit applies",
            Missing::Network => "it is in the network of the machine",
            #[cfg(feature = "clock")]
            Missing::Clock => "the clock is that of the machine",
        })
    }
}

/// Reports which isolation a test lacks because it runs in place.
pub(crate) fn in_place(name: &str, missing: &[Missing<'_>]) {
    let mut text = format!(
        "isolated-test: {name}: runs in place, because `ISOLATED_PROCESS` is `off`: what it leaves \
         behind stays"
    );
    for one in missing {
        let _ = write!(text, ", {one}");
    }
    text.push('\n');
    aloud(&text);
}

/// Everything that is known about a failed test.
pub(crate) struct Failure<'a> {
    pub(crate) test: &'a TestHandle,
    /// The descriptions of custom resources, by the index of the resource. Asynchronous resources
    /// have none, and their descriptions contain their names.
    pub(crate) described: Vec<(usize, String)>,
    pub(crate) waits: &'a [(Want, Waited)],
}

/// Prints one block about a failed test.
pub(crate) fn failure(failure: &Failure<'_>) {
    print(&block(failure, runner::under_nextest()));
}

fn block(failure: &Failure<'_>, nextest: bool) -> String {
    let Failure {
        test,
        described,
        waits,
    } = failure;
    let (place, _) = test.function();
    let mut text = format!("isolated-test: {} failed\n", test.name());
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "    {label:<10} {value}");
    };
    line("at", &format!("{}:{}", place.file, place.line));
    for (index, (name, value)) in test.values().enumerate() {
        match value {
            None => line("missing", name),
            Some(Value::Ports(ports)) => {
                let mut value = format!("{name} =");
                for (index, port) in ports.iter().enumerate() {
                    let _ = write!(value, "{} {port}", if index > 0 { "," } else { "" });
                }
                let _ = write!(value, " ({})", ports.first().map_or("", Port::protocols));
                line("port", &value);
            }
            Some(Value::TmpDir(dir)) => {
                line("tmpdir", &format!("{name} = {}", described_dir(dir)));
            }
            Some(Value::Namespace(namespace)) => {
                line("namespace", &format!("{name} = {namespace}"));
            }
            Some(Value::Seed(seed)) => line("seed", &format!("{name} = {seed}")),
            Some(Value::Item(item)) => line("pool", &format!("{name} = {item:?}")),
            Some(Value::Custom(_)) => match described.iter().find(|(other, _)| *other == index) {
                Some((_, description)) => line("resource", &format!("{name} = {description}")),
                None => line("resource", name),
            },
        }
    }
    let count = test.values().count();
    for (_, description) in described.iter().filter(|(index, _)| *index >= count) {
        line("resource", description);
    }
    for dir in test.adopted().iter() {
        line("tmpdir", &described_dir(dir));
    }
    #[cfg(feature = "clock")]
    if let Some(clock) = test.clock_if_any() {
        line("clock", &clock.to_string());
    }
    // A brief stop at the turnstile is not a wait.
    for (want, waited) in waits
        .iter()
        .filter(|(_, waited)| waited.time >= SHORTEST_WAIT)
    {
        let behind = waited
            .behind
            .as_ref()
            .map(|holder| format!(" behind {}", holder.who()));
        line(
            "waited",
            &format!(
                "{} for {want}{}",
                seconds(round(waited.time)),
                behind.unwrap_or_default()
            ),
        );
    }
    if test.is_host() {
        return text;
    }
    // The others follow from the first.
    let seed = test.values().find_map(|(_, value)| value?.seed());
    let command = repeat::command(place, test.runner_name(), seed, nextest);
    line("repeat", &command);
    text
}

/// The path of a directory of a failed test, and whether it stays.
fn described_dir(dir: &TmpDir) -> String {
    let is_kept = dir.is_kept(Outcome::Failed);
    let kept = if is_kept { "kept" } else { "removed" };
    format!("{} ({kept})", dir.path().display())
}

/// Prints the directories that the subprocess of a failed test has created without the attribute.
/// Its parent does not know them.
pub(crate) fn adopted(test: &TestHandle) {
    for dir in test.adopted().iter() {
        let described = described_dir(dir);
        print(&format!(
            "isolated-test: {}: tmpdir {described}\n",
            test.name()
        ));
    }
}

/// Rounds a time down to milliseconds; nobody reads smaller units.
fn round(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
