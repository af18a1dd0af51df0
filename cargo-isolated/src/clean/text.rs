//! The list of removed files and their size.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use isolated_test_core::inspect::{Cleanup, Kept, LeftHost};

use super::traces::Traces;
use crate::figures::{age, count, plural, size};
use crate::terminal::{ALERT, FAINT, STRONG, styled, wrapped};

/// Formats the list with at most `most` entries of each kind, in lines of at most `width` columns.
pub(super) fn text(
    cleanup: &Cleanup,
    traces: &Traces,
    most: usize,
    dry_run: bool,
    now: SystemTime,
    width: usize,
) -> String {
    let mut text = String::new();
    if !cleanup.kept.is_empty() {
        push_heading(&mut text, "kept directories");
        for kept in cleanup.kept.iter().take(most) {
            push(&mut text, &kept.path, &about(kept, now), width);
        }
        push_more(&mut text, cleanup.kept.len(), most);
    }
    if !cleanup.hosts.is_empty() {
        push_heading(&mut text, "hosts");
        for host in cleanup.hosts.iter().take(most) {
            push(&mut text, &host.path, &about_host(host), width);
        }
        push_more(&mut text, cleanup.hosts.len(), most);
    }
    for (heading, list) in [
        ("left by processes that were killed", &cleanup.dead),
        ("traces", &traces.removed),
    ] {
        if !list.is_empty() {
            push_heading(&mut text, heading);
        }
        for (path, bytes) in list.iter().take(most) {
            push(&mut text, path, &size(*bytes), width);
        }
        push_more(&mut text, list.len(), most);
    }
    let failed: Vec<_> = cleanup.failed.iter().chain(&traces.failed).collect();
    if !failed.is_empty() {
        push_heading(&mut text, "not removed");
    }
    for (path, reason) in failed {
        let reason = styled(ALERT, &wrapped(reason, 4, width));
        let _ = writeln!(text, "  {}\n{reason}", path.display());
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&wrapped(&total(cleanup, traces, dry_run), 0, width));
    text.push('\n');
    let in_use = in_use(cleanup.alive, traces.in_use);
    if let Some(line) = in_use {
        text.push_str(&wrapped(&line, 0, width));
        text.push('\n');
    }
    text
}

fn push_heading(text: &mut String, heading: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}", styled(STRONG, heading));
}

fn push(text: &mut String, path: &Path, about: &str, width: usize) {
    let about = styled(FAINT, &wrapped(about, 4, width));
    let _ = writeln!(text, "  {}\n{about}", path.display());
}

fn push_more(text: &mut String, all: usize, most: usize) {
    if all > most {
        let _ = writeln!(text, "  and {} more; `--all` lists them", all - most);
    }
}

fn about(kept: &Kept, now: SystemTime) -> String {
    let mut about = size(kept.bytes);
    if let Some(since) = kept.since {
        let since = now.duration_since(since).unwrap_or_default();
        let _ = write!(about, ", {} ago", age(since));
    }
    if let Some(test) = &kept.test {
        let _ = write!(about, ", {test}");
    }
    about
}

fn about_host(host: &LeftHost) -> String {
    let size = size(host.bytes);
    match host.process {
        Some(process) => format!("{size}, idle, pid {process}"),
        None => format!("{size}, ended or never started"),
    }
}

/// The number of ended hosts, and of removed entries and their size.
fn total(cleanup: &Cleanup, traces: &Traces, dry_run: bool) -> String {
    let dead = cleanup.dead.len();
    let counts = [
        (cleanup.kept.len(), "kept directory", "kept directories"),
        (
            cleanup.hosts.len(),
            "directory of a host",
            "directories of hosts",
        ),
        (
            dead,
            "record of a killed process",
            "records of killed processes",
        ),
        (traces.removed.len(), "trace", "traces"),
    ];
    let counts = counts.into_iter().filter(|(number, ..)| *number > 0);
    let counts: Vec<_> = counts
        .map(|(number, one, many)| plural(number, one, many))
        .collect();
    if counts.is_empty() {
        return "nothing to remove".to_owned();
    }
    let sum = |list: &[(PathBuf, u64)]| list.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let bytes = cleanup.kept.iter().map(|kept| kept.bytes).sum::<u64>()
        + cleanup.hosts.iter().map(|host| host.bytes).sum::<u64>()
        + sum(&cleanup.dead)
        + sum(&traces.removed);
    let verb = if dry_run { "would remove" } else { "removed" };
    let removed = format!("{verb} {}: {}", counts.join(", "), size(bytes));
    let ended = cleanup.hosts.iter().filter(|host| host.process.is_some());
    match (ended.count(), dry_run) {
        (0, _) => removed,
        (ended, false) => format!("ended {}, {removed}", count(ended, "host")),
        (ended, true) => format!("would end {}, {removed}", count(ended, "host")),
    }
}

