//! The arguments that select what Cargo builds, among those of `cargo test` or nextest.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path;

use anyhow::Result;

use crate::cargo::{self, Metadata};

/// The test runner whose arguments are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Runner {
    Libtest,
    Nextest,
}

impl Runner {
    /// The command line of the runner.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Libtest => "cargo test",
            Self::Nextest => "cargo nextest run",
        }
    }
}

/// The subject of an argument.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Package,
    Target,
    Build,
}

/// The arguments, whether each takes a value, and its subject.
const ARGUMENTS: [(&str, bool, Subject); 32] = {
    use Subject::{Build, Package, Target};
    [
        ("--package", true, Package),
        ("-p", true, Package),
        ("--workspace", false, Package),
        ("--all", false, Package),
        ("--exclude", true, Package),
        ("--lib", false, Target),
        ("--bin", true, Target),
        ("--bins", false, Target),
        ("--example", true, Target),
        ("--examples", false, Target),
        ("--test", true, Target),
        ("--tests", false, Target),
        ("--bench", true, Target),
        ("--benches", false, Target),
        ("--all-targets", false, Target),
        ("--features", true, Build),
        ("-F", true, Build),
        ("--all-features", false, Build),
        ("--no-default-features", false, Build),
        ("--release", false, Build),
        ("-r", false, Build),
        ("--profile", true, Build),
        ("--cargo-profile", true, Build),
        ("--target", true, Build),
        ("--target-dir", true, Build),
        ("--manifest-path", true, Build),
        ("--locked", false, Build),
        ("--offline", false, Build),
        ("--frozen", false, Build),
        ("--config", true, Build),
        ("-Z", true, Build),
        ("--ignore-rust-version", false, Build),
    ]
};

/// The packages, targets and options of a build.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    packages: Vec<OsString>,
    targets: Vec<OsString>,
    build: Vec<OsString>,
    /// The arguments that select nothing.
    pub(crate) rest: Vec<OsString>,
}

impl Selection {
    /// Sorts the arguments of a runner. Arguments of the test binaries, after `--`, select nothing.
    pub(crate) fn of(runner: Runner, words: &[OsString]) -> Self {
        let mut selection = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                selection.rest.extend(words.cloned());
                break;
            }
            let Some((name, subject, takes_next)) = known(runner, word) else {
                selection.rest.push(word.clone());
                continue;
            };
            let list = match subject {
                Subject::Package => &mut selection.packages,
                Subject::Target => &mut selection.targets,
                Subject::Build => &mut selection.build,
            };
            if name == "--cargo-profile" {
                // Nextest's name for Cargo's `--profile`.
                let word = word.to_string_lossy();
                list.push(word.replacen("--cargo-profile", "--profile", 1).into());
            } else {
                list.push(word.clone());
            }
            if takes_next {
                list.extend(words.next().cloned());
            }
        }
        selection
    }

    /// The arguments for `cargo test`, without documentation examples.
    pub(crate) fn build_arguments(&self) -> Vec<OsString> {
        let mut words = [&*self.packages, &self.targets, &self.build].concat();
        if self.targets.is_empty() {
            words.push("--tests".into());
        }
        words
    }

    /// The arguments that configure the build, without those that select packages and targets.
    pub(crate) fn options(&self) -> impl Iterator<Item = String> {
        let words = self.build.iter();
        words.map(|word| word.to_string_lossy().into_owned())
    }

    /// The workspace that the arguments select.
    pub(crate) fn metadata(&self) -> Result<Metadata> {
        let mut metadata = cargo::metadata(&self.metadata_arguments())?;
        if let Some(dir) = self.value("--target-dir") {
            metadata.target_directory = path::absolute(dir)?;
        }
        Ok(metadata)
    }

    /// The arguments that `cargo metadata` understands too.
    fn metadata_arguments(&self) -> Vec<OsString> {
        const KNOWN: [&str; 6] = [
            "--manifest-path",
            "--config",
            "-Z",
            "--locked",
            "--offline",
            "--frozen",
        ];
        let mut kept = Vec::new();
        let mut words = self.build.iter();
        while let Some(word) = words.next() {
            let Some((name, _, takes_next)) = known(Runner::Libtest, word) else {
                continue;
            };
            let value = if takes_next { words.next() } else { None };
            if KNOWN.contains(&name) {
                kept.push(word.clone());
                kept.extend(value.cloned());
            }
        }
        kept
    }

    /// The value of an argument such as `--target`.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let mut words = self.build.iter().map(|word| word.to_string_lossy());
        while let Some(word) = words.next() {
            if word == name {
                return words.next().map(Cow::into_owned);
            }
            let value = word.strip_prefix(name);
            if let Some(value) = value.and_then(|rest| rest.strip_prefix('=')) {
                return Some(value.to_owned());
            }
        }
        None
    }
}

