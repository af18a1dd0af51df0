//! Commands with the toolchain of the user, but without any setting of this test run.

use std::env;
use std::path::Path;
use std::process::Command;

/// The settings of Cargo that say where dependencies come from.
const SOURCES: [&str; 5] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
];

/// The beginnings of the names of settings.
const SETTINGS: [&str; 6] = ["CARGO_", "GIT_", "LD_", "NEXTEST", "RUSTFLAGS", "RUST_"];

/// Removes the settings of this test run. The caller may change the home directory afterwards.
pub(crate) fn undisturb(command: &mut Command) {
    let home = env::var_os("HOME").unwrap_or_default();
    for (name, dir) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if env::var_os(name).is_none() {
            command.env(name, Path::new(&home).join(dir));
        }
    }
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let begins_with = |names: &[&str]| names.iter().any(|name| text.starts_with(name));
        if begins_with(&SETTINGS) && !begins_with(&SOURCES) {
            command.env_remove(&name);
        }
    }
}
