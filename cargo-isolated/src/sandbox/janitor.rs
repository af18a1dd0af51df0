//! The process between the runner and the test program.

#![expect(unsafe_code, reason = "`fork`, `signal` and `raise` have no safe form")]

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Command, ExitStatus};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{
    ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, getpgrp, pipe2, setpgid,
};

use super::enter::enter;
use super::postgres::require_parts;
use super::postgres::server::Server;
use crate::leftovers;
use crate::part::{Part, names};
use crate::plan::{Plan, Refusal};
use crate::trace::recorder::Recorder;

/// Signals that end a process by default, and that others send to the group of the test. A program in
/// it decides what they mean, so the runner ignores them and ends when the program does.
const IGNORED: [Signal; 10] = [
    Signal::SIGALRM,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGIO,
    Signal::SIGPROF,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGVTALRM,
];

/// Tries to enter a sandbox, in a process that then exits.
pub(super) fn probe(plan: &Plan) -> Result<Result<(), Refusal>> {
    let entered = in_janitor(|_, _| enter(plan).map(|_| Ok(ExitStatus::default())))?;
    Ok(entered.map(drop))
}

/// Does something in a sandbox, whose programs end with this process. The function is told whether the
/// sandbox has a user namespace, and gets the pipe that is closed when this process ends.
///
/// # Errors
///
/// The function has failed, or the system refuses a part of the sandbox.
pub(super) fn act(plan: &Plan, act: impl FnOnce(bool, &File) -> io::Result<()>) -> Result<()> {
    let ended = in_janitor(|_, alive| {
        let ended = enter(plan).map(|is_user| {
            kill_after_runner(alive.try_clone()?);
            act(is_user, &alive).map(|()| ExitStatus::default())
        });
        // A server that was not ready in time.
        leftovers::end(|| {});
        ended
    })?;
    ended.map(drop).map_err(|refusal| anyhow!(refusal.reason))
}

/// Runs a program in a sandbox, and returns its exit status.
pub(super) fn run(
    plan: &Plan,
    command: &mut Command,
    recorder: &Recorder,
) -> Result<Result<ExitStatus, Refusal>> {
    command.process_group(getpgrp().as_raw());
    if plan.has(Part::Tmp) {
        command.env_remove("TMPDIR");
    }
    if plan.has(Part::Home) {
        for name in [
            "CACHE_HOME",
            "CONFIG_HOME",
            "DATA_HOME",
            "RUNTIME_DIR",
            "STATE_HOME",
        ] {
            command.env_remove(format!("XDG_{name}"));
        }
    }
    let ended = in_janitor(|answer, mut alive| {
        let mut server = None;
        let ended = enter(plan).map(|is_user| {
            if let Some(postgres) = &plan.postgres {
                require_parts(plan)?;
                server = Some(Server::start(postgres, is_user, &alive)?);
            }
            make_runner_ignore_signals(answer, &mut alive);
            let started = command.spawn();
            if let Ok(child) = &started {
                recorder.started(child.id());
            }
            kill_after_runner(alive);
            // Readers of the output see its end when the program closes it.
            let _ = close_stdio();
            started.and_then(|mut child| child.wait())
        });
        if let Ok(Ok(status)) = &ended {
            let has_exited = status.code().is_some();
            recorder.over(status.success(), has_exited, &status.to_string());
        }
        // Hosts may need the server until they have ended.
        leftovers::end(|| {
            if let Some(server) = server {
                server.end();
            }
        });
        ended
    });
    ended.with_context(|| {
        format!(
            "failed to run `{}`",
            command.get_program().to_string_lossy()
        )
    })
}

/// The first line of an answer, before a program starts.
const STARTS: &str = "starts\n";

/// How the janitor has ended: with the status of a program, with an error, or with refused parts.
type Ended = Result<io::Result<ExitStatus>, Refusal>;

