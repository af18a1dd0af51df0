//! The command that repeats a failure: it runs a test together with chosen others.

use super::probe::{Way, threads};
use crate::suite::{Selection, Suite, TestId};

/// The parts of the command that are the same for all sets.
pub(crate) struct Repeat<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) selection: &'a Selection,
    pub(crate) test: &'a TestId,
    pub(crate) has_nextest: bool,
}

impl Repeat<'_> {
    /// The command. Without nextest, other processes need several, joined for a shell.
    pub(crate) fn command(&self, way: Way, others: &[TestId]) -> String {
        match way {
            Way::Before => self.cargo_test(others, "1"),
            Way::Threads => self.cargo_test(others, &threads(others.len()).to_string()),
            Way::Processes if self.has_nextest => self.nextest(others),
            Way::Processes => {
                let mut commands: Vec<_> = others
                    .iter()
                    .chain([self.test])
                    .map(|test| self.single(test))
                    .collect();
                commands.push("wait".to_owned());
                commands.join(" & ")
            }
        }
    }

    fn cargo_test(&self, others: &[TestId], threads: &str) -> String {
        let names = others.iter().chain([self.test]).map(|test| &*test.name);
        let words = names.map(quoted).collect::<Vec<_>>().join(" ");
        let start = self.start("cargo test", self.test);
        format!("{start} -- --exact {words} --test-threads={threads}")
    }

    fn single(&self, test: &TestId) -> String {
        let start = self.start("cargo test", test);
        format!("{start} -- --exact {}", quoted(&test.name))
    }

    /// The runner with the arguments that select and build the binary of a test.
    fn start(&self, runner: &str, test: &TestId) -> String {
        let mut words = vec![runner.to_owned()];
        words.extend(self.selection.options().map(|word| quoted(&word)));
        if let Some(binary) = self.suite.binary(&test.binary) {
            words.extend(binary.cargo_arguments().into_iter().map(quoted));
        }
        words.join(" ")
    }

    fn nextest(&self, others: &[TestId]) -> String {
        let tests = others.iter().chain([self.test]);
        let set = tests
            .map(|TestId { binary, name }| format!("binary_id(={binary}) & test(={name})"))
            .collect::<Vec<_>>()
            .join(" + ");
        let mut words = vec!["cargo nextest run".to_owned()];
        let mut packages: Vec<_> = others
            .iter()
            .chain([self.test])
            .filter_map(|test| self.suite.binary(&test.binary))
            .map(|binary| format!("-p {}", quoted(&binary.package)))
            .collect();
        packages.sort();
        packages.dedup();
        words.extend(packages);
        words.extend(self.selection.options().map(|word| {
            // Nextest's name for Cargo's `--profile`.
            quoted(&word.replacen("--profile", "--cargo-profile", 1))
        }));
        format!("{} -j {} -E '{set}'", words.join(" "), others.len() + 1)
    }
}

/// Quotes a word for a shell, if it needs quotes.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_:./=,".contains(c);
    if word.chars().all(is_plain) && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Repeat, Way};
    use crate::cargo::Target;
    use crate::suite::{Binary, Runner, Selection, Suite, TestId};

    fn command(way: Way, has_nextest: bool) -> String {
        let binary = |id: &str, kind: &str, target: &str| Binary {
            id: id.to_owned(),
            package: "shop".to_owned(),
            target: Target {
                name: target.to_owned(),
                kind: vec![kind.to_owned()],
                ..Target::default()
            },
            ..Binary::default()
        };
        let words = ["--release", "-F", "a b", "--workspace"].map(Into::into);
        let repeat = Repeat {
            suite: &Suite {
                binaries: vec![
                    binary("shop", "lib", "shop"),
                    binary("shop::api", "test", "api"),
                ],
            },
            selection: &Selection::of(Runner::Libtest, &words),
            test: &TestId::new("shop::api", "adds"),
            has_nextest,
        };
        let other = if way == Way::Processes {
            "shop"
        } else {
            "shop::api"
        };
        repeat.command(way, &[TestId::new(other, "a::case_1 (x)")])
    }

    #[test]
    fn one_process_is_a_single_command() {
        let start =
            "cargo test --release -F 'a b' -p shop --test api -- --exact 'a::case_1 (x)' adds";
        assert_eq!(
            command(Way::Before, true),
            format!("{start} --test-threads=1")
        );
        assert_eq!(
            command(Way::Threads, true),
            format!("{start} --test-threads=2")
        );
    }

    #[test]
    fn several_processes_need_nextest_or_a_shell() {
        assert_eq!(
            command(Way::Processes, true),
            "cargo nextest run -p shop --release -F 'a b' -j 2 -E 'binary_id(=shop) & \
             test(=a::case_1 (x)) + binary_id(=shop::api) & test(=adds)'"
        );
        assert_eq!(
            command(Way::Processes, false),
            "cargo test --release -F 'a b' -p shop --lib -- --exact 'a::case_1 (x)' & \
             cargo test --release -F 'a b' -p shop --test api -- --exact adds & wait"
        );
    }
}
