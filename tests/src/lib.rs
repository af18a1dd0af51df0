//! Starts tests of the running test binary in processes of their own, talks to them, and kills them.
//!
//! An *inner* test is one that another test starts: it is marked `#[ignore]` with that reason, so
//! that a plain run passes over it, and lives in a module `inner`. Each outer test has a state
//! directory of its own, so that what inner tests leave behind can be counted.

#[cfg(target_os = "linux")]
pub mod plain;
#[cfg(target_os = "linux")]
pub mod witness;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up; nothing waits this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A state directory of a test's own.
#[derive(Debug)]
pub struct State {
    dir: tempfile::TempDir,
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// Makes an empty one.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        State {
            dir: tempfile::Builder::new()
                .prefix("it-")
                .tempdir()
                .expect("a state directory"),
        }
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes a directory for the outer test beside what the runtime puts there.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        let dir = self.path().join("scratch");
        fs::create_dir_all(&dir).expect("a directory");
        dir
    }

    /// Prepares to run one inner test of this binary.
    ///
    /// # Panics
    ///
    /// Panics when the running program is not known.
    #[must_use]
    pub fn inner(&self, test: &str) -> Inner {
        self.inner_of(&std::env::current_exe().expect("the running program"), test)
    }

    /// Prepares to run one inner test as a user without privileges, to whom the directory is given.
    ///
    /// # Panics
    ///
    /// Panics when the directory cannot be given away.
    #[cfg(unix)]
    #[must_use]
    pub fn inner_as_nobody(&self, test: &str) -> Inner {
        const NOBODY: u32 = 65534;

        let inner = self.inner_as(NOBODY, test);
        if is_root() {
            std::os::unix::fs::chown(self.path(), Some(NOBODY), Some(NOBODY))
                .expect("a directory of nobody's");
        }
        inner
    }

    /// Prepares to run one inner test as some user, if this one may choose.
    ///
    /// # Panics
    ///
    /// Panics when the program cannot be copied to where that user can start it.
    #[cfg(unix)]
    #[must_use]
    pub fn inner_as(&self, user: u32, test: &str) -> Inner {
        use std::os::unix::process::CommandExt;

        if !is_root() {
            return self.inner(test);
        }
        // The target directory may stand where only root can go.
        let program = self.path().join("program");
        let original = std::env::current_exe().expect("the running program");
        if !program.exists() && fs::hard_link(&original, &program).is_err() {
            fs::copy(&original, &program).expect("a copy of the running program");
        }
        self.inner_of(&program, test).with(|command| {
            command.uid(user).gid(user).current_dir("/");
        })
    }

    fn inner_of(&self, program: &Path, test: &str) -> Inner {
        let mut command = Command::new(program);
        command
            .args([
                &format!("inner::{test}"),
                "--exact",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("ISOLATED_DIR", self.path())
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let is_ours = name.starts_with("ISOLATED_") && name != "ISOLATED_DIR";
            if name.starts_with("NEXTEST") || is_ours {
                command.env_remove(name);
            }
        }
        // Tests wait for the line that says that somebody waits.
        command.env("ISOLATED_WAIT_NOTICE", "100ms");
        Inner { command }
    }

    /// Lists what stands in `runs/`, sorted, without the directory itself.
    #[must_use]
    pub fn runs(&self) -> Vec<PathBuf> {
        tree(&self.path().join("runs"))
    }

    /// Lists the files in `locks/`, sorted.
    #[must_use]
    pub fn locks(&self) -> Vec<PathBuf> {
        tree(&self.path().join("locks"))
    }
}

/// Tells whether this process may become any user.
#[cfg(unix)]
#[must_use]
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Lists all that stands below a directory.
#[must_use]
pub fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        found.push(entry.path());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(tree(&entry.path()));
        }
    }
    found.sort();
    found
}

/// An inner test that is about to start.
#[derive(Debug)]
pub struct Inner {
    command: Command,
}

impl Inner {
    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives access to the command.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Self {
        change(&mut self.command);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Running {
        let mut child = self.command.spawn().expect("the test binary starts again");
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

    /// Runs it to its end.
    #[must_use]
    pub fn run(self) -> Finished {
        self.start().finish()
    }
}

/// Reads lines as they come.
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

/// Which of two was first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The one that was asked.
    One,
    /// The other one.
    Other,
}

/// An inner test that runs; it is killed when this is dropped.
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
    /// Waits until it says a word, and returns what follows the word on its line.
    ///
    /// # Panics
    ///
    /// Panics when it ends or takes too long.
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

    /// Waits until it writes a line with this text to standard error, and returns the line.
    ///
    /// # Panics
    ///
    /// Panics when it ends or takes too long.
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

    /// Waits until this one or another one says a word, and tells which.
    ///
    /// # Panics
    ///
    /// Panics when neither does in time.
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

    /// Tells whether it has said the word by now.
    pub fn has_said(&mut self, word: &str) -> bool {
        self.words
            .try_iter()
            .any(|line| line.strip_prefix('@') == Some(word))
    }

    /// Says a word that it waits for with [`listen`].
    ///
    /// # Panics
    ///
    /// Panics when it has ended.
    pub fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("an open pipe");
        writeln!(input, "{word}").expect("the inner test reads");
    }

    /// Returns its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Panics
    ///
    /// Panics when it has been waited for already.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to wait for");
    }

    /// Tells whether it has ended.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be waited for.
    pub fn has_ended(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child to wait for")
            .is_some()
    }

    /// Waits until it ends.
    ///
    /// # Panics
    ///
    /// Panics when it takes too long.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        self.finish_within(PATIENCE).unwrap_or_else(|| {
            let _ = self.child.kill();
            panic!("the inner test hangs\n{}", self.output);
        })
    }

    /// Waits until it ends, or for so long.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be waited for.
    pub fn finish_within(&mut self, time: Duration) -> Option<Finished> {
        self.input = None;
        let deadline = Instant::now() + time;
        // The pipe closes when the process ends, so nothing is polled.
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
    /// How.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

#[expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "what is expected of the end is often all that a test wants to know"
)]
impl Finished {
    /// Expects that exactly one test ran, and passed.
    ///
    /// # Panics
    ///
    /// Panics with all output when it did not.
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

    /// Expects that exactly one test ran, and failed.
    ///
    /// # Panics
    ///
    /// Panics with all output when it did not.
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

    /// Returns what follows a word that it said.
    #[must_use]
    pub fn said(&self, word: &str) -> Option<&str> {
        self.output
            .lines()
            .find_map(|line| Some(line.strip_prefix('@')?.strip_prefix(word)?.trim()))
    }
}

/// Says a word to the outer test, from an inner one.
///
/// # Panics
///
/// Panics when nobody hears it.
pub fn say(word: &str) {
    // libtest leaves its own line open.
    let mut output = io::stdout().lock();
    writeln!(output, "\n@{word}")
        .and_then(|()| output.flush())
        .expect("the outer test listens");
}

/// Waits in an inner test until the outer one tells a word, or goes away.
///
/// # Panics
///
/// Panics when the word is another one.
pub fn listen(word: &str) {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .expect("standard input");
    if !line.is_empty() {
        assert_eq!(line.trim(), word);
    }
}

/// Random numbers that a seed repeats (xorshift64*).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Chooses a new seed, to be printed when a test fails.
    ///
    /// Tests that go on for long do not use the attribute for it: those that run alone would wait.
    #[must_use]
    pub fn new_seed() -> u64 {
        use std::hash::{BuildHasher, RandomState};

        RandomState::new().hash_one(std::process::id())
    }

    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Random(seed | 1)
    }

    /// Returns a number below another one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}
