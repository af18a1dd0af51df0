//! The part of a host that gives databases to tests.
//!
//! A test connects to a socket and stays connected as long as it has its database, so that the kernel
//! reports its end, however it dies. The exchange, one line each:
//!
//! ```text
//! test:  take | share | schema  KEY  WORDS-FOR-THE-NAME  NAME-OF-THE-TEST  PROCESS
//! host:  wait  WHAT-FOR                             maybe repeated
//! host:  build URL                                  of an empty database or schema
//! test:  built | failed lasting REASON | failed passing REASON
//! host:  given URL VERSION DIRECTORY SCHEMA | failed REASON
//! test:  drop | keep | spoiled
//! ```
//!
//! `SCHEMA` is empty for a test that has a database. A database that tests share stays as long as the host. The directory does not exist: the test may
//! create it for a socket, and the host removes it when the test is over.
//!
//! `admission` decides which tests get databases at the same time, and `state` which databases;
//! `serving` talks to tests and `working` works ahead, through `sessions` on the server; `databases`
//! knows the statements, `schemas` gives parts of a database, which tests fill by `filling`; `template` lets
//! tests build templates, of which `layers` makes copies as overlays, and which `tidy` removes; `orphans` removes
//! what dead hosts have left.

mod admission;
mod bounds;
mod client;
mod databases;
mod ending;
mod filling;
mod layers;
pub(crate) mod line;
mod locks;
mod orphans;
mod schema;
mod schemas;
mod serving;
mod sessions;
mod state;
mod template;
mod tidy;
mod visitor;
mod working;

use std::io;
use std::num::NonZero;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use isolated_test_postgres_wire::{Address, Failure};

use self::admission::{Admission, PATIENCE};
pub(crate) use self::databases::{drop_all, outlive_sessions};
use self::layers::Layers;
pub(crate) use self::layers::{LAYERS, remove as remove_layer};
use self::locks::Locks;
use self::schemas::Schemas;
use self::sessions::Sessions;
use self::state::{Size, State};
use self::working::report;
use crate::mounts::Mounts;

/// The version of the exchange.
pub(crate) const FORM: &str = concat!("6 ", env!("CARGO_PKG_VERSION"));

/// The key of the template that contains nothing.
pub(crate) const EMPTY: &str = "empty";

/// How many bytes all templates on a server of ours may need.
const SPACE: u64 = 1024 * 1024 * 1024;

/// About as much as an empty database needs.
const EMPTY_SIZE: u64 = 8 * 1024 * 1024;

/// The most threads that work ahead.
const MOST_WORKERS: usize = 4;

/// Gives databases to tests until it is stopped.
pub(crate) struct Broker {
    shared: Arc<Shared>,
    workers: Vec<thread::JoinHandle<()>>,
}

struct Shared {
    sessions: Arc<Sessions>,
    locks: Arc<Locks>,
    layers: Option<Layers>,
    admission: Admission,
    version: u32,
    /// Where the data of a server of ours are.
    data: Option<PathBuf>,
    /// The beginning of the names of all databases but templates.
    prefix: String,
    /// The directory of the socket.
    dir: PathBuf,
    state: Mutex<State>,
    schemas: Schemas,
    /// Something has changed in the state.
    changed: Condvar,
    /// How many threads wait for a test.
    listening: AtomicUsize,
}

impl Broker {
    /// `data` are those of a server of ours. Without them, other hosts may use the server too.
    pub(crate) fn start(
        address: Address,
        database: String,
        prefix: String,
        socket: &Path,
        data: Option<PathBuf>,
        mounts: Option<Mounts>,
    ) -> io::Result<Self> {
        let shown = address.to_string();
        let has_others = data.is_none();
        let started = Sessions::start(address, database, prefix.clone());
        let (sessions, version) = started.map_err(|failure| {
            io::Error::other(format!("failed to connect to {shown}: {failure}"))
        })?;
        let sessions = Arc::new(sessions);
        let locks = Arc::new(Locks::new(sessions.clone()));
        let layers = mounts.zip(data.as_deref()).and_then(|(mounts, data)| {
            let layers = Layers::new(mounts, sessions.clone(), version, data);
            layers.map_err(|error| layers::report(&error)).ok()
        });
        let places = has_others.then(|| locks.clone());
        let admission = Admission::new(sessions.bounds.tests, PATIENCE, places);
        let mut state = State::new(Some(SPACE).filter(|_| !has_others));
        state.ask(EMPTY, "");
        // It has no extensions either, and admits no connections that would be in the way.
        let size = Size {
            template: EMPTY_SIZE,
            copy: EMPTY_SIZE,
        };
        state.built(EMPTY, "template0", size);
        let shared = Arc::new(Shared {
            sessions,
            locks,
            layers,
            admission,
            version,
            data,
            prefix,
            dir: socket.parent().unwrap_or(socket).to_owned(),
            state: Mutex::new(state),
            schemas: Schemas::default(),
            changed: Condvar::new(),
            listening: AtomicUsize::new(0),
        });
        let listener = UnixListener::bind(socket)?;
        shared.clone().listen(Arc::new(listener));
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let workers = processors.min(MOST_WORKERS);
        let work = |_| {
            let shared = shared.clone();
            thread::spawn(move || shared.work())
        };
        Ok(Broker {
            workers: (0..workers).map(work).collect(),
            shared,
        })
    }

    /// Ends all work, and drops the databases if the server goes on.
    pub(crate) fn stop(self, server_goes_on: bool) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        for worker in self.workers {
            let _ = worker.join();
        }
        if server_goes_on {
            let (sessions, prefix) = (&self.shared.sessions, &self.shared.prefix);
            let dropped = sessions.with(|connection| drop_all(connection, prefix));
            report("drop databases", dropped);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a test gets no database, and the way out.
    fn refused(&self, failure: Failure) -> Refused {
        if failure.is_disk_full() {
            let data = self.data.as_ref();
            let place = data.map_or(String::new(), |data| format!(" in {}", data.display()));
            return Refused(format!("{failure}; make room for the data{place}"));
        }
        failure.into()
    }
}

/// Why a test gets no database.
struct Refused(String);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Refused(match failure {
            Failure::Lost(error) => {
                format!("the connection to the server is lost: {error}; see the log of the server")
            }
            Failure::Refused(refusal) => refusal.to_string(),
        })
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use isolated_test_postgres_wire::Failure;

    use super::Refused;

    #[test]
    fn a_lost_connection_points_to_the_log() {
        let Refused(why) = Failure::Lost(io::ErrorKind::BrokenPipe.into()).into();
        assert_eq!(
            why,
            "the connection to the server is lost: broken pipe; see the log of the server"
        );
    }
}
