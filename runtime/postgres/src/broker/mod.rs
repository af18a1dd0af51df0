//! The part of a host that gives databases to tests.
//!
//! A test connects to a socket and stays connected as long as it has its database, so that the kernel
//! reports its end, however it dies. The exchange, one line each:
//!
//! ```text
//! test:  take  KEY  WORDS-FOR-THE-NAME  NAME-OF-THE-TEST  PROCESS
//! host:  wait  WHAT-FOR                             maybe repeated
//! host:  build URL                                  of an empty database
//! test:  built | failed lasting REASON | failed passing REASON
//! host:  given URL VERSION | failed REASON
//! test:  drop | keep
//! ```
//!
//! `admission` decides which tests get databases at the same time, and `state` which databases;
//! `client` and `line` talk to tests, `sessions` to the server, `databases` knows the statements, and
//! `template` lets tests build templates, which `tidy` removes.

mod admission;
mod bounds;
mod client;
mod databases;
pub(crate) mod line;
mod locks;
mod sessions;
mod state;
mod template;
mod tidy;

use std::io;
use std::num::NonZero;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::admission::{Admission, Visitor};
use self::client::Client;
use self::databases::{KEPT, create, drop_one, end_sessions};
pub(crate) use self::databases::{drop_all, outlive_sessions};
use self::locks::Locks;
use self::sessions::Sessions;
use self::state::{Job, State, Turn};
use self::template::Unbuilt;
use isolated_test_postgres_wire::{Address, Failure, literal, name};

/// The version of the exchange.
pub(crate) const FORM: &str = concat!("2 ", env!("CARGO_PKG_VERSION"));

/// The key of the template that contains nothing.
pub(crate) const EMPTY: &str = "empty";

/// How many bytes all templates on a server of ours may need.
const SPACE: u64 = 1024 * 1024 * 1024;

/// About as much as an empty database needs.
const EMPTY_SIZE: u64 = 8 * 1024 * 1024;

/// The most threads that work ahead.
const MOST_WORKERS: usize = 4;

/// The most threads that wait for tests.
const MOST_LISTENING: usize = 16;

/// How many bytes of a name the server keeps.
const LONGEST_NAME: usize = 63;

/// The longest pause before a look whether a session has ended.
const MOST_PAUSE: Duration = Duration::from_secs(1);

/// Gives databases to tests until it is stopped.
pub(crate) struct Broker {
    shared: Arc<Shared>,
    workers: Vec<thread::JoinHandle<()>>,
}

struct Shared {
    sessions: Arc<Sessions>,
    locks: Arc<Locks>,
    admission: Admission,
    version: u32,
    /// The beginning of the names of all databases but templates.
    prefix: String,
    state: Mutex<State>,
    /// Something has changed in the state.
    changed: Condvar,
    /// How many threads wait for a test.
    listening: AtomicUsize,
}

