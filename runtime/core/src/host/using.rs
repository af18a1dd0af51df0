//! A test that uses a host: finds it, or starts it.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::identity::HostName;
use crate::config::{self, CLOCK, HOST_DIR, OWNER, variables};
use crate::error::{BoxError, Error, ErrorKind};
use crate::location::Site;
use crate::lock::Mode;
use crate::os::detached::Detached;
use crate::os::flock::{self, Strength};
use crate::report;
use crate::resource::current::Current;
use crate::run::guard::{Guard, guard_at};
use crate::run::process::mark;
use crate::run::process::preload::{PRELOAD, without_clock};
use crate::state::host::{HostDir, Seen, Serving, touch};
use crate::state::state_dir;

/// How much of the log of a host is quoted, in bytes.
const QUOTED: u64 = 8 * 1024;

/// How long a host that dies may have its locks after a test has failed for that reason. The kernel
/// closes the descriptors of a process one after the other.
const DYING: Duration = Duration::from_millis(20);

/// The use of a host by one test.
pub(super) struct Use {
    name: HostName,
    dir: HostDir,
    test: String,
    serving: Serving,
    /// Whether the test has passed.
    is_passed: bool,
    // Fields drop in this order.
    _turn: Option<Guard>,
    _user: User,
}

/// Locked shared. The host stays until no test has it locked.
struct User(File);

impl Drop for User {
    /// A forked child of the test may have a copy of the descriptor.
    fn drop(&mut self) {
        flock::unlock(&self.0);
    }
}

impl Use {
    /// Begins to use a host, and starts it if there is none. A limited number of users takes turns.
    pub(super) fn begin(
        name: HostName,
        test: &Current,
        mode: Option<Mode>,
    ) -> Result<Self, BoxError> {
        let dir = HostDir::at(state_dir()?, &name.dir());
        let user = enter(&name, &dir)?;
        // Before the host is looked for: it may end during the wait.
        let turn = mode.map(|mode| guard_at(name.turn(), mode, site_of(test)));
        let turn = turn.transpose()?;
        let serving = match find(&name, &dir)? {
            Some(serving) => serving,
            None => start(&name, &dir, test)?,
        };
        Ok(Use {
            _turn: turn,
            _user: user,
            is_passed: false,
            test: test.name().to_owned(),
            name,
            dir,
            serving,
        })
    }

    /// The handle as text.
    pub(super) fn handle(&self) -> &str {
        &self.serving.handle
    }

    /// Ends the use by a test that has passed.
    pub(super) fn pass(mut self) {
        self.is_passed = true;
    }
}

