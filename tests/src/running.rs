//! Running inner tests, and how they end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// Reads lines in a thread, and sends each one as it arrives.
fn read_lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Which of two inner tests was first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The one on which the method was called.
    One,
    /// The other one.
    Other,
}

/// A running inner test. Dropping it kills the process.
#[derive(Debug)]
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
    words: Receiver<String>,
    errors: Receiver<String>,
    output: String,
    error_output: String,
}

impl Running {
    /// Starts a command whose three streams are pipes; the caller sets them.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be started, or has no pipes.
    #[must_use]
    pub fn of(mut command: Command) -> Self {
        Self::begin(command.spawn().expect("the test binary starts again"))
    }

    /// Listens to a process that was just started with pipes.
    pub(crate) fn begin(mut child: Child) -> Self {
        let input = child.stdin.take();
        let words = read_lines(child.stdout.take().expect("a pipe"));
        let errors = read_lines(child.stderr.take().expect("a pipe"));
        Running {
            child,
            input,
            words,
            errors,
            output: String::new(),
            error_output: String::new(),
        }
    }

    /// Waits until the test says a word, and returns the rest of that line.
    ///
    /// # Panics
    ///
    /// Panics if it ends or takes too long.
    pub fn hear(&mut self, word: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.words.recv_timeout(left) {
                Ok(line) => {
                    if let Some(rest) = line
                        .strip_prefix('@')
                        .and_then(|rest| rest.strip_prefix(word))
                    {
                        return rest.trim().to_owned();
                    }
                    self.output.push_str(&line);
                    self.output.push('\n');
                }
                Err(error) => {
                    let _ = self.child.kill();
                    let errors: Vec<_> = self.errors.iter().collect();
                    panic!(
                        "waiting for {word:?}: {error}\n{}\n{}{}",
                        self.output,
                        self.error_output,
                        errors.join("\n")
                    );
                }
            }
        }
    }

    /// Waits until the test writes a line with this text to standard error, and returns the line.
    ///
    /// # Panics
    ///
    /// Panics if it ends or takes too long.
    pub fn hear_error(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.errors.recv_timeout(left).unwrap_or_else(|error| {
                let _ = self.child.kill();
                let output: Vec<_> = self.words.iter().collect();
                panic!(
                    "waiting for {text:?}: {error}\n{}\n{}",
                    output.join("\n"),
                    self.error_output
                )
            });
            self.error_output.push_str(&line);
            self.error_output.push('\n');
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until this test or another one says a word, and returns which one did.
    ///
    /// # Panics
    ///
    /// Panics if neither does in time.
    pub fn hear_either(&mut self, other: &mut Running, word: &str) -> First {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for (running, first) in [(&mut *self, First::One), (&mut *other, First::Other)] {
                let line = running.words.recv_timeout(Duration::from_millis(5));
                if line.is_ok_and(|line| line.strip_prefix('@') == Some(word)) {
                    return first;
                }
            }
        }
        panic!("waiting for {word:?} of either");
    }

    /// Whether the test has said the word by now.
    pub fn has_said(&mut self, word: &str) -> bool {
        self.words
            .try_iter()
            .any(|line| line.strip_prefix('@') == Some(word))
    }

    /// Sends a word for which the test waits with [`listen`](crate::listen).
    ///
    /// # Panics
    ///
    /// Panics if it has ended.
    pub fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("an open pipe");
        writeln!(input, "{word}").expect("the inner test reads");
    }

    /// Returns its process identifier.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the test with SIGKILL and waits until it is gone.
    ///
    /// # Panics
    ///
    /// Panics if it has been waited for already.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to wait for");
    }

    /// Whether the test has ended.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be waited for.
    pub fn has_ended(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child to wait for")
            .is_some()
    }

    /// Waits until the test ends.
    ///
    /// # Panics
    ///
    /// Panics if it takes too long.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        self.finish_within(PATIENCE).unwrap_or_else(|| {
            let _ = self.child.kill();
            panic!("the inner test hangs\n{}", self.output);
        })
    }

    /// Waits until the test ends. Returns `None` if that takes longer than `time`.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be waited for.
    pub fn finish_within(&mut self, time: Duration) -> Option<Finished> {
        self.input = None;
        let deadline = Instant::now() + time;
        // The pipe closes when the process ends, so nothing needs polling.
        loop {
            match self
                .words
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.output.push_str(&line);
                    self.output.push('\n');
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => return None,
            }
        }
        let status = self.child.wait().expect("a child to wait for");
        for line in &self.errors {
            self.error_output.push_str(&line);
            self.error_output.push('\n');
        }
        Some(Finished {
            status,
            output: std::mem::take(&mut self.output),
            errors: std::mem::take(&mut self.error_output),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An inner test that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub output: String,
    /// Its standard error.
    pub errors: String,
}

#[expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "what is expected of the end is often all that a test wants to know"
)]
impl Finished {
    /// Expects that exactly one test ran, and that it passed.
    ///
    /// # Panics
    ///
    /// Panics with all output otherwise.
    #[track_caller]
    pub fn passed(self) -> Self {
        assert!(
            self.status.success() && self.output.contains("1 passed; 0 failed"),
            "the inner test did not pass ({}):\n{}\n{}",
            self.status,
            self.output,
            self.errors
        );
        self
    }

    /// Expects that exactly one test ran, and that it failed.
    ///
    /// # Panics
    ///
    /// Panics with all output otherwise.
    #[track_caller]
    pub fn failed(self) -> Self {
        assert!(
            !self.status.success() && self.output.contains("0 passed; 1 failed"),
            "the inner test did not fail ({}):\n{}\n{}",
            self.status,
            self.output,
            self.errors
        );
        self
    }

    /// Returns the rest of the line on which the test said a word.
    #[must_use]
    pub fn said(&self, word: &str) -> Option<&str> {
        self.output
            .lines()
            .find_map(|line| Some(line.strip_prefix('@')?.strip_prefix(word)?.trim()))
    }
}
