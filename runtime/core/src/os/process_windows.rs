//! Subprocesses of tests on Windows: starts one in a job and receives its events.
//!
//! The job takes the role of the supervisor on Unix. It contains everything that the test starts,
//! and the system ends all of it when the last handle of the job is closed, which this process
//! owns. The subprocess is put into the job before it is told to begin, so no process escapes.
//!
//! The output of the subprocess and its messages share one stream, see [`inband`]. It reads the
//! answers from standard input. Captured standard error is a second stream, and both are shown as
//! one, line by line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::windows::io::{AsHandle, OwnedHandle};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::inband::{self, Part, Sign, Unweaver};
use super::job::{self, Job};
use super::spawn_thread;
use super::subprocess::{Arguments, Event};
use super::whole_lines::WholeLines;
use crate::mutex::lock;

/// A handle that must outlast the parent. There is none, because the processes of a test do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {}

/// Nothing to wait for: a subprocess inherits only the handles that it is given.
pub(crate) fn finish_starts() {}

/// The time between the request to end and force: there is no such request.
pub(crate) const GRACE: Duration = Duration::ZERO;

/// How long processes that are ending anyway may take to end on their own.
const SETTLE: Duration = Duration::from_millis(50);

/// How long the streams may stay open when no process is left: a process outside the job may hold
/// them.
const DRAIN: Duration = Duration::from_secs(1);

/// How often the job is asked for its processes once the subprocess has ended and others are left.
///
/// A job can send a message to a completion port when it becomes empty, but Windows does not promise
/// that the message arrives, so the job would have to be asked all the same. This happens for [`SETTLE`]
/// and while killed processes end. A list costs microseconds.
const JOB_POLL: Duration = Duration::from_millis(2);

/// The length of the nonce in the mark of messages.
pub(crate) const NONCE: usize = 12;

/// `None`: nothing has to be kept open.
pub(crate) fn kept<T>(_held: &T) -> Option<Kept> {
    None
}

/// How to start a subprocess.
pub(crate) struct Start<'a> {
    /// All environment variables of the subprocess.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Its working directory; `None` for that of the parent.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) arguments: Arguments<'a>,
    /// A random word of [`NONCE`] letters that distinguishes messages from output.
    pub(crate) nonce: String,
    pub(crate) keep: Vec<Kept>,
    /// Whether the output goes to the standard streams of this process as it arrives.
    pub(crate) is_uncaptured: bool,
}

/// The subprocess of a test, with its job.
pub(crate) struct Running {
    id: u32,
    /// Keeps the process ID from being reused.
    _process: OwnedHandle,
    job: Arc<Job>,
    answers: ChildStdin,
    news: Receiver<News>,
    /// Whether output is written to standard output here, byte by byte.
    is_direct: bool,
    /// The number of open streams.
    open: usize,
    /// The exit status of the subprocess and the time of its end.
    ended: Option<(ExitStatus, Instant)>,
    /// Whether everything is ending, or the parent is about to end it.
    is_ending: bool,
    is_gone: bool,
}

/// A report of a thread that reads or waits.
enum News {
    Part(Part),
    /// A stream has ended.
    Closed,
    Ended(io::Result<ExitStatus>),
}

impl Start<'_> {
    /// Starts the subprocess.
    pub(crate) fn spawn(self) -> io::Result<Running> {
        debug_assert!(self.keep.is_empty());
        let job = Arc::new(Job::new()?);
        let nonce = self.nonce;
        // The path stays right: the file of a program cannot be replaced while it runs.
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(directory) = self.directory {
            command.current_dir(directory);
        }
        command
            // The system sets `argv[0]`.
            .args((self.arguments)(&nonce, Some("")).split_off(1))
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
        job.admit(&mut process)?;
        let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
        let answers = process.stdin.take().ok_or_else(missing)?;
        let output = process.stdout.take().ok_or_else(missing)?;
        let errors = process.stderr.take();
        // Bounded, so that a process that prints a lot waits for the reader.
        let (sender, news) = sync_channel(16);
        let id = process.id();
        let running = Running {
            id,
            _process: process.as_handle().try_clone_to_owned()?,
            job: job.clone(),
            answers,
            news,
            // A terminal accepts whole characters only.
            is_direct: self.is_uncaptured && !io::stdout().is_terminal(),
            open: 1 + usize::from(errors.is_some()),
            ended: None,
            is_ending: false,
            is_gone: false,
        };
        lock(&JOBS).insert(id, job);
        if let Some(errors) = errors {
            let sender = sender.clone();
            spawn(move || {
                let mut lines = WholeLines::default();
                read(errors, &sender, |bytes| {
                    lines.push(vec![Part::Text(bytes.to_vec())])
                });
                let mut rest = Vec::new();
                lines.finish(&mut rest);
                close(&sender, rest);
            })?;
        }
        let ended = sender.clone();
        // Without a second stream, text is shown as it arrives.
        let mut lines = (!self.is_uncaptured).then(WholeLines::default);
        spawn(move || {
            let mut unweaver = Unweaver::new(&nonce);
            let mut whole = |parts| match &mut lines {
                Some(lines) => lines.push(parts),
                None => parts,
            };
            read(output, &sender, |bytes| whole(unweaver.push(bytes)));
            let mut rest = whole(unweaver.finish());
            if let Some(lines) = &mut lines {
                lines.finish(&mut rest);
            }
            close(&sender, rest);
        })?;
        spawn(move || {
            let _ = ended.send(News::Ended(process.wait()));
        })?;
        Ok(running)
    }
}

