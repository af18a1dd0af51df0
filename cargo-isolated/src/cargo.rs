//! Cargo, rustc and nextest as commands.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A workspace, as `cargo metadata` describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
}

/// A package of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(rename = "manifest_path")]
    pub(crate) manifest: PathBuf,
    pub(crate) targets: Vec<Target>,
}

/// A target of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Target {
    /// `shop` for the library, `api` for `tests/api.rs`.
    pub(crate) name: String,
    /// `lib`, `bin`, `test`, `example`, `bench` and others; only libraries have several.
    pub(crate) kind: Vec<String>,
    /// Its root file, as an absolute path.
    #[serde(rename = "src_path")]
    pub(crate) root: PathBuf,
}

impl Target {
    fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|found| found == kind)
    }

    /// Whether the target is only built with dev-dependencies.
    pub(crate) fn is_for_tests(&self) -> bool {
        ["test", "bench", "example"]
            .iter()
            .any(|kind| self.is(kind))
    }

    /// The arguments of Cargo that choose this target.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        for (kind, flag) in [
            ("bin", "--bin"),
            ("test", "--test"),
            ("example", "--example"),
            ("bench", "--bench"),
        ] {
            if self.is(kind) {
                return vec![flag, &self.name];
            }
        }
        vec!["--lib"]
    }
}

/// The Cargo that started this command, or the one in `PATH`.
pub(crate) fn command() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

pub(crate) fn has_nextest() -> bool {
    let mut command = command();
    command.args(["nextest", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Fails if nextest is not installed.
pub(crate) fn require_nextest() -> Result<()> {
    if has_nextest() {
        return Ok(());
    }
    bail!("nextest is not installed; install it with `cargo install cargo-nextest`")
}

/// The target for which Cargo builds by default.
pub(crate) fn host() -> Result<String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc.arg("-vV").output().context("failed to start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` prints no host")?.to_owned())
}

/// The output of Cargo from its first error on.
pub(crate) fn errors_in(output: &str) -> &str {
    let begin = if output.starts_with("error") {
        0
    } else {
        output.find("\nerror").unwrap_or_default()
    };
    output[begin..].trim()
}

/// The workspace that these arguments of Cargo select, or else that of the working directory.
pub(crate) fn metadata(words: &[OsString]) -> Result<Metadata> {
    let mut command = command();
    command.args(["metadata", "--no-deps", "--format-version=1"]);
    command.args(words);
    let output = command.output().context("failed to start Cargo")?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors = errors.trim().trim_start_matches("error: ");
        bail!("`cargo metadata` failed: {errors}; run this in a workspace");
    }
    serde_json::from_slice(&output.stdout).context("failed to read the output of `cargo metadata`")
}

#[cfg(test)]
mod tests {
    use super::errors_in;

    #[test]
    fn errors_begin_a_line() {
        let output = "warning: no error here\ntest errors ... ok\nerror: test failed\n\nCaused by:\n  a signal\n";
        let errors = "error: test failed\n\nCaused by:\n  a signal";
        assert_eq!(errors_in(output), errors);
        assert_eq!(errors_in(errors), errors);
        let several = "error: no such file\nerror: could not compile";
        assert_eq!(errors_in(several), several);
        assert_eq!(errors_in("nothing\n"), "nothing");
    }
}
