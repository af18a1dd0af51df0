//! The parent of a subprocess: starts it, listens to it, and judges its end.

#[cfg(feature = "clock")]
use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::ended::{self, Stage};
use super::loss::LossWatch;
use super::mark;
use super::memory;
use super::network::Network;
#[cfg(feature = "clock")]
use super::preload;
use super::protocol::{self, BodyEnd, ChildMessage, Handover, How};
use super::surroundings::Surroundings;
use super::terminal;
use crate::config;
use crate::error::{Error, ErrorKind, chain};
use crate::os::process::{GRACE, Running, Start};
use crate::os::subprocess::Event;
use crate::os::tree;
use crate::output;
use crate::report;
use crate::resource::Outcome;
#[cfg(feature = "clock")]
use crate::resource::clock::{ClockRequest, Started};
use crate::resource::remote::Call;
use crate::resource::tmpdir::TmpDir;
use crate::resource::value::Value;
use crate::run::session::{End, Session};
use crate::run::spec::{ShouldPanic, Spec};
use crate::runner;
#[cfg(windows)]
use crate::{os, random};

/// How long killed processes may take to disappear.
const LAST: Duration = Duration::from_secs(10);

/// The largest handover, in bytes, that is sent before the subprocess reads. The buffer of the
/// connection holds that much.
const AT_ONCE: usize = 16 * 1024;

/// Runs a test in a subprocess, to its end.
pub(crate) fn run(
    session: &mut Session<'_>,
    surroundings: &Surroundings,
    network: Network,
) -> Result<End, Error> {
    let spec = session.resources.spec;
    let limit = limit(spec, surroundings)?;
    let mut variables = session.environment(surroundings);
    let given = Handover {
        values: session.handles()?,
        own_network: network.is_own(),
        serial_network: network.is_serial(),
        fences: session.fences(),
        terminal: terminal::withhold(&mut variables),
        #[cfg(feature = "clock")]
        clock: clock(session, surroundings, &mut variables)?,
        #[cfg(not(feature = "clock"))]
        clock: None,
    };
    memory::look();
    let test = session.cx().current.clone();
    let start = Start {
        variables,
        directory: surroundings.directory(&spec.place, &test)?,
        arguments: &|link, name| mark::arguments(spec, test.runner_name(), link, name),
        #[cfg(windows)]
        nonce: random::word(os::process::NONCE),
        keep: session.kept(),
        is_uncaptured: runner::is_uncaptured(),
        #[cfg(target_os = "linux")]
        network: match network {
            Network::Custom(way) => Some(way),
            Network::Common | Network::Serial => None,
        },
    };
    let mut running = start.spawn().map_err(|error| {
        Error::new(ErrorKind::Process, "start the process of the test").because(error)
    })?;
    session.resources.trace.child(running.supervisor());
    let watched = session.watch();
    #[cfg(unix)]
    running.watch(watched.as_ref().map(LossWatch::descriptor));
    let mut given = Some(protocol::encode(&given));
    if let Some(small) = given.take_if(|given| given.len() <= AT_ONCE) {
        // It fits into the buffer of the connection, so there is no need to wait for `Started`.
        running.answer(&small);
    }
    let mut watch = Conversation {
        session,
        running,
        given,
        limit,
        watched,
        began: Instant::now(),
        messages: Vec::new(),
        relay: Relay::default(),
        heard: Heard::default(),
        is_ending: false,
    };
    let result = watch.until_nobody_is_left();
    watch.confirm();
    watch.relay.finish();
    let heard = watch.heard;
    drop(watch.running);
    result?;
    Ok(judge(session, heard))
}

/// The variable that names the time zone in which programs show their times.
#[cfg(feature = "clock")]
const ZONE: &str = "TZ";

/// Makes the clock of the test, if it has one, and adds its variables. Returns the bits of its speed.
#[cfg(feature = "clock")]
fn clock(
    session: &mut Session<'_>,
    surroundings: &Surroundings,
    variables: &mut Vec<(OsString, OsString)>,
) -> Result<Option<u64>, Error> {
    let Some((begin, speed)) = surroundings.clock else {
        return Ok(None);
    };
    let at = begin.resolve(variables)?;
    if let Some(zone) = begin.zone().filter(|_| !surroundings.mentions(ZONE)) {
        variables.retain(|(name, _)| name != ZONE);
        variables.push((ZONE.into(), zone.into()));
    }
    let current = session.cx().current.clone();
    let started = Started::new(current.name(), ClockRequest { at, speed })?;
    let (setting, library) = (started.setting(), started.preloaded());
    preload::add(variables, setting.as_os_str(), library.as_os_str());
    session.resources.trace.clock(&started.clock.to_string());
    current.give_clock(started.clock.clone());
    session.clock = Some(started);
    Ok(Some(speed.to_bits()))
}

