//! Processes of tests on Windows: how one is started in a job, and what comes from it.
//!
//! The job is what the supervisor is on Unix: whatever the test starts is in it, and the system ends
//! all of it when the last handle of the job is closed, which is this process's. The test is put into
//! it before it is told to begin, so nobody escapes.
//!
//! What the process prints and what it says come on one stream, see [`inband`]; what it is
//! told, it reads from standard input.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::windows::io::{AsHandle, OwnedHandle};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::inband::{self, Part, Sign, Unweaver};
use super::job::{self, Job};
use super::subprocess::{Event, MarkPosition, Words};

/// What must outlast the parent: nothing, because the processes of a test do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {}

/// How long the polite request to end is before force: there is none.
pub(crate) const GRACE: Duration = Duration::ZERO;

/// How long processes that are ending anyway may take to end by themselves.
const SETTLE: Duration = Duration::from_millis(50);

/// How long the streams may stay open when nobody is left: somebody outside of the job may have them.
const DRAIN: Duration = Duration::from_secs(1);

/// How often the job is asked who is left.
const JOB_POLL: Duration = Duration::from_millis(2);

/// The length of what makes the mark of the words.
pub(crate) const NONCE: usize = 12;

/// Returns what keeps something open.
pub(crate) fn kept<T>(_held: &T) -> Option<Kept> {
    None
}

/// How a process is started.
pub(crate) struct Start<'a> {
    /// All variables of the process.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Its working directory, unless it is that of the parent.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) words: Words<'a>,
    /// A random word of [`NONCE`] letters, by which what the process says is told from what it prints.
    pub(crate) nonce: String,
    pub(crate) keep: Vec<Kept>,
    /// Whether the output goes to the streams of this process as it comes.
    pub(crate) is_uncaptured: bool,
}

/// A process of a test, with its job.
pub(crate) struct Running {
    id: u32,
    /// Keeps the identifier from being given anew.
    _process: OwnedHandle,
    job: Arc<Job>,
    answers: ChildStdin,
    news: Receiver<News>,
    /// Whether text is passed on here, byte by byte.
    is_direct: bool,
    /// How many of the streams are open.
    open: usize,
    /// How and when the process has ended.
    ended: Option<(ExitStatus, Instant)>,
    /// Whether everything is ending, or the parent is about to end it.
    is_ending: bool,
    is_gone: bool,
}

/// What the threads find out that read and wait.
enum News {
    Part(Part),
    /// A stream has ended.
    Closed,
    Ended(io::Result<ExitStatus>),
}

impl Start<'_> {
    /// Starts the process.
    pub(crate) fn spawn(self) -> io::Result<Running> {
        debug_assert!(self.keep.is_empty());
        let job = Arc::new(Job::new()?);
        let nonce = self.nonce;
        // The file of a program cannot be replaced while it runs.
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(directory) = self.directory {
            command.current_dir(directory);
        }
        command
            // The name itself is the system's.
            .args((self.words)(&nonce, MarkPosition::Filter).split_off(1))
            .env_clear()
            .envs(self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if self.is_uncaptured {
                Stdio::inherit()
            } else {
                Stdio::piped()
            });
        let mut process = command.spawn()?;
        if let Err(error) = job.admit(&process) {
            // One that has ended already is not admitted.
            if process.try_wait()?.is_none() {
                process.kill()?;
                process.wait()?;
                return Err(error);
            }
        }
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let answers = process.stdin.take().ok_or_else(missing)?;
        let output = process.stdout.take().ok_or_else(missing)?;
        let errors = process.stderr.take();
        // Bounded, so that a process that prints a lot waits for whoever reads it.
        let (sender, news) = sync_channel(16);
        let id = process.id();
        let running = Running {
            id,
            _process: process.as_handle().try_clone_to_owned()?,
            job: job.clone(),
            answers,
            news,
            // A terminal takes whole characters only.
            is_direct: self.is_uncaptured && !io::stdout().is_terminal(),
            open: 1 + usize::from(errors.is_some()),
            ended: None,
            is_ending: false,
            is_gone: false,
        };
        jobs().insert(id, job);
        if let Some(errors) = errors {
            let sender = sender.clone();
            spawn(move || {
                read(errors, &sender, |bytes| vec![Part::Text(bytes.to_vec())]);
                let _ = sender.send(News::Closed);
            })?;
        }
        let ended = sender.clone();
        spawn(move || {
            let mut unweaver = Unweaver::new(&nonce);
            read(output, &sender, |bytes| unweaver.push(bytes));
            for part in unweaver.finish() {
                let _ = sender.send(News::Part(part));
            }
            let _ = sender.send(News::Closed);
        })?;
        spawn(move || {
            let _ = ended.send(News::Ended(process.wait()));
        })?;
        Ok(running)
    }
}

/// Starts a thread that blocks in the system. Without it, whoever was to listen ends the job.
fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("isolated-test-process".to_owned())
        .stack_size(128 * 1024)
        .spawn(task)
        .map(drop)
}