/// Splits off the name of an argument. The second value is whether the word has a value too.
pub(crate) fn parts(word: &str) -> (&str, bool) {
    match word.split_once('=') {
        Some((name, _)) => (name, true),
        // `-pshop`
        None if !word.starts_with("--") && word.len() > 2 && word.is_char_boundary(2) => {
            (&word[..2], true)
        }
        None => (word, false),
    }
}

/// Finds an argument in the table. The last value is whether the next word is its value.
fn known(runner: Runner, word: &OsStr) -> Option<(&'static str, Subject, bool)> {
    let word = word.to_str()?;
    let (name, value) = parts(word);
    let (name, takes_value, subject) = ARGUMENTS.iter().find(|(known, ..)| *known == name)?;
    // Nextest's `--profile` is not Cargo's.
    let is_other = *name == "--profile" && runner == Runner::Nextest;
    (!is_other && (*takes_value || !value)).then_some((*name, *subject, *takes_value && !value))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Runner, Selection};

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn of(runner: Runner, text: &str) -> Selection {
        Selection::of(runner, &words(text))
    }

    #[test]
    fn selecting_arguments_are_kept_with_their_values() {
        let text = "-p shop -F=x --test=api --release filter --no-capture -papi -- --skip slow";
        let selection = of(Runner::Libtest, text);
        let expected = words("-p shop -papi --test=api -F=x --release");
        assert_eq!(selection.build_arguments(), expected);
        let rest = words("filter --no-capture --skip slow");
        assert_eq!(selection.rest, rest);
    }

    #[test]
    fn without_a_target_all_but_documentation_examples_are_built() {
        let selection = of(Runner::Libtest, "--workspace");
        assert_eq!(selection.build_arguments(), words("--workspace --tests"));
    }

    #[test]
    fn the_profile_of_nextest_is_its_own() {
        let text = "--profile ci --cargo-profile release --lib";
        let selection = of(Runner::Nextest, text);
        assert_eq!(
            selection.build_arguments(),
            words("--lib --profile release")
        );
        assert_eq!(selection.rest, words("--profile ci"));
        let selection = of(Runner::Libtest, "--profile release --lib");
        assert_eq!(
            selection.build_arguments(),
            words("--lib --profile release")
        );
    }

    #[test]
    fn the_workspace_follows_from_some_arguments() {
        let text = "--profile ci --manifest-path shop/Cargo.toml --cargo-profile release --offline \
                    --target --locked --config=x -Z y -p shop";
        let expected = words("--manifest-path shop/Cargo.toml --offline --config=x -Z y");
        assert_eq!(of(Runner::Nextest, text).metadata_arguments(), expected);
    }

    #[test]
    fn the_target_directory_is_relative_to_the_working_directory() {
        let metadata = of(Runner::Libtest, "--target-dir out").metadata();
        let out = std::env::current_dir().unwrap().join("out");
        assert_eq!(metadata.unwrap().target_directory, out);
    }

    #[test]
    fn the_target_is_known() {
        assert_eq!(of(Runner::Libtest, "--lib").value("--target"), None);
        let target = of(Runner::Libtest, "--target x --target-dir=y").value("--target");
        assert_eq!(target.as_deref(), Some("x"));
        let target = of(Runner::Nextest, "--target-dir=z --target=y").value("--target");
        assert_eq!(target.as_deref(), Some("y"));
    }
}