impl Broker {
    /// `has_others` is whether other hosts may use the server too.
    pub(crate) fn start(
        address: Address,
        database: String,
        prefix: String,
        socket: &Path,
        has_others: bool,
    ) -> io::Result<Self> {
        let shown = address.to_string();
        let started = Sessions::start(address, database, prefix.clone());
        let (sessions, version) = started.map_err(|failure| {
            io::Error::other(format!("failed to connect to {shown}: {failure}"))
        })?;
        let sessions = Arc::new(sessions);
        let locks = Arc::new(Locks::new(sessions.clone()));
        let places = has_others.then(|| locks.clone());
        let admission = Admission::new(sessions.bounds.tests, places);
        let mut state = State::new(Some(SPACE).filter(|_| !has_others));
        state.ask(EMPTY, "");
        // It has no extensions either, and admits no connections that would be in the way.
        state.built(EMPTY, "template0", EMPTY_SIZE);
        let shared = Arc::new(Shared {
            sessions,
            locks,
            admission,
            version,
            prefix,
            state: Mutex::new(state),
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
            report("databases", dropped);
        }
    }
}

impl Shared {
    /// Serves tests in a thread, and has another one listen meanwhile.
    ///
    /// To hand a connection over to another thread would cost each test the time in which that wakes
    /// up, which is long while the processors are busy.
    fn listen(self: Arc<Self>, listener: Arc<UnixListener>) {
        self.listening.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            loop {
                let accepted = listener.accept();
                if self.listening.fetch_sub(1, Ordering::SeqCst) == 1 {
                    self.clone().listen(listener.clone());
                }
                if let Ok((stream, _)) = accepted {
                    self.serve(stream);
                }
                if self.listening.fetch_add(1, Ordering::SeqCst) >= MOST_LISTENING {
                    self.listening.fetch_sub(1, Ordering::SeqCst);
                    return;
                }
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes copies ahead, and drops what was given back.
    fn work(&self) {
        let mut state = self.lock();
        while !state.is_over {
            let Some(job) = state.next_job() else {
                state = match state.next_drop() {
                    None => self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner),
                    Some(time) => {
                        let waited = self.changed.wait_timeout(state, time);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
                continue;
            };
            match job {
                Job::Drop(database) => {
                    drop(state);
                    self.drop_now(&database);
                    state = self.lock();
                }
                Job::Make { key, template } => {
                    let copy = format!("{}ready_{}", self.prefix, state.next_number());
                    drop(state);
                    let made = self.sessions.run(&create(self.version, &copy, &template));
                    state = self.lock();
                    state.made(&key, made.is_ok().then_some(copy));
                    self.changed.notify_all();
                }
                Job::Remove(template) => {
                    drop(state);
                    self.locks.leave_template(&template);
                    let remove = |one: &mut _| tidy::remove(one, &template, None);
                    report(&template, self.sessions.with(remove));
                    state = self.lock();
                }
                Job::Tidy => {
                    drop(state);
                    report("old templates", self.sessions.with(tidy::tidy));
                    state = self.lock();
                }
            }
        }
    }

    fn drop_now(&self, database: &str) {
        let dropped = drop_one(self.version, database, |sql| self.sessions.run(sql));
        report(database, dropped);
    }

    /// Ends the sessions that a test has left in its database. Waits for that if other tests wait for
    /// their connections.
    fn end_sessions(&self, database: &str) {
        let end = end_sessions(database);
        let mut pause = Duration::from_millis(1);
        // A session that ends is not reported. One that does not end so soon is stuck.
        while let Ok([_, ..]) = self.sessions.run(&end).as_deref() {
            if pause > MOST_PAUSE || !self.admission.has_line() {
                return;
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }

    /// Serves one test, from its question to its end.
    fn serve(&self, stream: UnixStream) {
        let mut client = Client::new(stream);
        let Ok(Some(words)) = client.hear() else {
            return;
        };
        let ["take", key, wish, who, process] =
            &*words.iter().map(String::as_str).collect::<Vec<_>>()
        else {
            return;
        };
        let test = format!("{who} (pid {process})");
        let taken = self.admission.enter(&test, &mut client);
        let taken = taken.and_then(|admitted| {
            let database = self.take(key, wish, who, &mut client)?;
            Ok((database, admitted))
        });
        let (database, _admitted) = match taken {
            Ok(taken) => taken,
            Err(Refused(why)) => {
                let _ = client.say(&["failed", &why]);
                return;
            }
        };
        let url = self.sessions.address.url(&database);
        let given = client.say(&["given", &url, &self.version.to_string()]);
        // Only now, because the test waits no longer.
        self.changed.notify_all();
        let last = given.and_then(|()| client.hear());
        self.end_sessions(&database);
        // Without a word, the test has died.
        if matches!(&last, Ok(Some(words)) if *words == ["keep"]) {
            let comment = format!(
                "COMMENT ON DATABASE {} IS {}",
                name(&database),
                literal(KEPT)
            );
            let _ = self.sessions.run(&comment);
            self.lock().keep(database);
        } else {
            self.lock().drop_later(database);
        }
        self.changed.notify_all();
    }

    /// Finds or makes the database of a test.
    fn take(
        &self,
        key: &str,
        wish: &str,
        who: &str,
        client: &mut Client,
    ) -> Result<String, Refused> {
        let mut state = self.lock();
        loop {
            match state.ask(key, who) {
                Turn::Fail(why) => return Err(Refused(why)),
                Turn::Wait(by) => {
                    client.wait_for(&format!("the migrations that {by} runs"))?;
                    state = self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                Turn::Build => {
                    drop(state);
                    let built = self.build(key, client);
                    state = self.lock();
                    let result = match built {
                        Ok((template, size)) => {
                            state.built(key, &template, size);
                            Ok(())
                        }
                        Err(Unbuilt { why, is_lasting }) => {
                            state.not_built(key, Some(&*why).filter(|_| is_lasting));
                            Err(Refused(why))
                        }
                    };
                    self.changed.notify_all();
                    result?;
                }
                Turn::Take(ready) => {
                    let database = self.name(&mut state, wish);
                    drop(state);
                    let sql = format!(
                        "ALTER DATABASE {} RENAME TO {}",
                        name(&ready),
                        name(&database)
                    );
                    self.sessions.run(&sql)?;
                    return Ok(database);
                }
                Turn::Copy(template) => {
                    let database = self.name(&mut state, wish);
                    drop(state);
                    let made = self
                        .sessions
                        .run(&create(self.version, &database, &template));
                    state = self.lock();
                    state.copied(key);
                    match made {
                        Err(failure) if failure.is_missing() => {
                            if state.is_gone(key) {
                                drop(state);
                                self.locks.leave_template(&template);
                                state = self.lock();
                            }
                        }
                        made => return made.map(|_| database).map_err(Refused::from),
                    }
                }
            }
        }
    }

    /// A new name that reminds of the test: with as much of the end of the test's name as the server
    /// does not cut off.
    fn name(&self, state: &mut State, wish: &str) -> String {
        let number = format!("_{}", state.next_number());
        let room = LONGEST_NAME.saturating_sub(self.prefix.len() + number.len());
        let begin = wish.len().saturating_sub(room);
        let wish = wish.get(begin..).unwrap_or_default();
        format!("{}{}{number}", self.prefix, wish.trim_start_matches('_'))
    }
}

/// Writes into the log of the host that databases could not be dropped.
fn report(databases: &str, dropped: Result<(), Failure>) {
    if let Err(failure) = dropped {
        eprintln!("isolated-test-postgres: failed to drop {databases}: {failure}");
    }
}

/// Why a test gets no database.
struct Refused(String);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Refused(failure.to_string())
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused(error.to_string())
    }
}
