//! Builds test targets with Cargo and locates their binaries.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;

/// The manifest path of this package.
pub(crate) const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// The Cargo that runs this command, or else the `cargo` on the path.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds test targets of this package and returns their binaries in the same order.
pub(crate) fn build<const N: usize>(targets: [&str; N]) -> Result<[PathBuf; N]> {
    build_at(Path::new(MANIFEST), targets)
}

/// Builds them with the manifest at another path.
pub(crate) fn build_at<const N: usize>(
    manifest: &Path,
    targets: [&str; N],
) -> Result<[PathBuf; N]> {
    build_with(manifest, &[], targets)
}

/// Builds them with an optimized runtime, as the guide recommends.
pub(crate) fn build_optimized<const N: usize>(targets: [&str; N]) -> Result<[PathBuf; N]> {
    let optimized = "profile.dev.package.isolated-test-core.opt-level=3";
    build_with(Path::new(MANIFEST), &["--config", optimized], targets)
}

fn build_with<const N: usize>(
    manifest: &Path,
    options: &[&str],
    targets: [&str; N],
) -> Result<[PathBuf; N]> {
    let output = cargo()
        .args([
            "test",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .arg("--manifest-path")
        .arg(manifest)
        .args(options)
        .arg("--target-dir")
        .arg(crate::place::target()?)
        .args(targets.iter().flat_map(|target| ["--test", target]))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("failed to start cargo: {error}"))?;
    if !output.status.success() {
        return Err("failed to build the tests that are measured".into());
    }
    let mut found = targets.map(|_| None);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line)?;
        let index = targets
            .iter()
            .position(|name| message["target"]["name"] == **name);
        if let (Some(index), Some(path)) = (index, message["executable"].as_str()) {
            found[index] = Some(PathBuf::from(path));
        }
    }
    match found.iter().position(Option::is_none) {
        Some(index) => {
            Err(format!("cargo built `{}` but does not say where", targets[index]).into())
        }
        None => Ok(found.map(Option::unwrap_or_default)),
    }
}
