//! A workspace to edit, in a git repository.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::undisturbed::undisturb;

/// A workspace in which everything is committed.
pub(crate) struct Suite {
    dir: TempDir,
    /// Unique, because packages with one name would overwrite each other's programs in the shared target
    /// directory.
    package: String,
}

/// A path of this repository.
pub(crate) fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let path = path.canonicalize().expect("a path of this repository");
    path.to_str().expect("UTF-8").to_owned()
}

impl Suite {
    /// A package with these files, besides an empty library and a manifest.
    pub(crate) fn new(files: &[(&str, &str)]) -> Suite {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let name = dir.path().file_name().unwrap_or_default();
        let package = name
            .to_string_lossy()
            .trim_start_matches('.')
            .to_lowercase();
        let suite = Suite { dir, package };
        suite.write("Cargo.toml", &suite.manifest());
        suite.write("src/lib.rs", "");
        // The versions of this repository need not be looked up.
        let lock = fs::read_to_string(repository("Cargo.lock")).expect("a lockfile");
        suite.write("Cargo.lock", &lock);
        suite.write(".gitignore", "/home\n/*.json\n");
        for (path, text) in files {
            suite.write(path, text);
        }
        suite.git(&["init", "--quiet"]);
        suite.commit();
        suite
    }

    /// `Cargo.toml` of a package without dependencies, which is its own workspace.
    pub(crate) fn manifest(&self) -> String {
        let package = &self.package;
        format!(
            "[package]\nname = \"{package}\"\nedition = \"2021\"\n\n[lib]\nname = \"suite\"\n\n[workspace]\n"
        )
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file")
    }

    pub(crate) fn git(&self, words: &[&str]) -> String {
        let mut command = self.command("git");
        command.args([
            "-c",
            "user.name=suite",
            "-c",
            "user.email=suite@example.com",
        ]);
        let output = command.args(words).output().expect("git");
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
        printed(&output)
    }

    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a state"]);
    }

    /// The added and removed lines since the last commit, without those of `Cargo.lock`.
    pub(crate) fn changes(&self) -> String {
        let diff = self.git(&["diff", "--unified=0", "--", ".", ":!Cargo.lock"]);
        let mut changes = String::new();
        for line in diff.lines() {
            if let Some(path) = line.strip_prefix("+++ b/") {
                writeln!(changes, "{path}").expect("a string");
            } else if line.starts_with(['+', '-']) && !line.starts_with("---") {
                writeln!(changes, "{line}").expect("a string");
            }
        }
        changes
    }

    /// Runs `cargo isolated adopt` with findings.
    pub(crate) fn adopt(&self, findings: &Value, words: &[&str]) -> Output {
        self.adopt_with(findings, words, |_| ())
    }

    /// Findings about this package.
    pub(crate) fn named(&self, findings: &Value) -> String {
        let package = format!("\"package\":\"{}\"", self.package);
        findings
            .to_string()
            .replace("\"package\":\"suite\"", &package)
    }

    /// Runs `cargo isolated adopt` with findings, after this change to the command.
    pub(crate) fn adopt_with(
        &self,
        findings: &Value,
        words: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Output {
        let mut command = self.start(&["-"]);
        change(&mut command);
        command.args(words).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command");
        let mut stdin = child.stdin.take().expect("a pipe");
        let findings = self.named(findings);
        stdin.write_all(findings.as_bytes()).expect("findings");
        drop(stdin);
        child.wait_with_output().expect("the command")
    }

    /// A program that acts as Cargo without nextest.
    #[cfg(unix)]
    pub(crate) fn without_nextest(&self) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;

        let program = self.path("home/bin/cargo");
        let text = "#!/bin/sh\n[ \"$1\" = nextest ] && exit 101\nunset CARGO\nexec cargo \"$@\"\n";
        self.write("home/bin/cargo", text);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
        program
    }

    /// `cargo isolated adopt`, with a path to isolated-test.
    pub(crate) fn start(&self, words: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_cargo-isolated"));
        command.args(["isolated", "adopt", "--path", &repository("runtime")]);
        command.args(words);
        command
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path());
        undisturb(&mut command);
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
        command
            .env("HOME", self.path("home"))
            .env("CARGO_TARGET_DIR", shared.join("adopt"))
            .env("GIT_CEILING_DIRECTORIES", shared)
            .env("ISOLATED_DIR", shared.join("adopt-state"));
        command
    }
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asserts that a command succeeded; returns what it printed.
pub(crate) fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        printed(output),
        errors(output)
    );
    printed(output)
}

/// Findings about tests, each with the root file of its target.
pub(crate) fn findings(tests: &[(&str, &str)], conflicts: &[Value]) -> Value {
    let tests = tests.iter().map(|(root, name)| {
        json!({
            "package": "suite", "target": "api", "root": root, "name": name, "outcome": "passed",
            "locks": [], "left_behind": [],
        })
    });
    json!({ "version": 1, "tests": tests.collect::<Vec<_>>(), "conflicts": conflicts })
}

/// A conflict, with the argument that removes it.
pub(crate) fn conflict(
    key: &str,
    writers: &[usize],
    readers: &[usize],
    argument: Option<&str>,
) -> Value {
    json!({
        "resource": {"kind": "file", "name": format!("/tmp/{key}")}, "writers": writers, "readers": readers,
        "places": [{"file": "tests/api.rs", "line": 1}], "key": key, "argument": argument, "fixed_at": writers,
        "suggestion": null,
    })
}
