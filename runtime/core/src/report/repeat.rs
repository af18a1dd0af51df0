//! The command that runs exactly one test again.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::location::SourceLocation;
use crate::runner;

/// Builds the command that runs a test again.
pub(super) fn command(
    place: &SourceLocation,
    name: &str,
    seed: Option<u64>,
    nextest: bool,
) -> String {
    let mut command = String::new();
    if let Some(seed) = seed {
        let _ = write!(command, "ISOLATED_SEED={seed} ");
    }
    let includes_ignored =
        runner::has_argument("--ignored") || runner::has_argument("--include-ignored");
    let Some(options) = place.build else {
        // Whatever built this program, it contains the test.
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.display().to_string();
        let _ = write!(command, "{} --exact {}", quoted(&program), quoted(name));
        if includes_ignored {
            command.push_str(" --include-ignored");
        }
        return command;
    };
    if nextest {
        // `cargo nextest` reads `--profile` as a profile of nextest.
        let options = options.replace(" --profile ", " --cargo-profile ");
        let _ = write!(command, "cargo nextest run {options} -E 'test(={name})'");
        if let Some(profile) = runner::nextest_profile() {
            let _ = write!(command, " --profile {profile}");
        }
        if includes_ignored {
            command.push_str(" --run-ignored all");
        }
    } else if options.contains(" -- ") {
        let _ = write!(command, "cargo test {options}");
    } else {
        let _ = write!(command, "cargo test {options} -- --exact {}", quoted(name));
        if includes_ignored {
            command.push_str(" --include-ignored");
        }
    }
    command
}

/// Quotes a word if a shell would not read it as it is.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_:#./-+@=".contains(letter);
    if word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''")).into()
    }
}
