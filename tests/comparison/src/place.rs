//! The paths this command writes to: beside the build, and in a temporary directory.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Result;

/// The target directory that contains this program.
pub(crate) fn target() -> Result<PathBuf> {
    let this = env::current_exe()?;
    let target = this
        .ancestors()
        .nth(2)
        .ok_or("this program is not in a target directory")?;
    Ok(target.to_owned())
}

pub(crate) fn output() -> Result<PathBuf> {
    let path = target()?.join("comparison");
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// A temporary directory in which all methods of one run keep their files, on one file system.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// Creates it in the system's temporary directory, accessible to every user of the machine.
    pub(crate) fn create() -> Result<Self> {
        Self::create_in(&env::temp_dir())
    }

    /// Creates it in `folder`.
    pub(crate) fn create_in(folder: &Path) -> Result<Self> {
        let place = tempfile::Builder::new()
            .prefix("compare-")
            .tempdir_in(folder)?;
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755))?;
        for name in ["tmp", "isolated"] {
            let path = place.path().join(name);
            fs::create_dir(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o1777))?;
        }
        Ok(Place(place))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A command that runs one test of a binary and keeps its files here.
    pub(crate) fn test(&self, binary: &Path, name: &str) -> Command {
        let mut command = Command::new(binary);
        command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
        self.contain(&mut command);
        command
    }

    /// Makes a command keep its files here, and use no server of the user.
    pub(crate) fn contain(&self, command: &mut Command) {
        command
            .env_remove("ISOLATED_POSTGRES")
            .env("TMPDIR", self.path().join("tmp"))
            .env("ISOLATED_DIR", self.path().join("isolated"))
            // `sealed_test` reads this variable, which Cargo sets.
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .env("RUST_BACKTRACE", "0");
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Place;

    #[test]
    fn a_command_does_not_use_the_server_of_the_user() {
        let place = Place::create().expect("a directory");
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo ${ISOLATED_POSTGRES-none}"])
            .env("ISOLATED_POSTGRES", "postgres://db.internal/x");
        place.contain(&mut command);
        let output = command.output().expect("a shell");
        assert_eq!(output.stdout, b"none\n");
    }
}
