//! The resources that are shared on purpose, and therefore never a conflict.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use glob::Pattern;

use crate::findings::Kind;

/// Directories of the system.
const SYSTEM: [&str; 9] = [
    "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr",
];

/// The rules of a workspace.
#[derive(Debug)]
pub(super) struct Rules {
    dirs: Vec<PathBuf>,
    target_dir: PathBuf,
    /// The user's patterns for names.
    ignored: Vec<Pattern>,
}

impl Rules {
    /// `programs` are the directories in which Cargo puts the test binaries.
    pub(super) fn new(
        target_dir: PathBuf,
        programs: impl IntoIterator<Item = PathBuf>,
        ignored: &[String],
    ) -> Result<Rules> {
        let home = |variable: &str, dir: &str| {
            let usual = || Some(PathBuf::from(env::var_os("HOME")?).join(dir));
            env::var_os(variable).map(PathBuf::from).or_else(usual)
        };
        let mut dirs: Vec<_> = SYSTEM.iter().map(PathBuf::from).collect();
        dirs.extend(home("CARGO_HOME", ".cargo"));
        dirs.extend(home("RUSTUP_HOME", ".rustup"));
        dirs.push(isolated_test_core::inspect::state_dir()?);
        dirs.push(target_dir.join("isolated"));
        dirs.extend(programs);
        let pattern = |text: &String| {
            Pattern::new(text).with_context(|| format!("`{text}` is not a pattern; see `glob(7)`"))
        };
        let ignored = ignored.iter().map(pattern).collect::<Result<_>>()?;
        Ok(Rules {
            dirs,
            target_dir,
            ignored,
        })
    }

    pub(super) fn is_ignored(&self, kind: Kind, name: &str) -> bool {
        self.ignored.iter().any(|pattern| pattern.matches(name))
            || is_path(kind) && self.is_ignored_path(Path::new(name))
    }

    fn is_ignored_path(&self, path: &Path) -> bool {
        self.dirs.iter().any(|dir| path.starts_with(dir))
            // Cargo's own files, but not those of tests in `target/tmp`.
            || path.parent() == Some(&self.target_dir)
            || path == self.target_dir
            || path.extension().is_some_and(|ending| ending == "profraw")
    }

    /// Whether a file belongs to a cache, which is meant to be shared. The target directory is marked as
    /// one, but also holds files of tests.
    pub(super) fn is_cached(&self, kind: Kind, name: &str) -> bool {
        let is_marked = |dir: &Path| dir != self.target_dir && dir.join("CACHEDIR.TAG").is_file();
        is_path(kind) && Path::new(name).ancestors().any(is_marked)
    }
}

fn is_path(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Directory | Kind::UnixSocket)
}
