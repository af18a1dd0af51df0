//! Writes a timeline for Chrome's `about:tracing` and <https://ui.perfetto.dev>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::trace::timeline::{Role, Test, Timeline};

/// Writes JSON in the Trace Event Format, with lanes as threads.
#[must_use]
pub(crate) fn perfetto(timeline: &Timeline) -> String {
    let mut events = Vec::new();
    let mut pids: Vec<u32> = Vec::new();
    let mut taken = BTreeSet::new();
    for group in &timeline.groups {
        // The system may have given a process the number of an earlier one.
        let mut pid = group.pid;
        while !taken.insert(pid) {
            pid = pid.wrapping_add(1);
        }
        pids.push(pid);
        events.push(name("process_name", pid, 0, &group.name));
        for lane in 0..group.lanes {
            events.push(name(
                "thread_name",
                pid,
                lane,
                &format!("lane {}", lane + 1),
            ));
        }
    }
    for test in &timeline.tests {
        add(&mut events, test, pids[test.group], timeline.start);
    }
    json!({ "displayTimeUnit": "ms", "traceEvents": events }).to_string()
}

fn name(what: &str, pid: u32, lane: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": pid, "tid": lane + 1, "args": { "name": name } })
}

/// Adds a test with its phases inside.
fn add(events: &mut Vec<Value>, test: &Test, pid: u32, start: u64) {
    let mut event = |name: &str, kind: &str, from: u64, to: u64, args: Value| {
        events.push(json!({
            "ph": "X", "name": name, "cat": kind, "pid": pid, "tid": test.lane + 1,
            "ts": start + from, "dur": to - from, "args": args,
        }));
    };
    let args = json!({
        "outcome": test.outcome, "how": test.how, "why": test.why, "at": test.at,
        "pid": test.pid, "child": test.child, "thread": test.thread, "number": test.number,
    });
    let kind = match test.role {
        Role::Host => "host",
        Role::Test | Role::Guard => "test",
    };
    event(&test.name, kind, test.begin, test.end, args);
    for span in &test.spans {
        let kind = span.phase.name();
        let name = format!("{kind} {}", span.what);
        let wait = test
            .waits
            .iter()
            .find(|wait| (wait.from, &wait.want) == (span.from, &span.what));
        let args = json!({ "behind": wait.map(|wait| &wait.behind) });
        event(name.trim_end(), kind, span.from, span.to, args);
    }
}
