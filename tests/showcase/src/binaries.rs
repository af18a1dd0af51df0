//! Builds test targets with Cargo and locates their binaries.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Result;

/// The fields of Cargo's messages that are needed here.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds the test targets with these names and returns their binaries in the same order.
pub(crate) fn build<const N: usize>(targets: [&str; N]) -> Result<[PathBuf; N]> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "test",
            "--no-run",
            "--message-format=json-render-diagnostics",
        ])
        .args(targets.iter().flat_map(|target| ["--test", target]))
        .arg(concat!(
            "--manifest-path=",
            env!("CARGO_MANIFEST_DIR"),
            "/Cargo.toml"
        ))
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("failed to start cargo: {error}"))?;

    let mut found = targets.map(|_| None);
    let messages = cargo.stdout.take().expect("the output is piped");
    for line in BufReader::new(messages).lines() {
        let message: Message = serde_json::from_str(&line?)?;
        if let (Some(target), Some(path)) = (message.target, message.executable) {
            let index = targets.iter().position(|name| *name == target.name);
            if let Some(index) = index.filter(|_| target.kind == ["test"]) {
                found[index] = Some(path);
            }
        }
    }
    if !cargo.wait()?.success() {
        return Err("failed to build the suites".into());
    }
    if found.contains(&None) {
        return Err("cargo built the suites but does not say where".into());
    }
    Ok(found.map(Option::unwrap_or_default))
}