/// How long the test may take.
fn limit(spec: &Spec, surroundings: &Surroundings) -> Result<Option<Duration>, Error> {
    let written = spec.process.and_then(|process| process.timeout);
    let Some(limit) = surroundings.timeout.or(written) else {
        return Ok(None);
    };
    if limit.is_zero() {
        return Err(Error::new(ErrorKind::Process, "run the test")
            .because("its timeout is zero; write a time above zero"));
    }
    Ok(config::variables()?.scaled(limit))
}

/// The exchange with a running subprocess.
struct Conversation<'w, 'a> {
    session: &'w mut Session<'a>,
    running: Running,
    /// The handover, to be sent once the test has started, unless it was sent before.
    given: Option<Vec<u8>>,
    limit: Option<Duration>,
    /// How to notice that a lock is lost, if that can happen.
    watched: Option<LossWatch>,
    /// When the subprocess was started; later, when the test began.
    began: Instant,
    /// Bytes of a message that has not arrived completely.
    messages: Vec<u8>,
    relay: Relay,
    heard: Heard,
    /// Whether all processes have been told to end, or killed.
    is_ending: bool,
}

/// Everything known about the end of a test.
#[derive(Default)]
struct Heard {
    has_started: bool,
    unable: Option<String>,
    ended: Option<BodyEnd>,
    /// The time limit, if the test timed out.
    timed_out: Option<Duration>,
    /// Which lock was lost, and why.
    lost: Option<String>,
    status: Option<std::process::ExitStatus>,
}

