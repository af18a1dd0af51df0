//! Locks kept by a server: one session for each test or guard.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use isolated_test_postgres_locks as locks;
use isolated_test_postgres_locks::{Grant, Lookup, Seen, Server, Session, Trouble};

use super::{Remote, refused};
use crate::config;
use crate::error::{Error, ErrorKind};
use crate::lock::activity::Activity;
use crate::lock::backend::{Held, Lock, Pause, Watch};
use crate::lock::holder::RecordedSubject;
use crate::lock::{Holder, Mode, Subject, Want};
use crate::mutex::lock;
use crate::os;
use crate::os::process::{Kept, finish_starts};
use crate::state::mark::Mark;

/// Acquires a lock, waiting for it as `pause` allows.
pub(super) fn acquire(want: Want, me: &Activity, pause: Pause<'_>) -> Result<Held, Error> {
    let (key, shared) = (recorded(want), Shared::of(want, me)?);
    let mut refusal = None;
    let mut ask = || match pause() {
        Ok(time) => Some(time),
        Err(error) => {
            refusal = Some(error);
            None
        }
    };
    let acquired = lock(&shared.session).acquire(&key, mode(want), &mut ask);
    match (acquired, refusal) {
        (Err(Trouble::GaveUp), Some(error)) => Err(error),
        (acquired, _) => {
            let grant = acquired.map_err(|trouble| failed(want, &trouble))?;
            Ok(held(want, me, key, shared, grant))
        }
    }
}

/// Acquires a lock if it is free now.
pub(super) fn try_acquire(want: Want, me: &Activity) -> Result<Option<Held>, Error> {
    let (key, shared) = (recorded(want), Shared::of(want, me)?);
    let acquired = lock(&shared.session).try_acquire(&key, mode(want));
    let grant = acquired.map_err(|trouble| failed(want, &trouble))?;
    Ok(grant.map(|grant| held(want, me, key, shared, grant)))
}

/// Lists the known holders that are in the way, also those on other machines.
///
/// If they cannot be looked up, none is known. The wait goes on, because its own connection notices by
/// itself when the server is lost.
pub(super) fn holders(want: Want, me: &Activity) -> Vec<Holder> {
    static LOOKUP: Mutex<Option<Lookup>> = Mutex::new(None);

    let own = known(&me.mark()).map_or(-1, |shared| shared.backend);
    let mut lookup = lock(&LOOKUP);
    let mut look = || {
        let open = match lookup.take() {
            Some(open) => open,
            None => Lookup::open(server(want).ok()?).ok()?,
        };
        let seen = lookup
            .insert(open)
            .in_the_way(&recorded(want), mode(want), own);
        seen.ok()
    };
    let seen = look();
    if seen.is_none() {
        *lookup = None;
    }
    seen.unwrap_or_default().into_iter().map(holder).collect()
}

fn holder(seen: Seen) -> Holder {
    let locks::Holder {
        test,
        machine,
        process,
        place,
    } = seen.holder;
    Holder::new(
        &test,
        process,
        seen.since,
        &format!("machine {machine}, {place}"),
    )
}

/// Lists holders and waiters of all keys, if the variable names a server.
pub(super) fn all() -> Result<Option<Vec<Remote>>, Error> {
    let Some(url) = &config::variables()?.locks else {
        return Ok(None);
    };
    let ask = || {
        let server = Server::parse(url)?;
        let seen = Lookup::open(&server).and_then(|mut lookup| lookup.all());
        seen.map_err(|trouble| trouble.to_string())
    };
    let seen: Result<Vec<Seen>, String> = ask();
    let seen = seen.map_err(|why| {
        Error::new(ErrorKind::Lock, "list the locks across machines").because(why)
    })?;
    Ok(Some(seen.into_iter().map(remote).collect()))
}

fn remote(seen: Seen) -> Remote {
    let mode = match seen.mode {
        locks::Mode::Exclusive => Mode::Exclusive,
        locks::Mode::Shared => Mode::Shared,
        locks::Mode::Limited(limit) => Mode::Limit(limit),
    };
    let subject = RecordedSubject::Machines(seen.key.unwrap_or_default());
    let holder = seen.holder;
    Remote {
        lock: subject.in_mode(mode),
        waits: seen.waits,
        name: holder.test,
        machine: holder.machine,
        process: holder.process,
        place: holder.place,
        since: seen.since,
    }
}

/// The session of a test or guard.
struct Shared {
    session: Mutex<Session>,
    descriptor: Kept,
    /// The process of the server that holds the locks.
    backend: i32,
}

