//! A test that uses a host: finds it, or starts it.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::identity::HostName;
use crate::config::{self, HOST_DIR, OWNER, variables};
use crate::error::{BoxError, Error, ErrorKind};
use crate::location::Site;
use crate::lock::Mode;
use crate::os::detached::Detached;
use crate::os::flock::{self, Strength};
use crate::os::spawn_thread;
use crate::report;
use crate::resource::current::Current;
use crate::run::guard::{Guard, guard_at};
use crate::run::process::mark;
use crate::state::host::{HostDir, Seen, Serving, touch};
use crate::state::state_dir;

/// How much of the log of a host is quoted, in bytes.
const QUOTED: u64 = 8 * 1024;

/// The use of a host by one test.
pub(super) struct Use {
    name: HostName,
    dir: HostDir,
    test: String,
    serving: Serving,
    // Fields drop in this order.
    _guard: Option<Guard>,
    /// Locked shared. The host stays until no test has it locked.
    _users: File,
}

impl Use {
    /// Begins to use a host, and starts it if there is none. A limited number of users takes turns.
    pub(super) fn begin(
        name: HostName,
        test: &Current,
        mode: Option<Mode>,
    ) -> Result<Self, BoxError> {
        let dir = HostDir::at(state_dir()?, &name.dir());
        let users = enter(&name, &dir)?;
        let serving = match find(&name, &dir)? {
            Some(serving) => serving,
            None => start(&name, &dir, test)?,
        };
        let guard = mode.map(|mode| guard_at(name.users(), mode, site_of(test)));
        Ok(Use {
            _guard: guard.transpose()?,
            _users: users,
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

    /// Ends the use by a test that has failed: keeps the log, and tells if the host has died.
    pub(super) fn fail(&self) {
        let _ = self.dir.note_failure();
        if matches!(self.serving.is_alive(), Ok(false)) {
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

/// Becomes a user of the host: from now on it does not end by itself.
fn enter(name: &HostName, dir: &HostDir) -> Result<File, BoxError> {
    loop {
        let users = dir.users().map_err(|error| unusable(dir, error))?;
        // Waits only for a host that is ending.
        let users = wait_for(users, Strength::Shared, name, "end")?;
        if dir
            .is_current(&users)
            .map_err(|error| unusable(dir, error))?
        {
            touch(&users).map_err(|error| unusable(dir, error))?;
            return Ok(users);
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
        let starting = dir.starting()?;
        flock::lock(&starting, Strength::Exclusive)?;
        HostDir::begin(&starting)?;
        let host = name.dir();
        Detached {
            arguments: &|link, name| mark::host_arguments(test, &host, link, name),
            variables: [
                (HOST_DIR, Some(dir.path().as_os_str())),
                (OWNER, None::<&OsStr>),
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
    if flock::try_lock(&file, strength)? {
        return Ok(file);
    }
    let limit: Duration = variables()?.lock_timeout;
    let (sender, receiver) = channel();
    spawn_thread("isolated-test-host", move || {
        let _ = sender.send(flock::lock(&file, strength).map(|()| file));
    })?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result?),
        Err(_) => Err(format!(
            "the host of `{}` did not {what} within {}; set `ISOLATED_LOCK_TIMEOUT` to wait longer",
            name.resource,
            config::seconds(limit)
        )
        .into()),
    }
}

fn unusable(dir: &HostDir, error: std::io::Error) -> Error {
    Error::path(
        ErrorKind::State,
        "use the directory of a host",
        dir.path(),
        error,
    )
}
