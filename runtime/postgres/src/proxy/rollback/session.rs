//! The session of a test: one transaction of the server, in which all clients of the test work in turns.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use isolated_test_postgres_wire::{Connection, Failure, Refusal, Stream, framed};

use super::control::{BEGIN, COMMIT, ROLLBACK};
use super::expected::{Expected, Reply};
use super::greeting::Greeting;
use crate::database::Database;
use crate::proxy::message::Message;

pub(super) struct Session {
    connection: Connection,
    pub(super) greeting: Arc<Greeting>,
    /// Messages for the server.
    pending: Vec<u8>,
    pub(super) expected: Expected,
    /// Whether nothing has happened since the last commit.
    pub(super) is_fresh: bool,
    /// Whether a cursor may be open that the end of a transaction has to close.
    pub(super) has_cursors: bool,
}

/// How much the server can take in while nobody reads its answers.
const SMALL: usize = 16 * 1024;

impl Session {
    /// Connects, and begins the transaction.
    pub(super) fn open(database: &Database, version: u32) -> Result<Self, Failure> {
        // Else the server notices the death of this process only after its statement. Servers on other systems
        // may refuse the setting.
        let has_check = version >= 14 && cfg!(target_os = "linux");
        let check = has_check.then(|| {
            let options = "-c client_connection_check_interval=500ms";
            ("options".to_owned(), options.to_owned())
        });
        let (mut connection, greeting) =
            Connection::open_plain(database.address(), database.name(), check.as_slice())?;
        connection.run(BEGIN)?;
        Ok(Session {
            connection,
            greeting: Arc::new(Greeting::read(&greeting)?),
            pending: Vec::new(),
            expected: Expected::default(),
            is_fresh: true,
            has_cursors: false,
        })
    }

    /// The stream of the server, to end it at any time.
    pub(super) fn stream(&mut self) -> io::Result<Stream> {
        self.connection.stream().get_ref().try_clone()
    }

    /// The next message for the server, and what its answer means.
    pub(super) fn send(&mut self, kind: u8, body: &[u8], reply: Reply) {
        self.pending.extend(framed(kind, body));
        self.expected.push(kind, reply);
    }

    /// Begins a transaction, or a statement outside of one: what comes before it is committed. Returns whether
    /// the server has anything to do for that.
    pub(super) fn begin(&mut self) -> bool {
        if self.is_fresh {
            return false;
        }
        let close = self.has_cursors.then_some("CLOSE ALL");
        let steps: Vec<&str> = close.into_iter().chain(COMMIT).collect();
        for _ in &steps {
            self.expected.push_completion(Reply::Nothing);
        }
        let sql = format!("{}\0", steps.join("; "));
        self.send(b'Q', sql.as_bytes(), Reply::Nothing);
        self.has_cursors = false;
        self.is_fresh = true;
        true
    }

    /// Undoes everything since the last commit.
    pub(super) fn roll_back(&mut self) -> io::Result<()> {
        self.run(ROLLBACK)?;
        self.is_fresh = true;
        Ok(())
    }

    /// Runs statements of our own.
    pub(super) fn run(&mut self, sql: &str) -> io::Result<()> {
        self.send(b'Q', format!("{sql}\0").as_bytes(), Reply::Nothing);
        self.is_fresh = false;
        let mut refused = Ok(());
        self.exchange(|session, message| {
            match message.kind {
                b'S' => session.greeting.learn(&message.body),
                b'E' => {
                    session.expected.fail();
                    refused = Err(io::Error::other(
                        Refusal::read(&message.body, 0).to_string(),
                    ));
                }
                kind => drop(session.expected.take(kind)),
            }
            Ok(())
        })?;
        refused
    }

    /// Lets the server answer what it has read.
    pub(super) fn flush(&mut self) {
        self.pending.extend(framed(b'H', b""));
    }

    /// Whether nothing that the server has sent is waiting here.
    pub(super) fn has_heard_all(&mut self) -> bool {
        self.connection.stream().buffer().is_empty()
    }

    /// Sends everything, and lets `hear` have each answer until nothing more is to come.
    pub(super) fn exchange(
        &mut self,
        mut hear: impl FnMut(&mut Self, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let mut server = self.stream()?;
        if pending.len() <= SMALL {
            server.write_all(&pending)?;
            return self.hear_all(&mut hear);
        }
        // The server stops reading when nobody reads its answers.
        thread::scope(|scope| {
            let writer = scope.spawn(move || server.write_all(&pending));
            let heard = self.hear_all(&mut hear);
            if heard.is_err() {
                let _ = self
                    .stream()
                    .and_then(|stream| stream.shutdown(std::net::Shutdown::Both));
            }
            let written = writer
                .join()
                .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
            heard.and(written)
        })
    }

    fn hear_all(
        &mut self,
        hear: &mut impl FnMut(&mut Self, Message) -> io::Result<()>,
    ) -> io::Result<()> {
        while !self.expected.is_empty() {
            let message = self.read()?;
            hear(self, message)?;
        }
        Ok(())
    }

    /// The next message of the server.
    pub(super) fn read(&mut self) -> io::Result<Message> {
        let message = Message::read(self.connection.stream())?;
        message.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// Asks a server to cancel what a session does, and waits for this long until it has done so.
pub(super) fn cancel(database: &Database, message: &[u8], patience: Duration) -> io::Result<()> {
    let mut server = Stream::connect(database.address())?;
    server.set_read_timeout(Some(patience))?;
    server.write_all(message)?;
    // The server has done it when it closes the connection.
    server.read(&mut [0]).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::cancel;

    #[test]
    fn a_silent_server_is_asked_in_vain() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://me@{}/d", silent.local_addr().unwrap());
        let database = url.parse().unwrap();
        let error = cancel(&database, b"message", Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}