impl Conversation<'_, '_> {
    /// Listens until no process is left.
    fn until_nobody_is_left(&mut self) -> Result<(), Error> {
        let mut deadline = self.deadline();
        loop {
            let event = self.running.next(deadline).map_err(|error| {
                Error::new(ErrorKind::Process, "listen to the process of the test").because(error)
            })?;
            match event {
                Event::Output(bytes) => self.relay.push(&bytes),
                Event::Message(bytes) => {
                    let was_ending = self.is_ending;
                    self.hear(&bytes);
                    if !self.is_ending {
                        deadline = self.deadline();
                    } else if !was_ending {
                        deadline = Some(Instant::now() + LAST);
                    }
                }
                Event::Left => {
                    let left = tree::below(self.running.supervisor());
                    report::left(self.session.cx().current.name(), &left);
                    self.running.kill();
                    self.is_ending = true;
                    deadline = Some(Instant::now() + LAST);
                }
                #[cfg(unix)]
                Event::Watched => {
                    if let Some(why) = self.watched.as_ref().and_then(LossWatch::lost) {
                        self.running.watch(None);
                        self.lose(why);
                        deadline = Some(Instant::now() + LAST);
                    }
                }
                Event::Gone(status) => {
                    self.heard.status = status;
                    return Ok(());
                }
                Event::TimeIsUp => match self.give_up() {
                    Some(later) => deadline = Some(later),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Kills a test whose lock is lost: from now on somebody else may hold it.
    fn lose(&mut self, why: String) {
        self.heard.lost.get_or_insert(why);
        self.running.kill();
        self.is_ending = true;
    }

    /// Asks whether the locks were held until the end: a loss may not have been noticed yet.
    fn confirm(&mut self) {
        if self.heard.lost.is_none() && self.heard.ended.is_some() {
            let watched = self.watched.as_ref();
            self.heard.lost = watched.and_then(LossWatch::lost_for_certain);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.began.checked_add(self.limit?)
    }

    /// Ends a test that timed out. Returns the deadline by which its processes must be gone, or
    /// `None` if they missed it and are abandoned.
    fn give_up(&mut self) -> Option<Instant> {
        let mut left = tree::below(self.running.supervisor());
        let test = &self.session.cx().current;
        if !std::mem::replace(&mut self.is_ending, true) {
            for process in &mut left {
                process.look_at_threads();
            }
            self.heard.timed_out = self.limit;
            report::timed_out(test.name(), self.began.elapsed(), &left);
            let supervisor = self.running.supervisor();
            let others = left.iter().filter(|one| one.parent != supervisor);
            self.running.end(others.map(|one| one.pid));
            return Some(Instant::now() + GRACE + LAST);
        }
        report::immortal(test.name(), &left);
        self.running.abandon();
        None
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.messages.extend_from_slice(bytes);
        while let Some(content) = protocol::take_frame(&mut self.messages) {
            match protocol::decode(&content) {
                Some(ChildMessage::Started) => {
                    self.heard.has_started = true;
                    self.began = Instant::now();
                    if let Some(given) = self.given.take() {
                        self.running.answer(&given);
                    }
                }
                Some(ChildMessage::Unable(why)) => self.heard.unable = Some(why),
                Some(ChildMessage::BodyEnd(ended)) => self.heard.ended = Some(ended),
                Some(ChildMessage::Lost(why)) => self.lose(why),
                Some(ChildMessage::Call(call)) => {
                    let result = self.obey(call);
                    let refused = result.err().map(|error| chain(&error));
                    self.running.answer(&protocol::encode(&refused));
                }
                // Something else has written here. Without a `BodyEnd` the test fails.
                None => {}
            }
        }
    }

    /// Carries out a request of the test about one of its resources.
    fn obey(&mut self, call: Call) -> Result<(), Error> {
        let current = &self.session.cx().current;
        let dir = |resource| current.value_at(resource).and_then(Value::tmpdir);
        match call {
            Call::ReleasePort { resource, nth } => {
                let ports = current.value_at(resource).and_then(Value::ports);
                if let Some(port) = ports.and_then(|ports| ports.get(nth)) {
                    if let Some(kept) = port.kept() {
                        self.running.release(kept).map_err(|error| {
                            Error::new(ErrorKind::Port, "release a port").because(error)
                        })?;
                    }
                    port.release();
                }
                Ok(())
            }
            Call::KeepDir { resource } => {
                if let Some(dir) = dir(resource) {
                    dir.keep();
                }
                Ok(())
            }
            Call::CloseDir { resource } => dir(resource).map_or(Ok(()), TmpDir::close),
            Call::Reclaim { line } => self.session.reclaim(line),
        }
    }
}

/// Judges the end of a test by everything that the parent has received.
fn judge(session: &mut Session<'_>, heard: Heard) -> End {
    if let Some(why) = heard.lost {
        return End::Died(why.into());
    }
    if let Some(limit) = heard.timed_out {
        return End::Died(format!("timed out after {}", config::seconds(limit)).into());
    }
    if let Some(why) = heard.unable {
        return End::Died(why.into());
    }
    let stage = match (heard.has_started, &heard.ended) {
        (false, _) => Stage::Starting,
        (true, None) => Stage::Running,
        (true, Some(_)) => Stage::Over,
    };
    let test = session.cx().current.clone();
    let died = || End::Died(ended::sentence(test.runner_name(), stage, heard.status).into());
    let Some(ended) = heard.ended else {
        return died();
    };
    session.hear_of(ended.described, ended.is_clean);
    let code = heard.status.and_then(|status| status.code());
    let should_panic = session.resources.spec.should_panic;
    match ended.how {
        How::Passed if code == Some(0) => End::Returned { passed: true },
        // The subprocess's test runner missed the expected panic, and the one here will too.
        How::Passed if code.is_some() && should_panic != ShouldPanic::No => {
            End::Returned { passed: true }
        }
        How::Failed if code.is_some() => End::Returned { passed: false },
        How::Died(why) => End::Died(why.into()),
        How::Skipped(why) if code.is_some() => End::Skipped(why),
        How::Panicked(message) if code.is_some() => {
            let end = End::Panicked(match message {
                Some(message) => Box::new(message),
                None => Box::new(()),
            });
            // The subprocess's test runner judged the panic too, and everything that came after it.
            if end.outcome(should_panic) == Outcome::Passed && code != Some(0) {
                return died();
            }
            end
        }
        _ => died(),
    }
}

/// Prints received bytes as text, whole characters at a time.
#[derive(Default)]
struct Relay {
    /// The first bytes of a character whose rest has not arrived.
    pending: Vec<u8>,
}

impl Relay {
    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let end = match std::str::from_utf8(&self.pending) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.pending.len(),
        };
        let rest = self.pending.split_off(end);
        output::relay(&String::from_utf8_lossy(&self.pending));
        self.pending = rest;
    }

    fn finish(self) {
        output::relay(&String::from_utf8_lossy(&self.pending));
    }
}
