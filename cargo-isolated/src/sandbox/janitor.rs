//! The process between the runner and the test program.

#![expect(unsafe_code, reason = "a fork has no safe form")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Command, ExitCode, ExitStatus};
use std::thread;

use anyhow::{Context, Result, bail};
use nix::fcntl::OFlag;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, raise, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{
    ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, getpgrp, pipe2, setpgid,
};

use super::enter::enter;
use super::leftovers;
use crate::part::Part;
use crate::plan::{Plan, Refusal};

/// The signals that a terminal or a test runner sends to the whole group. The program in it decides
/// what they mean, and the runner ends as that ends.
const OF_THE_GROUP: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// Enters a sandbox in a process that then ends.
pub(super) fn probe(plan: &Plan) -> Result<Result<(), Refusal>> {
    let answer = in_janitor(|mut answer, _| {
        let entered = enter(plan).map(|()| ExitStatus::default());
        let _ = answer.write_all(report(&entered).as_bytes());
    })?;
    Ok(parse(&answer)?.map(drop))
}

/// Runs a program in a sandbox, and returns how it ended.
pub(super) fn run(
    plan: &Plan,
    program: &OsStr,
    words: &[OsString],
) -> Result<Result<ExitStatus, Refusal>> {
    let group = getpgrp();
    let mut command = Command::new(program);
    command.args(words).process_group(group.as_raw());
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
    let answer = in_janitor(|mut answer, alive| {
        let ended = enter(plan).map(|()| {
            end_with(alive);
            let started = command.spawn();
            // The program alone holds the output open.
            let _ = forget_stdio();
            started.and_then(|mut child| child.wait())
        });
        leftovers::end();
        let text = match ended {
            Ok(Ok(status)) => report(&Ok(status)),
            Ok(Err(error)) => format!("error {error}"),
            Err(refusal) => report(&Err(refusal)),
        };
        let _ = answer.write_all(text.as_bytes());
    })?;
    let ended = parse(&answer);
    ended.with_context(|| format!("failed to run `{}`", program.to_string_lossy()))
}

/// Forks the janitor, which calls this, and returns its answer. The pipe that it gets ends when the
/// runner does.
fn in_janitor(act: impl FnOnce(File, File)) -> Result<String> {
    let (mut heard, answer) = pipe()?;
    let (alive, held) = pipe()?;
    // No signal may end the runner between the start of the janitor and the moment from which it
    // ignores them.
    let mask = OF_THE_GROUP.into_iter().collect::<SigSet>();
    let before = mask.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // SAFETY: this process has one thread, so that the child may do what any process may.
    match unsafe { fork() }.context("failed to start a process")? {
        ForkResult::Child => {
            drop((heard, held));
            let _ = before.thread_set_mask();
            // Whoever ends the group of the runner does not end the janitor.
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = set_child_subreaper(true);
            act(answer, alive);
            process::exit(0)
        }
        ForkResult::Parent { child } => {
            drop((answer, alive));
            // SAFETY: no code of ours runs when a signal arrives.
            let ignore = |one| unsafe { signal(one, SigHandler::SigIgn) };
            let handlers = OF_THE_GROUP.map(|one| (one, ignore(one)));
            let _ = before.thread_set_mask();
            let mut text = String::new();
            heard
                .read_to_string(&mut text)
                .context("failed to read from a pipe")?;
            let _ = waitpid(child, None);
            for (one, handler) in handlers {
                // SAFETY: it is what was there before.
                let _ = handler.and_then(|handler| unsafe { signal(one, handler) });
            }
            Ok(text)
        }
    }
}

fn pipe() -> Result<(File, File)> {
    let (from, to) = pipe2(OFlag::O_CLOEXEC).context("failed to create a pipe")?;
    Ok((from.into(), to.into()))
}

/// Ends everything when the runner has ended before its program.
fn end_with(mut alive: File) {
    thread::spawn(move || {
        let _ = alive.read(&mut [0]);
        leftovers::kill_all();
        process::exit(0)
    });
}

fn forget_stdio() -> Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(())
}

/// What the janitor tells the runner, as text.
fn report(ended: &Result<ExitStatus, Refusal>) -> String {
    match ended {
        Ok(status) => format!("ended {}", status.into_raw()),
        Err(Refusal { part, reason }) => format!("refused {part} {reason}"),
    }
}

fn parse(answer: &str) -> Result<Result<ExitStatus, Refusal>> {
    match answer.split_once(' ') {
        Some(("ended", status)) => Ok(Ok(ExitStatus::from_raw(status.parse()?))),
        Some(("refused", rest)) => {
            let (part, reason) = rest.split_once(' ').context("expected a reason")?;
            let parts = Part::list(part).map_err(anyhow::Error::msg)?;
            let part = *parts.first().context("expected a part")?;
            let reason = reason.to_owned();
            Ok(Err(Refusal { part, reason }))
        }
        Some(("error", error)) => bail!("{error}"),
        _ => bail!("the process around the program died"),
    }
}

/// Ends this process as the program has ended: with its status, or by its signal.
pub(super) fn end_like(status: ExitStatus) -> Result<ExitCode> {
    if let Some(number) = status.signal() {
        let number =
            Signal::try_from(number).context("the program was ended by an unknown signal")?;
        // The program has left its core already.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        // SAFETY: the default action runs no code of ours.
        let _ = unsafe { signal(number, SigHandler::SigDfl) };
        raise(number).context("failed to end like the program")?;
    }
    process::exit(status.code().unwrap_or(1))
}