/// The sessions of this process.
static SESSIONS: Mutex<Vec<(Mark, Weak<Shared>)>> = Mutex::new(Vec::new());

/// The session of a test or guard, if it has one.
fn known(mark: &Mark) -> Option<Arc<Shared>> {
    let sessions = lock(&SESSIONS);
    let (_, shared) = sessions.iter().find(|(other, _)| other == mark)?;
    shared.upgrade()
}

impl Shared {
    /// The session of a test or guard, which is opened for its first lock.
    fn of(want: Want, me: &Activity) -> Result<Arc<Self>, Error> {
        let mark = me.mark();
        if let Some(shared) = known(&mark) {
            return Ok(shared);
        }
        let server = server(want)?;
        let site = me.site();
        let place = format!("{}:{}", site.file, site.line);
        let holder = locks::Holder {
            test: me.name().to_owned(),
            machine: os::machine(),
            process: std::process::id(),
            place: match site.package {
                Some(package) => format!("package {package}, {place}"),
                None => place,
            },
        };
        let session = Session::open(server, holder).map_err(|trouble| {
            let action = format!("lock {want} in {server}");
            Error::new(ErrorKind::Lock, action).because(trouble.to_string())
        })?;
        let shared = Arc::new(Shared {
            descriptor: session.as_fd().as_raw_fd(),
            backend: session.backend(),
            session: Mutex::new(session),
        });
        let mut sessions = lock(&SESSIONS);
        sessions.retain(|(_, shared)| shared.strong_count() > 0);
        sessions.push((mark, Arc::downgrade(&shared)));
        Ok(shared)
    }
}

impl Watch for Shared {
    fn descriptor(&self) -> Kept {
        self.descriptor
    }

    fn lost(&self) -> Option<String> {
        let listened = lock(&self.session).listen();
        listened.err().map(|trouble| trouble.to_string())
    }

    fn lost_for_certain(&self) -> Option<String> {
        let confirmed = lock(&self.session).confirm();
        confirmed.err().map(|trouble| trouble.to_string())
    }
}

/// A lock that the server keeps.
struct HeldThere {
    key: String,
    fence: u64,
    shared: Arc<Shared>,
}

impl Lock for HeldThere {
    fn add_kept(&self, kept: &mut Vec<Kept>) {
        kept.push(self.shared.descriptor);
    }

    fn slot(&self) -> Option<u32> {
        None
    }

    fn fence(&self) -> Option<u64> {
        Some(self.fence)
    }

    fn watch(&self) -> Option<Arc<dyn Watch>> {
        Some(self.shared.clone())
    }
}

impl Drop for HeldThere {
    fn drop(&mut self) {
        // Descriptors that the holder has closed must not look open to the next holder.
        finish_starts();
        // If this fails, the session is over, and so is the lock.
        let _ = lock(&self.shared.session).release(&self.key);
    }
}

fn held(want: Want, me: &Activity, key: String, shared: Arc<Shared>, grant: Grant) -> Held {
    me.add_now(want);
    let fence = grant.fence;
    Held::new(want, HeldThere { key, fence, shared })
}

/// The server that the variable names.
fn server(want: Want) -> Result<&'static Server, Error> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

    let Some(url) = &config::variables()?.locks else {
        let reason = "the variable `ISOLATED_LOCKS` is not set; set it to the URL of a PostgreSQL database that \
                      all machines reach";
        return Err(refused(want, reason));
    };
    SERVER
        .get_or_init(|| Server::parse(url))
        .as_ref()
        .map_err(|why| {
            refused(want, "the variable `ISOLATED_LOCKS` names no database").because(why.clone())
        })
}

fn failed(want: Want, trouble: &Trouble) -> Error {
    if let Trouble::OtherLimit(limit) = trouble {
        let action = format!(
            "lock {want}, because others hold it with a limit of {limit} at this moment; write the same limit \
             everywhere"
        );
        return Error::new(ErrorKind::Limit, action);
    }
    Error::new(ErrorKind::Lock, format!("lock {want}")).because(trouble.to_string())
}

fn mode(want: Want) -> locks::Mode {
    match want.mode {
        Mode::Exclusive => locks::Mode::Exclusive,
        Mode::Shared => locks::Mode::Shared,
        Mode::Limit(limit) => locks::Mode::Limited(limit),
        Mode::Pool(_) => unreachable!("pools across machines are refused"),
    }
}

fn recorded(want: Want) -> String {
    match want.subject.asked() {
        Subject::Key(key) => key.recorded(),
        _ => unreachable!("only keys are across machines"),
    }
}