fn in_use(processes: usize, traces: usize) -> Option<String> {
    let processes = (processes > 0).then(|| {
        let processes = plural(processes, "running process", "running processes");
        format!("the directories of {processes}")
    });
    let traces = (traces > 0).then(|| {
        let traces = count(traces, "trace");
        if cfg!(target_os = "linux") {
            return traces;
        }
        format!(
            "{traces} below `target/isolated` (only on Linux is it known whether a run has ended)"
        )
    });
    let both: Vec<_> = processes.into_iter().chain(traces).collect();
    (!both.is_empty()).then(|| format!("in use, and not touched: {}", both.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::{Duration, UNIX_EPOCH};

    use anstream::adapter::strip_str;
    use isolated_test_core::inspect::{Cleanup, Kept, LeftHost};

    use super::{Traces, text};

    fn shown(cleanup: &Cleanup, traces: &Traces, dry_run: bool) -> String {
        let now = UNIX_EPOCH + Duration::from_secs(10_000);
        strip_str(&text(cleanup, traces, 1, dry_run, now, 80)).to_string()
    }

    #[test]
    fn everything_is_listed_with_its_size() {
        let cleanup = Cleanup {
            kept: vec![Kept {
                path: PathBuf::from("/state/runs/g69cc0/pays-2qfUVO"),
                test: Some("shop::pays".to_owned()),
                directory: None,
                since: Some(UNIX_EPOCH + Duration::from_secs(2_800)),
                bytes: 1536,
            }],
            dead: ["abcdef", "ghijkl"]
                .map(|name| (Path::new("/state/runs").join(name), 512))
                .into(),
            hosts: [
                ("api-9f86d081884c7d65", Some(4242)),
                ("db-fd61a03af4f77d87", None),
            ]
            .map(|(name, process)| LeftHost {
                path: Path::new("/state/hosts").join(name),
                bytes: 100,
                process,
            })
            .into(),
            failed: vec![(
                PathBuf::from("/state/runs/x"),
                "permission denied".to_owned(),
            )],
            alive: 2,
        };
        let traces = Traces {
            removed: vec![(PathBuf::from("/target/isolated/trace/1-7"), 512)],
            failed: Vec::new(),
            in_use: 1,
        };
        let expected = "\
kept directories
  /state/runs/g69cc0/pays-2qfUVO
    1.5 KiB, 2 h ago, shop::pays

hosts
  /state/hosts/api-9f86d081884c7d65
    100 B, idle, pid 4242
  and 1 more; `--all` lists them

left by processes that were killed
  /state/runs/abcdef
    512 B
  and 1 more; `--all` lists them

traces
  /target/isolated/trace/1-7
    512 B

not removed
  /state/runs/x
    permission denied

ended 1 host, removed 1 kept directory, 2 directories of hosts, 2 records of
killed processes, 1 trace: 3.1 KiB
in use, and not touched: the directories of 2 running processes, 1 trace
";
        assert_eq!(shown(&cleanup, &traces, false), expected);
        let planned = "
would end 1 host, would remove 1 kept directory, 2 directories of hosts, 2
records of killed processes, 1 trace: 3.1 KiB
";
        let shown = shown(&cleanup, &traces, true);
        assert!(shown.contains(planned), "{shown}");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        let shown = shown(&Cleanup::default(), &Traces::default(), false);
        assert_eq!(shown, "nothing to remove\n");
    }
}
