//! Other ways to start inner tests.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::Inner;

impl Inner<'_> {
    /// Lets the test runner capture the output, as it does by default.
    ///
    /// Of what [`with`](Inner::with) set before, only arguments, variables and the working
    /// directory remain.
    #[must_use]
    pub fn captured(self) -> Self {
        self.with(|command| {
            let words = words(command)
                .filter(|word| word != "--nocapture")
                .collect();
            rebuild(command, words);
        })
    }

    /// Starts the test through a program, which gets the test and its arguments after its own.
    ///
    /// Of what [`with`](Inner::with) set before, only arguments, variables and the working
    /// directory remain.
    #[must_use]
    pub fn through(self, program: &[&str]) -> Self {
        self.with(|command| {
            let program = program.iter().map(OsString::from);
            let words = program.chain(words(command)).collect();
            rebuild(command, words);
        })
    }
}

impl Inner<'_> {
    /// Runs all inner tests of the file at once, with captured output.
    ///
    /// Of what [`with`](Inner::with) set before, only variables and the working directory remain.
    #[must_use]
    pub fn all(self, threads: u32) -> Self {
        // The runner takes every test whose name contains this, so the name of no other file may
        // end with the name of this one.
        let module = self.module().to_owned();
        self.with(|command| {
            let program = command.get_program().to_owned();
            let threads = format!("--test-threads={threads}");
            let words = [&module, "--ignored", &threads].map(OsString::from);
            rebuild(command, [program].into_iter().chain(words).collect());
            // With so many tests, short waits are normal and need no notice.
            command.env("ISOLATED_WAIT_NOTICE", "60s");
        })
    }
}

fn words(command: &Command) -> impl Iterator<Item = OsString> {
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    std::iter::once(program).chain(arguments)
}

fn rebuild(command: &mut Command, words: Vec<OsString>) {
    let mut words = words.into_iter();
    let mut other = Command::new(words.next().expect("a program"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        other.current_dir(dir);
    }
    other
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    *command = other;
}
