//! Opens a session, on a server that can keep locks.

use isolated_test_postgres_wire::{Failure, literal};

use crate::holder::Holder;
use crate::server::Server;
use crate::session::{Session, Trouble, column, number, run, shared_connection};

/// The settings of a session. The server has to keep its side of a silent connection for longer than the
/// client waits (three seconds), so that a lock is not free before its holder has noticed the loss.
const SETTINGS: [(&str, &str); 10] = [
    ("search_path", "pg_catalog"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_session_timeout", "0"),
    // The fence must be on the disk.
    ("synchronous_commit", "on"),
    // Because both sides ask every second, the last sign of life is at most a second older than the silence.
    ("tcp_keepalives_idle", "1"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "9"),
    // Without it, a connection with an answer on its way would last for a quarter of an hour.
    ("tcp_user_timeout", "10000"),
    ("application_name", ""),
];

impl Session {
    /// Connects, and makes sure that the server can keep locks.
    ///
    /// # Errors
    ///
    /// Fails when the server cannot be reached, is too old or a copy of another one, and when it is behind
    /// a proxy that lends a connection for single transactions.
    pub fn open(server: &Server, holder: Holder) -> Result<Self, Trouble> {
        let application = format!("isolated-test {} {}", holder.machine, holder.test);
        let connection = server.connect(&application)?;
        let version = connection.version();
        if version < 14 {
            return Err(Trouble::Unfit(format!(
                "the server is PostgreSQL {version}; use version 14 or later"
            )));
        }
        let mut session = Session {
            connection,
            holder,
            backend: 0,
            is_proxied: false,
            held: Vec::new(),
        };
        let state =
            "SELECT pg_catalog.pg_backend_pid()::text, pg_catalog.pg_is_in_recovery()::text";
        let rows = session.run(state)?;
        if column(&rows, 1) == Some("true") {
            return Err(Trouble::Unfit(
                "the server is a standby, whose locks are not those of its primary; name the primary"
                    .to_owned(),
            ));
        }
        session.backend = number(&rows);
        session.is_proxied = session.backend != session.connection.process();
        if session.is_proxied {
            session.refuse_shared_connections(server)?;
        }
        session.set_up(&application)?;
        Ok(session)
    }

    fn set_up(&mut self, application: &str) -> Result<(), Trouble> {
        let mut settings = SETTINGS.to_vec();
        if let Some((_, value)) = settings.last_mut() {
            *value = application;
        }
        if self.connection.version() >= 17 {
            settings.push(("transaction_timeout", "0"));
        }
        let set = |(name, value): &(&str, &str)| {
            format!("pg_catalog.set_config('{name}', {}, false)", literal(value))
        };
        let all: Vec<_> = settings.iter().map(set).collect();
        self.run(&format!("SELECT {}", all.join(", ")))?;
        // A waiter that has died leaves the queue soon, on systems where the server can notice it.
        match self.run(&format!(
            "SELECT {}",
            set(&("client_connection_check_interval", "1s"))
        )) {
            Err(Trouble::Failed(Failure::Refused(_))) | Ok(_) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Refuses a proxy that gives one connection to the server to several clients in turns.
    fn refuse_shared_connections(&mut self, server: &Server) -> Result<(), Trouble> {
        let backend = "SELECT pg_catalog.pg_backend_pid()::text";
        let mut other = server.connect("isolated-test")?;
        // This session is idle, so it would lend its connection.
        let theirs = number(&run(&mut other, backend)?);
        if theirs == self.backend || number(&self.run(backend)?) != self.backend {
            return Err(shared_connection());
        }
        Ok(())
    }
}
