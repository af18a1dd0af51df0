//! Build cost of 1,000 tests: generated packages, built from scratch and after a change. A package
//! with a single test shows the cost of the dependency.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rows::Row;
use crate::{Result, binaries, drop_in, progress};

/// One way to write the tests.
pub(crate) struct Style {
    pub(crate) name: &'static str,
    pub(crate) dependency: &'static str,
    /// The attributes of the tests, which take turns.
    pub(crate) attributes: &'static [&'static str],
    /// The parameters of each test.
    pub(crate) parameters: &'static str,
}

const ISOLATED: &str = concat!(
    "isolated-test = { path = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/../../runtime\" }"
);

/// Time budget for all rounds.
const ENOUGH: Duration = Duration::from_secs(260);

const STYLES: [Style; 5] = [
    Style {
        name: "plain",
        dependency: "",
        attributes: &["#[test]"],
        parameters: "",
    },
    Style {
        name: "`#[isolated(serial = \"…\")]`",
        dependency: ISOLATED,
        attributes: &["#[isolated_test::isolated(serial = \"key\")] #[test]"],
        parameters: "",
    },
    Style {
        name: "`#[isolated(port, tmpdir)]`",
        dependency: ISOLATED,
        attributes: &["#[isolated_test::isolated(port, tmpdir)] #[test]"],
        parameters: "_port: u16, _tmpdir: &isolated_test::TmpDir",
    },
    Style {
        name: "serial_test `#[serial(…)]`",
        dependency: "serial_test = \"4.0.1\"",
        attributes: &["#[test] #[serial_test::serial(key)]"],
        parameters: "",
    },
    Style {
        name: "serial_test `#[file_serial(…)]`",
        dependency: drop_in::SERIAL_TEST,
        attributes: &["#[test] #[serial_test::file_serial(key)]"],
        parameters: "",
    },
];

pub(crate) fn measure(quick: bool) -> Result<Vec<Row>> {
    let scratch = tempfile::Builder::new().prefix("compare-").tempdir()?;
    let rounds = if quick { 1 } else { 3 };
    let (mut rows, start) = (Vec::new(), Instant::now());
    for round in 0..rounds {
        // A busy machine gets fewer rounds, but never a partial one.
        if start.elapsed() * (round + 1) / round.max(1) > ENOUGH {
            break;
        }
        for (index, style) in STYLES.iter().enumerate() {
            let name = style.name;
            progress::say(&format!("build: round {} of {rounds}, {name}", round + 1));
            let package = Package::write(scratch.path().join(index.to_string()), style, 1_000)?;
            let mut add = |case: &str, value: f64, unit: &str| {
                rows.push(Row::new(case, name, round, value, unit));
            };
            let single = Package::write(scratch.path().join(format!("{index}-single")), style, 1)?;
            let (clean, processor, _) = single.build()?;
            add("clean build of a single test", clean, "s");
            add(
                "clean build of a single test, processor time",
                processor,
                "s",
            );
            let (clean, processor, binary) = package.build()?;
            add("clean build", clean, "s");
            add("clean build, processor time", processor, "s");
            package.change(round)?;
            let (again, processor, _) = package.build()?;
            add("build after a change of one test", again, "s");
            add(
                "build after a change of one test, processor time",
                processor,
                "s",
            );
            add("stripped binary", stripped(&binary)?, "kB");
            if round == 0 {
                add(
                    "crates besides the package",
                    f64::from(package.crates()?),
                    "",
                );
            }
        }
    }
    // The table lists cases in the order of their first rows.
    let order = ["crates", "clean", "build", "stripped"];
    rows.sort_by_key(|row| {
        let part = order.iter().position(|word| row.case.starts_with(word));
        (part, row.case.contains("processor"))
    });
    Ok(rows)
}

/// A generated package.
pub(crate) struct Package {
    folder: PathBuf,
}