/// Forks the janitor and returns its answer. `act` runs in the janitor. It gets the pipe for the
/// answer, and one that is closed when the runner exits.
///
/// The runner ignores signals only while a program runs: before, they end it as any process.
fn in_janitor(act: impl FnOnce(&mut File, File) -> Ended) -> Result<Result<ExitStatus, Refusal>> {
    let (answers, mut answer) = pipe()?;
    let (alive, mut held) = pipe()?;
    // SAFETY: this process has a single thread, so its child may do anything.
    match unsafe { fork() }.context("failed to start a process")? {
        ForkResult::Child => {
            drop((answers, held));
            // Leave the runner's group, so that killing the group spares the janitor.
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = set_child_subreaper(true);
            let ended = act(&mut answer, alive);
            let _ = answer.write_all(report(ended).as_bytes());
            process::exit(0)
        }
        ForkResult::Parent { child } => {
            drop((answer, alive));
            let mut answers = BufReader::new(answers);
            let mut text = String::new();
            let mut read = answers.read_line(&mut text);
            let ignored = (text == STARTS).then(Ignored::all);
            if ignored.is_some() {
                text.clear();
                // If the janitor is dead, the answer ends here.
                let _ = held.write_all(&[0]);
            }
            read = read.and_then(|_| answers.read_to_string(&mut text));
            read.context("failed to read from a pipe")?;
            let _ = waitpid(child, None);
            parse(&text)
        }
    }
}

fn pipe() -> Result<(File, File)> {
    let (from, to) = pipe2(OFlag::O_CLOEXEC).context("failed to create a pipe")?;
    Ok((from.into(), to.into()))
}

/// Ignores signals until it is dropped.
struct Ignored([(Signal, nix::Result<SigHandler>); IGNORED.len()]);

impl Ignored {
    fn all() -> Ignored {
        // SAFETY: an ignored signal runs no code.
        Ignored(IGNORED.map(|number| (number, unsafe { signal(number, SigHandler::SigIgn) })))
    }
}

impl Drop for Ignored {
    fn drop(&mut self) {
        for (number, handler) in self.0 {
            // SAFETY: this handler was installed before.
            let _ = handler.and_then(|handler| unsafe { signal(number, handler) });
        }
    }
}

/// Waits until the runner ignores signals. If a signal has ended it before, ends this process, so that the
/// program never starts.
fn make_runner_ignore_signals(answer: &mut File, alive: &mut File) {
    let told = answer.write_all(STARTS.as_bytes());
    if told.and_then(|()| alive.read_exact(&mut [0])).is_err() {
        end_with_runner();
    }
}

/// Kills everything if the runner exits before its program. Then the other thread has nothing to wait for.
fn kill_after_runner(mut alive: File) {
    thread::spawn(move || {
        let _ = alive.read(&mut [0]);
        leftovers::kill_until_exit()
    });
}

/// Kills everything and ends this process, because the runner has ended. For the thread that starts programs.
pub(super) fn end_with_runner() -> ! {
    leftovers::kill_all();
    process::exit(0)
}

fn close_stdio() -> Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}

/// Formats the janitor's answer to the runner.
fn report(ended: Ended) -> String {
    match ended {
        Ok(Ok(status)) => format!("ended {}", status.into_raw()),
        Ok(Err(error)) => format!("error {error}"),
        Err(Refusal { parts, reason }) => format!("refused {} {reason}", names(&parts, ",")),
    }
}

fn parse(answer: &str) -> Result<Result<ExitStatus, Refusal>> {
    match answer.split_once(' ') {
        Some(("ended", status)) => Ok(Ok(ExitStatus::from_raw(status.parse()?))),
        Some(("refused", rest)) => {
            let (parts, reason) = rest.split_once(' ').context("expected a reason")?;
            let parts = Part::list(parts).map_err(anyhow::Error::msg)?;
            let reason = reason.to_owned();
            Ok(Err(Refusal { parts, reason }))
        }
        Some(("error", error)) => bail!("{error}"),
        _ => bail!("the janitor of the sandbox died; was it killed?"),
    }
}

/// Ends this process as the program ended: with its exit code, or by its signal.
pub(super) fn exit_like(status: ExitStatus) -> Result<Infallible> {
    if let Some(number) = status.signal() {
        // The program has dumped its core already.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        // SAFETY: the default action of a signal runs no code of this process.
        Errno::result(unsafe {
            libc::signal(number, libc::SIG_DFL);
            libc::raise(number)
        })
        .context("failed to end by the signal of the program")?;
    }
    process::exit(status.code().unwrap_or(1))
}