/// Reads a stream to its end, or until nobody listens.
fn read(
    mut from: impl Read,
    sender: &SyncSender<News>,
    mut take_apart: impl FnMut(&[u8]) -> Vec<Part>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                for part in take_apart(&buffer[..read]) {
                    if sender.send(News::Part(part)).is_err() {
                        return;
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

impl Running {
    /// Returns the identifier under which [`below`] finds the processes of the test.
    pub(crate) fn supervisor(&self) -> u32 {
        self.id
    }

    /// Waits for what comes next; what was written before an end comes before it.
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Event> {
        loop {
            let now = Instant::now();
            // Also while there is something to read: who prints for ever has no more time.
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Ok(Event::TimeIsUp);
            }
            let mut wait = deadline.map_or(Duration::MAX, |deadline| deadline - now);
            if let Some((status, at)) = self.ended {
                let is_alone = self.job.processes()?.iter().all(|id| *id == self.id);
                if is_alone && (self.open == 0 || now >= at + DRAIN) {
                    self.is_gone = true;
                    return Ok(Event::Gone(Some(status)));
                }
                if !is_alone && !self.is_ending && now >= at + SETTLE {
                    self.is_ending = true;
                    return Ok(Event::Left);
                }
                wait = wait.min(JOB_POLL);
            }
            match self.news.recv_timeout(wait) {
                Ok(News::Part(Part::Message(bytes))) => return Ok(Event::Message(bytes)),
                Ok(News::Part(Part::Text(bytes))) if self.is_direct => pass_on(&bytes),
                Ok(News::Part(Part::Text(bytes))) => return Ok(Event::Output(bytes)),
                Ok(News::Closed) => self.open -= 1,
                Ok(News::Ended(status)) => self.ended = Some((status?, Instant::now())),
                Err(RecvTimeoutError::Timeout) => {}
                // The threads are done, and somebody is left.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(wait.min(JOB_POLL)),
            }
        }
    }

    /// Answers the process. That it is gone is told by the next event.
    pub(crate) fn answer(&mut self, frame: &[u8]) {
        let _ = self.answers.write_all(frame);
    }

    /// Has all processes end. There is no polite way that reaches each of them.
    pub(crate) fn end(&mut self, _others: impl Iterator<Item = u32>) {
        self.kill();
    }

    /// Has all processes end by force.
    pub(crate) fn kill(&mut self) {
        self.is_ending = true;
        self.job.end();
    }

    /// Closes what was kept, which is nothing.
    #[expect(clippy::unused_self, reason = "other platforms keep something")]
    pub(crate) fn release(&mut self, kept: Kept) -> io::Result<()> {
        match kept {}
    }

    /// Leaves behind what cannot be ended.
    pub(crate) fn abandon(&mut self) {
        self.is_gone = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        jobs().remove(&self.id);
        if !self.is_gone {
            self.job.end();
            while let Ok(news) = self.news.recv() {
                if matches!(news, News::Ended(_)) {
                    return;
                }
            }
        }
    }
}

/// Whether a supervisor has started this process. There is none.
pub(crate) fn is_below_supervisor() -> bool {
    false
}

/// Writes text of the test to standard output at once.
fn pass_on(bytes: &[u8]) {
    let mut output = io::stdout().lock();
    // Nobody is left to be told when standard output is closed.
    let _ = output.write_all(bytes).and_then(|()| output.flush());
}

/// The jobs of the tests that run, by the identifier of the test's process.
static JOBS: Mutex<BTreeMap<u32, Arc<Job>>> = Mutex::new(BTreeMap::new());

fn jobs() -> MutexGuard<'static, BTreeMap<u32, Arc<Job>>> {
    JOBS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists the living processes of a test with the names of their programs.
pub(crate) fn below(supervisor: u32) -> Vec<(u32, String)> {
    let job = jobs().get(&supervisor).cloned();
    let processes = job.and_then(|job| job.processes().ok()).unwrap_or_default();
    let named = |id| {
        (
            id,
            job::program(id).unwrap_or_else(|| "a program".to_owned()),
        )
    };
    processes.into_iter().map(named).collect()
}

/// The end of a test's process at which it talks to its parent.
pub(crate) struct Link {
    nonce: String,
    answers: File,
}

impl Link {
    /// Takes over standard input; the test finds an empty one.
    pub(crate) fn attach(nonce: &str) -> io::Result<Link> {
        let input = io::stdin();
        if nonce.len() != NONCE || input.is_terminal() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let answers = input.as_handle().try_clone_to_owned()?;
        job::empty_stdin()?;
        Ok(Link {
            nonce: nonce.to_owned(),
            answers: answers.into(),
        })
    }

    /// Says something to the parent.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.print(Sign::Message(frame))
    }

    /// Waits for the content of a frame from the parent.
    pub(crate) fn receive(&self) -> io::Result<Vec<u8>> {
        let mut frame = vec![0; 4];
        (&self.answers).read_exact(&mut frame)?;
        let length = usize::try_from(u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]));
        let mut content = vec![0; length.unwrap_or(usize::MAX)];
        (&self.answers).read_exact(&mut content)?;
        Ok(content)
    }

    /// Lets standard output be seen from here on. What the test runner has written is left out.
    pub(crate) fn begin_output(&self) -> io::Result<()> {
        self.print(Sign::Begin)
    }

    /// Lets nothing more of standard output be seen: the test runner has the word again.
    pub(crate) fn end_output(&self) -> io::Result<()> {
        self.print(Sign::End)
    }

    /// Writes a sign in one go, behind all that was printed before.
    fn print(&self, sign: Sign<'_>) -> io::Result<()> {
        let line = inband::line(&self.nonce, sign);
        let mut output = io::stdout().lock();
        output.flush()?;
        job::flush_c();
        output.write_all(&line)?;
        output.flush()
    }
}