impl Package {
    /// Writes the package from scratch, without any build output.
    pub(crate) fn write(folder: PathBuf, style: &Style, tests: usize) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("src"))?;
        // Cargo compiles path dependencies incrementally, which takes longer, but not those from a
        // registry. Ours are measured as users get them.
        let manifest = format!(
            "[package]\nname = \"thousand\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[profile.dev.package.\"*\"]\nincremental = false\n\n\
             [dev-dependencies]\n{}\n",
            style.dependency
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        // With the versions locked by this package, Cargo resolves nothing over the network.
        fs::write(folder.join("Cargo.lock"), include_str!("../Cargo.lock"))?;
        let mut source = String::from(
            "//! Generated.\n\n/// Adds.\npub fn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n\n\
             #[cfg(test)]\nmod tests {\n    use super::sum;\n",
        );
        for (index, attributes) in style.attributes.iter().cycle().take(tests).enumerate() {
            write!(
                source,
                "\n    {attributes}\n    fn test_{index}({}) {{\n        assert_eq!(sum({index}, 1), {});\n    }}\n",
                style.parameters,
                index + 1
            )?;
        }
        source.push_str("}\n");
        fs::write(folder.join("src/lib.rs"), source)?;
        Ok(Package { folder })
    }

    fn change(&self, round: u32) -> Result<()> {
        let path = self.folder.join("src/lib.rs");
        let source = fs::read_to_string(&path)?;
        let changed = source.replace("sum(500, 1)", &format!("sum({round} + 500 - {round}, 1)"));
        fs::write(path, changed)?;
        Ok(())
    }

    /// Builds the tests. Returns the elapsed seconds, the processor seconds, which a busy machine
    /// does not inflate, and the test binary.
    pub(crate) fn build(&self) -> Result<(f64, f64, PathBuf)> {
        let before = processor_time()?;
        let start = Instant::now();
        let output = self
            .cargo("test")
            .args([
                "--no-run",
                "--lib",
                "--message-format=json-render-diagnostics",
            ])
            .stdout(Stdio::piped())
            .output()?;
        let time = start.elapsed().as_secs_f64();
        let processor = processor_time()? - before;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("a generated package does not build:\n{errors}").into());
        }
        let path = stdout.lines().rev().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            message["executable"].as_str().map(PathBuf::from)
        });
        let path = path.ok_or("cargo built a package but does not say where")?;
        Ok((time, processor, path))
    }

    /// Number of packages that Cargo builds for this one on this machine.
    fn crates(&self) -> Result<u32> {
        let output = self
            .cargo("tree")
            .args([
                "--edges",
                "normal,build,dev",
                "--prefix",
                "none",
                "--no-dedupe",
            ])
            .output()?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        let mut packages: Vec<_> = stdout
            .lines()
            .map(|line| line.split(" (").next().unwrap_or(line))
            .filter(|line| !line.is_empty())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        Ok(u32::try_from(packages.len())?.saturating_sub(1))
    }

    pub(crate) fn cargo(&self, word: &str) -> Command {
        let mut cargo = binaries::cargo();
        cargo
            .arg(word)
            .env("CARGO_NET_OFFLINE", "true")
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove("CARGO_BUILD_TARGET_DIR");
        cargo
    }
}

/// Processor time of all children that have been reaped, in seconds.
fn processor_time() -> Result<f64> {
    let state = fs::read_to_string("/proc/self/stat")?;
    // The program name is in parentheses and may contain spaces.
    let fields = state.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(13).take(2).map(str::parse::<u32>);
    let ticks = ticks.sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) / 100.0) // Linux reports hundredths of a second, whatever its tick is.
}

/// Size of a binary without symbols, in kB.
fn stripped(binary: &Path) -> Result<f64> {
    let copy = binary.with_extension("stripped");
    let ended = Command::new("strip")
        .arg("-o")
        .arg(&copy)
        .arg(binary)
        .status()?;
    if !ended.success() {
        return Err("`strip` failed".into());
    }
    Ok(f64::from(u32::try_from(fs::metadata(copy)?.len() / 1_000)?))
}
