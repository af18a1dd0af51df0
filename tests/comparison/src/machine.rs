//! The machine and the versions behind the figures.

use std::fs;
use std::process::Command;

use crate::Result;

/// Describes the date, processors, kernel, load, compiler, nextest and the peer versions in one
/// paragraph.
pub(crate) fn describe() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let kernel = first_line("/proc/sys/kernel/osrelease");
    let load = first_line("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let rustc = stdout_of(Command::new("rustc").arg("--version"));
    let nextest = stdout_of(crate::binaries::cargo().args(["nextest", "--version"]));
    let nextest = nextest.lines().next().unwrap_or_default();
    let day = stdout_of(Command::new("date").arg("+%Y-%m-%d"));
    let peers = [
        "serial_test",
        "tempfile",
        "portpicker",
        "rusty-fork",
        "test-fork",
        "sealed_test",
    ]
    .into_iter()
    .chain(["test-context"])
    .map(version)
    .collect::<Vec<_>>()
    .join(", ");
    let line = format!(
        "{}: {cores} cores, Linux {kernel}, load {load} at the start, {}, {}.\nPeers: {peers}.\n",
        day.trim(),
        rustc.trim(),
        if nextest.is_empty() {
            "no nextest"
        } else {
            nextest
        },
    );
    Ok(line)
}

/// The name of a package and the version locked by this comparison.
pub(crate) fn version(package: &str) -> String {
    const LOCK: &str = include_str!("../Cargo.lock");
    let name = format!("name = \"{package}\"");
    let version = LOCK
        .lines()
        .skip_while(|line| *line != name)
        .nth(1)
        .and_then(|line| line.split('"').nth(1));
    format!("{package} {}", version.unwrap_or("of an unknown version"))
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn stdout_of(command: &mut Command) -> String {
    let output = command
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    String::from_utf8_lossy(&output).into_owned()
}