/// Starts a thread. If that fails, the caller drops [`Running`], which ends the job.
fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    spawn_thread("isolated-test-process", task)
}

/// Reads a stream to its end, or until the receiver is gone.
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

/// Sends what was held back at the end of a stream, and reports the end.
fn close(sender: &SyncSender<News>, rest: Vec<Part>) {
    for part in rest {
        let _ = sender.send(News::Part(part));
    }
    let _ = sender.send(News::Closed);
}

impl Running {
    /// The process ID by which [`below`] finds the processes of the test.
    pub(crate) fn supervisor(&self) -> u32 {
        self.id
    }

    /// Waits for the next event. Everything written before the end arrives before [`Event::Gone`].
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> io::Result<Event> {
        loop {
            let now = Instant::now();
            // Checked before any read: a process that prints forever gets no extra time.
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
                // The threads have ended, and a process is left, whose end no event tells: see `JOB_POLL`.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(wait.min(JOB_POLL)),
            }
        }
    }

    /// Sends an answer to the subprocess. Errors are ignored: the next event reports that it is
    /// gone.
    pub(crate) fn answer(&mut self, frame: &[u8]) {
        let _ = self.answers.write_all(frame);
    }

    /// Ends all processes by force, because no request to end reaches each of them.
    pub(crate) fn end(&mut self, _others: impl Iterator<Item = u32>) {
        self.kill();
    }

    /// Ends all processes by force.
    pub(crate) fn kill(&mut self) {
        self.is_ending = true;
        self.job.end();
    }

    /// Closes a kept handle. There is none.
    #[expect(clippy::unused_self, reason = "other platforms keep something")]
    pub(crate) fn release(&mut self, kept: Kept) -> io::Result<()> {
        match kept {}
    }

    /// Gives up on processes that cannot be ended: they stay, and nothing waits for them.
    pub(crate) fn abandon(&mut self) {
        self.is_gone = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&JOBS).remove(&self.id);
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

/// Whether a supervisor started this process. There is none here.
pub(crate) fn is_below_supervisor() -> bool {
    false
}

/// Writes output of the test to standard output at once.
fn pass_on(bytes: &[u8]) {
    let mut output = io::stdout().lock();
    // A closed standard output cannot be reported to anyone.
    let _ = output.write_all(bytes).and_then(|()| output.flush());
}

/// The jobs of running tests, by the process ID of the subprocess.
static JOBS: Mutex<BTreeMap<u32, Arc<Job>>> = Mutex::new(BTreeMap::new());

/// Lists the live processes of a test with the names of their programs.
pub(crate) fn below(supervisor: u32) -> Vec<(u32, String)> {
    let job = lock(&JOBS).get(&supervisor).cloned();
    let processes = job.and_then(|job| job.processes().ok()).unwrap_or_default();
    let named = |id| {
        (
            id,
            job::program(id).unwrap_or_else(|| "a program".to_owned()),
        )
    };
    processes.into_iter().map(named).collect()
}

/// The subprocess's end of the connection to its parent.
pub(crate) struct Link {
    nonce: String,
    answers: File,
}

impl Link {
    /// Takes over standard input and leaves an empty one to the test.
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

    /// Sends a frame to the parent.
    pub(crate) fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.print(Sign::Message(frame))
    }

    /// Waits for a frame from the parent and returns its content.
    pub(crate) fn receive(&self) -> io::Result<Vec<u8>> {
        let mut frame = vec![0; 4];
        (&self.answers).read_exact(&mut frame)?;
        let length = usize::try_from(u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]));
        let mut content = vec![0; length.unwrap_or(usize::MAX)];
        (&self.answers).read_exact(&mut content)?;
        Ok(content)
    }

    /// Shows standard output from here on. Earlier output of the test runner is left out.
    pub(crate) fn begin_output(&self) -> io::Result<()> {
        self.print(Sign::Begin)
    }

    /// Hides standard output from here on, because the test runner writes to it again.
    pub(crate) fn end_output(&self) -> io::Result<()> {
        self.print(Sign::End)
    }

    /// Writes a sign with a single write, after everything printed before.
    fn print(&self, sign: Sign<'_>) -> io::Result<()> {
        let line = inband::line(&self.nonce, sign);
        let mut output = io::stdout().lock();
        output.flush()?;
        job::flush_c();
        output.write_all(&line)?;
        output.flush()
    }
}
