//! The package `isolated-serial-test` in place of `serial_test`: the same tests, with one line of
//! their manifest changed.

use std::fs;
use std::path::PathBuf;

use crate::{Result, place};

/// The dependency on `serial_test`.
const SERIAL_TEST: &str = "serial_test = { version = \"4.0.1\", features = [\"file_locks\"] }";

/// The line that replaces it.
const DROP_IN: &str = concat!(
    "serial_test = { package = \"isolated-serial-test\", path = \"",
    env!("CARGO_MANIFEST_DIR"),
    "/../../runtime/compat/serial-test\", features = [\"file_locks\"] }"
);

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
