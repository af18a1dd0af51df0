//! Small packages with planted flaky tests, and the command to run on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::undisturbed::undisturb;

/// A package. Its tests keep their files in the directory that `PLANTED` names. Each instance has a new
/// one, so that several can run at once.
pub(crate) struct Planted {
    dir: PathBuf,
    pub(crate) files: TempDir,
}

impl Planted {
    /// Writes a package. Its path is always the same, so that it is built once.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = shared.join("planted").join(name);
        let manifest = format!(
            "[package]\nname = '{name}'\nversion = '7.8.9'\nedition = '2021'\n[workspace]\n\
             [profile.dev]\ndebug = false\n"
        );
        let ignored = (".gitignore", "target\n");
        for (file, text) in [("Cargo.toml", &*manifest), ignored].iter().chain(files) {
            write(&dir.join(file), text);
        }
        let files = tempfile::tempdir_in(shared).expect("a directory");
        Self { dir, files }
    }

    /// The command, without any setting of this test run.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
        command.arg("isolated").args(words).current_dir(&self.dir);
        undisturb(&mut command);
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted/target");
        command
            .env("CARGO_TARGET_DIR", target)
            .env("PLANTED", self.files.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the command")
    }
}

/// Writes a file, unless it is there already: another test may be reading it.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    let dir = path.parent().expect("a directory");
    fs::create_dir_all(dir).expect("a directory");
    let new = tempfile::NamedTempFile::new_in(dir).expect("a file");
    fs::write(new.path(), text).expect("a file");
    new.persist(path).expect("a file");
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
