//! The library that reports uses of environment variables, compiled from its source on the user's machine.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

const SOURCE: &str = include_str!("preload.rs");

/// Compiles the library into a directory, unless it is there already.
pub(super) fn build(dir: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let library = dir.join(format!("variables-{:016x}.so", hasher.finish()));
    if library.is_file() {
        return Ok(library);
    }
    fs::create_dir_all(dir).context("failed to create a directory for the shim")?;
    let build = tempfile::tempdir_in(dir).context("failed to create a directory for the shim")?;
    let source = build.path().join("preload.rs");
    fs::write(&source, SOURCE).context("failed to write the shim")?;
    let output = build.path().join("shim.so");
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .args(["--edition=2021", "--crate-type=cdylib", "--crate-name=shim"])
        .args(["-Cpanic=abort", "-Copt-level=2", "-lc", "-o"])
        .args([&output, &source]);
    let ended = rustc.output().context("failed to start rustc")?;
    if !ended.status.success() {
        bail!("{}", String::from_utf8_lossy(&ended.stderr).trim());
    }
    fs::rename(&output, &library).context("failed to store the shim")?;
    Ok(library)
}
