//! Where PostgreSQL is installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use isolated_test_core::{BoxError, Skip};

/// A directory with the programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries(PathBuf);

/// Why there are no programs, or no server.
pub(crate) enum Unfound {
    /// Nothing is installed, and nothing else was asked for.
    Absent(String),
    /// The environment asks for something impossible.
    Wrong(String),
}

impl Unfound {
    /// The error of a test. `may_skip` is whether the test is skipped where nothing is installed.
    pub(crate) fn into_error(self, may_skip: bool) -> BoxError {
        match self {
            Unfound::Absent(why) if may_skip => Skip::because(why).into(),
            Unfound::Absent(why) | Unfound::Wrong(why) => why.into(),
        }
    }
}

/// The variable that names the directory.
pub(crate) const VARIABLE: &str = "ISOLATED_POSTGRES_BIN";

/// Where packages install PostgreSQL, with `*` for a part that contains the version.
const PLACES: [&str; 11] = [
    "/usr/lib/postgresql/*/bin",          // Debian
    "/usr/pgsql-*/bin",                   // the packages of PostgreSQL for Red Hat
    "/usr/libexec/postgresql*",           // Alpine
    "/usr/lib64/postgresql-*/bin",        // Gentoo
    "/usr/lib/postgresql*/bin",           // SUSE
    "/opt/homebrew/opt/postgresql@*/bin", // Homebrew
    "/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql*/bin", // MacPorts
    "/usr/local/pgsql/bin",           // built from source
];

const PROGRAMS: [&str; 2] = ["postgres", "initdb"];

impl Binaries {
    /// The programs to use: those that the variable names, else those in `PATH`, else the newest.
    pub(crate) fn find(version: Option<u32>) -> Result<Self, Unfound> {
        if let Some(dir) = env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) {
            let dir = PathBuf::from(dir);
            let found = at(&dir).ok_or_else(|| {
                let dir = dir.display();
                Unfound::Wrong(format!(
                    "`{VARIABLE}` is `{dir}`, which does not contain `postgres` and `initdb`"
                ))
            })?;
            return match version {
                Some(version) if found.version() != Some(version) => Err(Unfound::Wrong(format!(
                    "`{VARIABLE}` is `{}`, and the test wants PostgreSQL {version}",
                    dir.display()
                ))),
                _ => Ok(found),
            };
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let in_path = env::split_paths(&path).filter_map(|dir| at(&dir));
        let mut elsewhere: Vec<_> = PLACES.into_iter().flat_map(expand).collect();
        elsewhere.sort_by_key(|dir| std::cmp::Reverse(version_in(dir)));
        let elsewhere = elsewhere.iter().filter_map(|dir| at(dir));
        let mut all = in_path.chain(elsewhere);
        let found = all.find(|one| version.is_none() || one.version() == version);
        found.ok_or_else(|| Unfound::Absent(missing(version)))
    }

    /// The programs in a directory where they were found before.
    pub(crate) fn at(dir: &Path) -> Self {
        Binaries(dir.to_owned())
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The major version, from the path if it says so.
    pub(crate) fn version(&self) -> Option<u32> {
        version_in(&self.0).or_else(|| self.reported_version())
    }

    /// The major version that the server reports.
    pub(crate) fn reported_version(&self) -> Option<u32> {
        let output = Command::new(self.program("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        // postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        leading_number(text.rsplit_once("PostgreSQL) ")?.1)
    }
}

/// The programs in a directory, or where its links lead.
fn at(dir: &Path) -> Option<Binaries> {
    if !PROGRAMS.iter().all(|name| dir.join(name).is_file()) {
        return None;
    }
    let real = dir.join("postgres").canonicalize().ok()?;
    let real = real.parent()?;
    let is_whole = PROGRAMS.iter().all(|name| real.join(name).is_file());
    Some(Binaries(if is_whole { real } else { dir }.to_owned()))
}

/// The directories that a pattern with at most one `*` stands for.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![pattern.into()];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let entries = fs::read_dir(format!("{parent}/")).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(prefix))
        .map(|name| format!("{parent}/{name}{after}").into())
        .collect()
}

/// The major version in a path such as `/usr/lib/postgresql/15/bin`.
fn version_in(dir: &Path) -> Option<u32> {
    let parts = dir.iter().rev().filter_map(|part| part.to_str());
    let mut numbers = parts.filter_map(|part| {
        let end = ["postgresql@", "postgresql-", "postgresql", "pgsql-"]
            .into_iter()
            .find_map(|name| part.strip_prefix(name));
        leading_number(end.unwrap_or(part))
    });
    numbers.next().filter(|version| (9..100).contains(version))
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

fn missing(version: Option<u32>) -> String {
    let (number, apt, brew) = match version {
        Some(version) => (
            format!(" {version}"),
            format!("postgresql-{version}"),
            format!("postgresql@{version}"),
        ),
        None => (
            String::new(),
            "postgresql".to_owned(),
            "postgresql@17".to_owned(),
        ),
    };
    format!(
        "this machine has no PostgreSQL{number}; install it with `apt-get install {apt}` or `brew install \
         {brew}`, or name the directory of `postgres` and `initdb` in `{VARIABLE}`"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[cfg(target_os = "linux")]
    use super::expand;
    use super::{missing, version_in};

    #[test]
    fn versions_are_read_from_paths() {
        for (dir, version) in [
            ("/usr/lib/postgresql/15/bin", Some(15)),
            ("/usr/pgsql-16/bin", Some(16)),
            ("/usr/libexec/postgresql17", Some(17)),
            ("/usr/lib64/postgresql-14/bin", Some(14)),
            ("/opt/homebrew/opt/postgresql@13/bin", Some(13)),
            ("/opt/homebrew/Cellar/postgresql@13/13.22/bin", Some(13)),
            ("/usr/local/pgsql/bin", None),
            ("/nix/store/0abc-postgresql-and-plugins-15.4/bin", None),
        ] {
            assert_eq!(version_in(Path::new(dir)), version, "{dir}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn patterns_stand_for_directories_that_exist() {
        assert_eq!(expand("/none/x*/bin"), [] as [std::path::PathBuf; 0]);
        assert_eq!(expand("/pro*/self"), [Path::new("/proc/self")]);
        assert_eq!(expand("/a/b"), [Path::new("/a/b")]);
    }

    #[test]
    fn a_missing_version_is_named_with_the_line_that_installs_it() {
        assert_eq!(
            missing(Some(16)),
            "this machine has no PostgreSQL 16; install it with `apt-get install postgresql-16` or \
             `brew install postgresql@16`, or name the directory of `postgres` and `initdb` in \
             `ISOLATED_POSTGRES_BIN`"
        );
    }
}
