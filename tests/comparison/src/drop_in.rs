//! The package `isolated-serial-test` in place of `serial_test`: the same tests, with one line of
//! their manifest changed.

use std::fs;
use std::path::PathBuf;

use crate::build::{Package, Style};
use crate::rows::Row;
use crate::{Result, place, progress, suite};

/// The dependency on `serial_test`.
pub(crate) const SERIAL_TEST: &str =
    "serial_test = { version = \"4.0.1\", features = [\"file_locks\"] }";

/// The line that replaces it, and what follows it.
macro_rules! drop_in {
    ($after:literal) => {
        concat!(
            "serial_test = { package = \"isolated-serial-test\", path = \"",
            env!("CARGO_MANIFEST_DIR"),
            "/../../runtime/compat/serial-test\", features = [\"file_locks\"] }",
            $after
        )
    };
}
const DROP_IN: &str = drop_in!("");

/// With an optimized runtime, as the guide recommends for many short tests.
const OPTIMIZED: &str = drop_in!("\n\n[profile.dev.package.isolated-test-core]\nopt-level = 3");

/// Every test locks files. The keys are those of [`MIXED`].
const FILE_SERIAL: &[&str] = &[
    "#[test] #[serial_test::file_serial]",
    "#[test] #[serial_test::file_serial(a)]",
    "#[test] #[serial_test::file_serial(b)]",
    "#[test] #[serial_test::file_serial(a, b)]",
    "#[test] #[serial_test::file_serial]",
    "#[test] #[serial_test::file_serial(a)]",
    "#[test] #[serial_test::file_serial(b)]",
    "#[test] #[serial_test::file_serial]",
    "#[test] #[serial_test::file_serial(a)]",
    "#[test] #[serial_test::file_serial(b)]",
];

const MIXED: &[&str] = &[
    "#[test] #[serial_test::serial]",
    "#[test] #[serial_test::serial(a)]",
    "#[test] #[serial_test::serial(b)]",
    "#[test] #[serial_test::serial(a, b)]",
    "#[test] #[serial_test::parallel]",
    "#[test] #[serial_test::parallel(a)]",
    "#[test] #[serial_test::parallel(b)]",
    "#[test] #[serial_test::file_serial]",
    "#[test] #[serial_test::file_serial(a)]",
    "#[test] #[serial_test::file_serial(b)]",
];

const fn style(name: &'static str, dependency: &'static str, mixed: bool) -> Style {
    Style {
        name,
        dependency,
        attributes: if mixed { MIXED } else { FILE_SERIAL },
        parameters: "",
    }
}

/// The first one is what the others are compared with.
const STYLES: [Style; 5] = [
    style("serial_test, all `file_serial`", SERIAL_TEST, false),
    style("isolated-serial-test, all `file_serial`", DROP_IN, false),
    style("serial_test, mixed", SERIAL_TEST, true),
    style("isolated-serial-test, mixed", DROP_IN, true),
    style(
        "isolated-serial-test, mixed, runtime optimized",
        OPTIMIZED,
        true,
    ),
];
const TESTS: usize = 200;

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    let scratch = tempfile::Builder::new().prefix("compare-").tempdir()?;
    let rounds = |full| if quick { 2 } else { full };
    let mut rows = Vec::new();
    let mut built = Vec::new();
    for round in 0..rounds(3) {
        built.clear();
        for (index, style) in STYLES.iter().enumerate() {
            progress::say(&format!("drop-in: build {}, {}", round + 1, style.name));
            let package = Package::write(scratch.path().join(index.to_string()), style, TESTS)?;
            let (time, processor, binary) = package.build()?;
            for (case, value) in [
                ("clean build", time),
                ("clean build, processor time", processor),
            ] {
                rows.push(Row::new(case, style.name, round, value, "s"));
            }
            built.push((style.name, package, binary));
        }
    }
    for threads in [2, 8] {
        let case = format!("cargo test, {threads} threads");
        for round in 0..rounds(21) {
            progress::say(&format!("drop-in: {case}, round {}", round + 1));
            for (name, _, binary) in &built {
                let time = suite::in_one_process(binary, threads)?;
                rows.push(Row::new(&case, name, round, time * 1_000.0, "ms"));
            }
        }
    }
    if !suite::has_nextest() {
        progress::say("drop-in: without nextest, which is not installed");
        return Ok(rows);
    }
    for at_once in [2, 8] {
        let case = format!("nextest, {at_once} at once");
        for round in 0..rounds(5) {
            progress::say(&format!("drop-in: {case}, round {}", round + 1));
            for (name, package, _) in &built {
                let mut nextest = package.cargo("nextest");
                nextest.args(["run", "--lib"]);
                let time = suite::in_processes(nextest, at_once)?;
                rows.push(Row::new(&case, name, round, time * 1_000.0, "ms"));
            }
        }
    }
    Ok(rows)
}

/// Writes the manifest of this package with that one line changed. The sources stay where they are.
pub(crate) fn manifest() -> Result<PathBuf> {
    let folder = place::output()?.join("drop-in");
    fs::create_dir_all(&folder)?;
    let path = folder.join("Cargo.toml");
    fs::write(&path, changed(include_str!("../Cargo.toml"))?)?;
    fs::write(folder.join("Cargo.lock"), include_str!("../Cargo.lock"))?;
    Ok(path)
}

/// Changes the dependency in a manifest, which then works in any folder.
fn changed(manifest: &str) -> Result<String> {
    if !manifest.lines().any(|line| line == SERIAL_TEST) {
        return Err(format!("the manifest of the comparison has no line `{SERIAL_TEST}`").into());
    }
    let here = concat!("path = \"", env!("CARGO_MANIFEST_DIR"), "/");
    Ok(manifest
        .replace("path = \"", here)
        .replace(SERIAL_TEST, DROP_IN))
}

#[cfg(test)]
mod tests {
    use super::{DROP_IN, SERIAL_TEST, changed};

    #[test]
    fn one_line_of_the_manifest_changes_beside_paths() {
        let before = include_str!("../Cargo.toml");
        let after = changed(before).unwrap();
        let lines = before.lines().zip(after.lines());
        let changed: Vec<_> = lines
            .filter(|(before, after)| before != after && !before.contains("path = \""))
            .collect();
        assert_eq!(changed, [(SERIAL_TEST, DROP_IN)]);
    }
}
