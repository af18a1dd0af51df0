//! State directories, and inner tests that start in them.

use std::ffi::OsStr;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::named;
#[cfg(windows)]
use crate::processes::Job;
use crate::running::{Finished, Running};

/// The file that marks a state directory.
pub const MARKER: &str = "isolated-test.state";

/// The state directory of one test.
#[derive(Debug)]
pub struct State {
    dir: tempfile::TempDir,
    #[cfg(windows)]
    job: Job,
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// Makes a directory with the marker of a state directory, so that outer tests can put things
    /// there.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let state = State::unmarked();
        fs::write(state.path().join(MARKER), "isolated-test state 1\n").expect("a marker");
        state
    }

    /// Makes an empty directory, without the marker.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    #[must_use]
    pub fn unmarked() -> Self {
        State {
            dir: tempfile::Builder::new()
                .prefix("it-")
                .tempdir()
                .expect("a state directory"),
            #[cfg(windows)]
            job: Job::new(),
        }
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes a directory for the outer test, beside the files of the runtime.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be made.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        let dir = self.path().join("scratch");
        fs::create_dir_all(&dir).expect("a directory");
        dir
    }

    /// Prepares to run one inner test of the calling file.
    ///
    /// # Panics
    ///
    /// Panics if the path of the running program is unknown.
    #[must_use]
    #[track_caller]
    pub fn inner(&self, test: &str) -> Inner<'_> {
        self.inner_of(&std::env::current_exe().expect("the running program"), test)
    }

    /// Prepares to run one inner test as a user without privileges, who becomes the owner of the
    /// directory.
    ///
    /// # Panics
    ///
    /// Panics if the directory cannot be given away.
    #[cfg(unix)]
    #[must_use]
    #[track_caller]
    pub fn inner_as_nobody(&self, test: &str) -> Inner<'_> {
        const NOBODY: u32 = 65534;

        let inner = self.inner_as(NOBODY, test);
        if is_root() {
            std::os::unix::fs::chown(self.path(), Some(NOBODY), Some(NOBODY))
                .expect("a directory of nobody's");
        }
        inner
    }

    /// Prepares to run one inner test as another user, if this process may become one.
    ///
    /// # Panics
    ///
    /// Panics if the program cannot be copied to a place where that user can start it.
    #[cfg(unix)]
    #[must_use]
    #[track_caller]
    pub fn inner_as(&self, user: u32, test: &str) -> Inner<'_> {
        use std::os::unix::process::CommandExt;

        if !is_root() {
            return self.inner(test);
        }
        // The target directory may be readable by root only.
        let program = self.path().join("program");
        let original = std::env::current_exe().expect("the running program");
        if !program.exists() && fs::hard_link(&original, &program).is_err() {
            // `cp` writes the copy, not this process: a child that another thread starts meanwhile
            // would inherit the open descriptor, and a file that is open for writing cannot be
            // executed.
            let copied = Command::new("cp").arg(&original).arg(&program).status();
            assert!(
                copied.is_ok_and(|status| status.success()),
                "a copy of the running program"
            );
        }
        self.inner_of(&program, test).with(|command| {
            command.uid(user).gid(user).current_dir("/");
        })
    }

    /// Prepares to run one inner test of the calling file in another program that contains it.
    #[must_use]
    #[track_caller]
    pub fn inner_of(&self, program: &Path, test: &str) -> Inner<'_> {
        let inner = Inner::of(program, test).env("ISOLATED_DIR", self.path());
        #[cfg(windows)]
        let inner = Inner {
            job: Some(self.job.clone()),
            ..inner
        };
        inner
    }

    /// The job of all its inner tests.
    #[cfg(windows)]
    pub(crate) fn job(&self) -> &Job {
        &self.job
    }

    /// Lists everything below `runs/`, sorted.
    ///
    /// On Windows it leaves out the records of processes that have ended, and the empty directories
    /// beside them, which stay there until the next process sweeps.
    #[must_use]
    pub fn runs(&self) -> Vec<PathBuf> {
        let mut found = tree(&self.path().join("runs"));
        if cfg!(windows) {
            let is_left = |path: &Path| {
                let record = path.with_extension("isolated-test");
                record == path || record.is_file() && tree(path).is_empty()
            };
            found.retain(|path| !is_left(path));
        }
        found
    }

    /// Returns the first line that the runtime printed, with the path of this directory as `DIR`.
    #[must_use]
    pub fn complaint(&self, run: &Finished) -> String {
        let mut lines = run.errors.lines();
        let line = lines.find(|line| line.starts_with("isolated-test: "));
        let dir = self.path().display().to_string();
        line.unwrap_or_default().replace(&dir, "DIR")
    }

    /// Lists the files in `locks/`, sorted.
    #[must_use]
    pub fn locks(&self) -> Vec<PathBuf> {
        tree(&self.path().join("locks"))
    }
}

/// Whether this process may become any user.
#[cfg(unix)]
#[must_use]
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Lists everything below a directory, sorted.
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

/// An inner test that is about to start. It must not outlive its state directory.
#[derive(Debug)]
pub struct Inner<'a> {
    command: Command,
    module: String,
    state: PhantomData<&'a State>,
    #[cfg(windows)]
    job: Option<Job>,
}

impl Inner<'_> {
    /// Prepares to run one inner test of the calling file from another inner test, beside it.
    ///
    /// # Panics
    ///
    /// Panics if the path of the running program is unknown.
    #[must_use]
    #[track_caller]
    pub fn beside(test: &str) -> Inner<'static> {
        Inner::of(&std::env::current_exe().expect("the running program"), test)
    }

    #[track_caller]
    fn of(program: &Path, test: &str) -> Self {
        let module = named::module();
        let mut command = Command::new(program);
        command
            .args([
                &format!("{module}{test}"),
                "--exact",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
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
        // Tests wait for the notice that a process waits for a lock.
        command.env("ISOLATED_WAIT_NOTICE", "100ms");
        Inner {
            command,
            module,
            state: PhantomData,
            #[cfg(windows)]
            job: None,
        }
    }

    /// The prefix of the names of all inner tests of its file.
    pub(crate) fn module(&self) -> &str {
        &self.module
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets the caller change the command.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Command)) -> Self {
        change(&mut self.command);
        self
    }

    /// Starts the test.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be started.
    #[must_use]
    pub fn start(mut self) -> Running {
        let child = self.command.spawn().expect("the test binary starts again");
        #[cfg(windows)]
        if let Some(job) = self.job {
            job.admit(&child);
        }
        Running::begin(child)
    }

    /// Runs the test to its end.
    #[must_use]
    pub fn run(self) -> Finished {
        self.start().finish()
    }
}