impl Drop for Use {
    /// Ends the use. If the test has not passed, keeps the log, and tells if the host has died.
    fn drop(&mut self) {
        if self.is_passed {
            return;
        }
        let _ = self.dir.note_failure();
        if matches!(self.serving.ends_within(DYING), Ok(true)) {
            let (name, process) = (self.name.resource, self.serving.process);
            let log = self.dir.log(QUOTED);
            report::host_died(&self.test, name, process, &log);
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (process, log) = (self.serving.process, self.dir.log_path());
        write!(formatter, "host with pid {process}, log {}", log.display())
    }
}

/// Refuses a process that a host has started, and that wants to use this host: it could wait for itself,
/// or keep itself in use.
pub(super) fn refuse_itself(name: &HostName) -> Result<(), BoxError> {
    let dir = HostDir::at(state_dir()?, &name.dir());
    if std::env::var_os(HOST_DIR).is_none_or(|own| Path::new(&own) != dir.mark()) {
        return Ok(());
    }
    let name = name.resource;
    Err(format!(
        "this process was started by the host of `{name}`, which cannot use itself; if it is the host, \
         something has replaced the name by which it was started"
    )
    .into())
}

/// Becomes a user of the host: from now on it does not end by itself.
fn enter(name: &HostName, dir: &HostDir) -> Result<User, BoxError> {
    loop {
        let users = dir.users().map_err(|error| unusable(dir, error))?;
        // Waits only for a host that is ending.
        let user = User(wait_for(users, Strength::Shared, name, "end")?);
        let is_current = dir.is_current(&user.0);
        if is_current.map_err(|error| unusable(dir, error))? {
            touch(&user.0).map_err(|error| unusable(dir, error))?;
            return Ok(user);
        }
    }
}

/// The host, if it serves. A start that has just failed is not repeated.
fn find(name: &HostName, dir: &HostDir) -> Result<Option<Serving>, BoxError> {
    let linger = variables()?.linger;
    look(name, dir, |age| age < linger)
}

/// The host, if it serves. An earlier failure counts depending on its age.
fn look(
    name: &HostName,
    dir: &HostDir,
    counts: impl FnOnce(Duration) -> bool,
) -> Result<Option<Serving>, BoxError> {
    match dir.look().map_err(|error| unusable(dir, error))? {
        Seen::Serving(serving) => Ok(Some(serving)),
        Seen::Failed { why, age } if counts(age) => {
            Err(format!("the host of `{}` could not start: {why}", name.resource).into())
        }
        Seen::Failed { .. } | Seen::Absent => Ok(None),
    }
}

/// Starts the host, unless another test does.
fn start(name: &HostName, dir: &HostDir, test: &Current) -> Result<Serving, BoxError> {
    let _start = guard_at(name.start(), Mode::Exclusive, site_of(test))?;
    // The test that had the lock may have been killed while its host was starting.
    let open = || dir.starting().map_err(|error| unusable(dir, error));
    wait_for(open()?, Strength::Shared, name, "start")?;
    if let Some(serving) = find(name, dir)? {
        return Ok(serving);
    }
    // A killed host may have left a supervisor that is still ending everything.
    let life = dir.life().map_err(|error| unusable(dir, error))?;
    let life = wait_for(life, Strength::Exclusive, name, "end")?;
    let begin = || {
        dir.kill_left()?;
        dir.withdraw()?;
        dir.forget_failure()?;
        let starting = dir.starting()?;
        flock::lock(&starting, Strength::Exclusive)?;
        HostDir::begin(&starting)?;
        let (host, mark) = (name.dir(), dir.mark());
        let libraries = without_clock();
        Detached {
            arguments: &|link, name| mark::host_arguments(test, &host, link, name),
            // The clock belongs to the test.
            variables: &[
                (HOST_DIR, Some(mark.as_os_str())),
                (OWNER, None),
                (CLOCK, None),
                (PRELOAD, libraries.as_deref()),
            ],
            output: dir.new_log()?,
            life,
            starting,
        }
        .start()
    };
    begin().map_err(|error| {
        let action = format!("start the host of `{}`", name.resource);
        Error::new(ErrorKind::Process, action).because(error)
    })?;
    flock::lock(&open()?, Strength::Shared).map_err(|error| unusable(dir, error))?;
    look(name, dir, |_| true)?.ok_or_else(|| {
        report::output_of(test.name(), "its host", &dir.log(QUOTED));
        let (name, log) = (name.resource, dir.log_path());
        let log = log.display();
        format!("the host of `{name}` has ended before it was ready; see {log}").into()
    })
}

fn site_of(test: &Current) -> Site {
    let (place, _) = test.function();
    Site::from(place)
}

/// Acquires a lock that is usually free. The thread of the test waits no longer than for any lock.
fn wait_for(file: File, strength: Strength, name: &HostName, what: &str) -> Result<File, BoxError> {
    let limit: Duration = variables()?.lock_timeout;
    flock::lock_within(file, strength, limit)?.ok_or_else(|| {
        let (name, limit) = (name.resource, config::seconds(limit));
        let way_out = "set `ISOLATED_LOCK_TIMEOUT` to wait longer";
        format!("the host of `{name}` did not {what} within {limit}; {way_out}").into()
    })
}

fn unusable(dir: &HostDir, error: std::io::Error) -> Error {
    Error::path(
        ErrorKind::State,
        "use the directory of a host",
        dir.path(),
        error,
    )
}
