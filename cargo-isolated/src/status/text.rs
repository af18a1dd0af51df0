//! The report as text.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::report::{Host, Kept, Machines, Report, State, Test, Wait};
use crate::figures::{age, count, plural, size};
use crate::terminal::{FAINT, STRONG, WAIT, styled, wrapped};

/// The number of holders to name behind a wait.
const NAMED: usize = 2;

/// Formats a report with at most `most` kept directories, in lines of at most `width` columns.
pub(super) fn text(report: &Report, most: usize, now: SystemTime, width: usize) -> String {
    let tests = || report.processes.iter().flat_map(|process| &process.tests);
    let waiting = tests().filter(|test| test.wait.is_some()).count();
    let running = tests().count() - waiting;
    let mut text = if cfg!(windows) {
        let line = "running tests cannot be listed on Windows, because each process keeps its record locked, and a locked \
                    file cannot be read";
        wrapped(line, 0, width) + "\n"
    } else if running + waiting == 0 {
        let dir = report.state_dir.display();
        let line = format!("no isolated tests are running (state directory: {dir})");
        wrapped(&line, 0, width) + "\n"
    } else {
        format!(
            "{}, {waiting} waiting\n",
            plural(running, "test is running", "tests are running")
        )
    };
    let mut checkout: Option<Option<&PathBuf>> = None;
    for process in &report.processes {
        if checkout != Some(process.checkout.as_ref()) {
            checkout = Some(process.checkout.as_ref());
            let name = process.checkout.as_deref().map(Path::display);
            let name = name.map_or("unknown directory".to_owned(), |name| name.to_string());
            let _ = writeln!(text, "\n{}", styled(STRONG, &name));
        }
        for test in &process.tests {
            let _ = writeln!(text, "  {}", test.name);
            let place = format!("pid {}, {}", process.pid, test.place);
            let _ = writeln!(text, "{}", styled(FAINT, &wrapped(&place, 4, width)));
            let _ = writeln!(text, "{}", wrapped(&activity(test, now), 4, width));
        }
    }
    if !report.hosts.is_empty() {
        let hosts = count(report.hosts.len(), "host");
        let _ = writeln!(text, "\n{}", styled(STRONG, &hosts));
        for host in &report.hosts {
            let _ = writeln!(text, "  {}", host.name);
            let _ = writeln!(text, "{}", wrapped(&about_host(host, now), 4, width));
            let log = format!("    log: {}", host.log.display());
            let _ = writeln!(text, "{}", styled(FAINT, &log));
        }
    }
    if let Some(machines) = &report.machines {
        text.push_str(&across_machines(machines, now, width));
    }
    if !report.kept.is_empty() {
        let kept = plural(report.kept.len(), "kept directory", "kept directories");
        let bytes = report.kept.iter().map(|kept| kept.bytes).sum();
        let _ = writeln!(text, "\n{}, {}", styled(STRONG, &kept), size(bytes));
        let older = report.kept.len().saturating_sub(most);
        for kept in report.kept[older..].iter().rev() {
            text.push_str(&self::kept(kept, now, width));
        }
        if older > 0 {
            let _ = writeln!(text, "  and {older} older; `--all` lists them");
        }
    }
    text
}

/// The holders and waiters of keys across machines.
fn across_machines(machines: &Machines, now: SystemTime, width: usize) -> String {
    let title = styled(STRONG, "keys across machines");
    if let Some(why) = &machines.why {
        return format!("\n{title}\n{}\n", wrapped(why, 2, width));
    }
    if machines.tests.is_empty() {
        return format!("\n{title}\n  nobody holds one\n");
    }
    let mut text = format!("\n{title}\n");
    for test in &machines.tests {
        let age = age(since(test.since, now));
        let place = format!("machine {}, pid {}, {}", test.machine, test.pid, test.place);
        let lock = if test.waits {
            styled(WAIT, &format!("waits {age} for {}", test.lock))
        } else {
            format!("holds {} for {age}", test.lock)
        };
        let _ = writeln!(text, "  {}", test.name);
        let _ = writeln!(text, "{}", styled(FAINT, &wrapped(&place, 4, width)));
        let _ = writeln!(text, "{}", wrapped(&lock, 4, width));
    }
    text
}

/// The locks that a test holds and waits for.
fn activity(test: &Test, now: SystemTime) -> String {
    let mut parts = vec![format!("for {}", age(since(test.since, now)))];
    parts.extend(locks(&test.holds, test.wait.as_ref(), now));
    parts.join(", ")
}

fn locks(holds: &[String], wait: Option<&Wait>, now: SystemTime) -> Vec<String> {
    let mut parts = Vec::new();
    if !holds.is_empty() {
        parts.push(format!("holds {}", holds.join(", ")));
    }
    parts.extend(wait.map(|wait| waits(wait, now)));
    parts
}

/// The state of a host, with the reason if it has failed.
fn about_host(host: &Host, now: SystemTime) -> String {
    let state = match (host.state, &host.why) {
        (State::Starting, _) => "starting",
        (State::InUse, _) => "in use",
        (State::Idle, _) => "idle",
        (State::Failed, None) => "could not start",
        (State::Failed, Some(why)) => &format!("could not start: {why}"),
    };
    let mut parts = vec![state.to_owned()];
    parts.extend(host.pid.map(|pid| format!("pid {pid}")));
    let began = host.since.map(|time| age(since(time, now)));
    parts.extend(began.map(|age| format!("started {age} ago")));
    parts.extend(locks(&host.holds, host.wait.as_ref(), now));
    parts.join(", ")
}

fn waits(wait: &Wait, now: SystemTime) -> String {
    let age = age(since(wait.since, now));
    let waits = styled(WAIT, &format!("waits {age} for {}", wait.lock));
    let named = wait.behind.iter().take(NAMED);
    let named: Vec<_> = named
        .map(|behind| format!("{} (pid {})", behind.test, behind.pid))
        .collect();
    let behind = match (&named[..], wait.behind.len().saturating_sub(NAMED)) {
        ([], _) => return waits,
        (named, 0) => named.join(" and "),
        (named, others) => format!("{} and {}", named.join(", "), count(others, "other")),
    };
    format!("{waits}, held by {behind}")
}

fn kept(kept: &Kept, now: SystemTime, width: usize) -> String {
    let test = kept.test.as_deref().unwrap_or("unknown test");
    let mut about = size(kept.bytes);
    if let Some(time) = kept.since {
        let _ = write!(about, ", {} ago", age(since(time, now)));
    }
    if let Some(checkout) = &kept.checkout {
        let _ = write!(about, ", in {}", checkout.display());
    }
    let about = styled(FAINT, &wrapped(&about, 4, width));
    format!("  {test}\n    {}\n{about}\n", kept.path.display())
}

/// How long ago a time was, in milliseconds since 1970.
fn since(time: u64, now: SystemTime) -> Duration {
    let time = UNIX_EPOCH + Duration::from_millis(time);
    now.duration_since(time).unwrap_or_default()
}

#[cfg(test)]
mod tests;
