//! A server whose clients all work in one transaction, which is rolled back at the end of the test.
//!
//! The process that has provisioned the database listens at a Unix socket. Clients of any number share
//! one session of the real server in turns: a client has it for one statement, or from BEGIN to its end.
//! `control` knows what becomes of statements about transactions, `session` talks to the server, `expected`
//! tells which of its answers a client gets, and `client` serves one client.
//!
//! # When the process dies
//!
//! The kernel closes the connection to the server, which rolls the transaction back. The host removes the
//! directory of the socket.

mod client;
mod control;
mod copying;
mod expected;
mod greeting;
mod hearing;
mod session;
mod sql;

use std::collections::HashMap;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use isolated_test_postgres_wire::Stream;

use self::client::Client;
use self::greeting::Greeting;
use self::session::Session;
use crate::database::Database;
use crate::proxy::socket::Socket;

/// How long a client waits for another one of the same test to end its transaction, and how long the server may
/// take to cancel a statement.
const PATIENCE: Duration = Duration::from_secs(10);

/// The transaction of a test. Dropped, it is rolled back.
pub(crate) struct Rollback {
    shared: Arc<Shared>,
    server: Stream,
    /// Dropped last.
    _socket: Socket,
}

/// The state that all clients share.
struct Shared {
    database: Database,
    /// The session, unless a client has it.
    session: Mutex<Option<Session>>,
    /// A client has given the session back.
    free: Condvar,
    greeting: Arc<Greeting>,
    /// The client whose statement the server runs. None while it runs one of ours, which must not be cancelled.
    running: Mutex<Option<u32>>,
    /// The connections of clients, by their numbers.
    clients: Mutex<HashMap<u32, Arc<UnixStream>>>,
    is_over: AtomicBool,
    /// Whether something has ended the transaction before us.
    has_ended: AtomicBool,
}

/// The reason why a client is refused, and the test fails.
const ENDED: &str = "a statement has ended the transaction of the test, so that it may have been committed; \
                     give the test a database of its own: leave out `.transaction()`";

/// Several threads use the connection to the server, and they could not share its keys.
const ENCRYPTED: &str = "a test with `.transaction()` cannot use an encrypted server; write `sslmode=disable`, or leave \
                         out `.transaction()`";

impl Rollback {
    /// Begins a transaction in a database. Returns the address that clients connect to, too.
    ///
    /// `dir` is created for the socket.
    pub(crate) fn begin(
        database: &Database,
        version: u32,
        dir: &Path,
    ) -> Result<(Self, Database), String> {
        if database.address().must_encrypt() {
            return Err(ENCRYPTED.to_owned());
        }
        let failed =
            |error: &dyn std::fmt::Display| format!("failed to begin the transaction: {error}");
        let mut session = Session::open(database, version).map_err(|error| failed(&error))?;
        let server = session.stream().map_err(|error| failed(&error))?;
        let shared = Arc::new(Shared {
            database: database.clone(),
            greeting: session.greeting.clone(),
            running: Mutex::default(),
            session: Mutex::new(Some(session)),
            free: Condvar::new(),
            clients: Mutex::default(),
            is_over: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        });
        let serving = shared.clone();
        let socket = Socket::open(dir, move |client| Client::serve(client, &serving));
        let socket = socket.map_err(|error| failed(&error))?;
        let rollback = Rollback {
            shared,
            server,
            _socket: socket,
        };
        Ok((rollback, database.through(dir, None)))
    }

    /// Rolls the transaction back. The error says that it had ended before.
    pub(crate) fn end(self) -> Result<(), &'static str> {
        let shared = self.shared.clone();
        drop(self);
        if shared.has_ended.load(Ordering::SeqCst) {
            return Err(ENDED);
        }
        Ok(())
    }
}

impl Drop for Rollback {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // A statement may still run for a client that the test has forgotten.
        let session = self.shared.lock().take();
        let is_taken = session.is_none();
        drop(session);
        if is_taken {
            self.shared.cancel(|_| true);
        }
        let _ = self.server.shutdown(Shutdown::Both);
        for client in self.shared.clients().values() {
            let _ = client.shutdown(Shutdown::Both);
        }
        // Clients that wait for their turn learn that it is over.
        self.shared.free.notify_all();
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<u32, Arc<UnixStream>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels the statement that the session runs for a client, if that is one of these.
    fn cancel(&self, is_meant: impl FnOnce(u32) -> bool) {
        let running = self.running();
        if running.is_some_and(is_meant) {
            // Until the server has done it, nothing of ours is sent.
            let _ = session::cancel(&self.database, &self.greeting.cancellation(), PATIENCE);
        }
    }

    /// Lets the statement of a client be cancelled, or none any more.
    fn set_running(&self, client: Option<u32>) {
        *self.running() = client;
    }

    fn running(&self) -> MutexGuard<'_, Option<u32>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, as soon as no other client has it.
    fn acquire(&self) -> Result<Session, &'static str> {
        let is_taken = |session: &mut Option<Session>| session.is_none() && !self.is_over();
        let waited = self
            .free
            .wait_timeout_while(self.lock(), PATIENCE, is_taken);
        let (mut session, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if self.is_over() {
            return Err("the transaction of the test is over");
        }
        session.take().ok_or(
            "another connection of the test has been busy or within a transaction for 10 seconds, and all of \
             them share one session; end that transaction first, or give the test a database of its own: leave out \
             `.transaction()`",
        )
    }

    fn give_back(&self, session: Session) {
        *self.lock() = Some(session);
        self.free.notify_one();
    }

    /// Undoes what a client has left.
    fn roll_back(&self, mut session: Session) {
        match session.roll_back() {
            Ok(()) => self.give_back(session),
            Err(_) => self.end(),
        }
    }

    /// The session is lost, for all clients.
    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.free.notify_all();
    }
}
