//! COPY from a client to the server.

use std::io::{self, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::thread;

use isolated_test_postgres_wire::{Stream, framed};

use super::client::Client;
use super::session::Session;
use crate::proxy::message::Message;

impl Client<'_> {
    /// Passes the data of a COPY to the server, and meanwhile the notices of the server to the client: each side
    /// stops reading when nobody reads what it says.
    ///
    /// The client learns how the COPY has ended only when it has sent everything, so that the next message is not
    /// taken for data.
    pub(super) fn copy(&mut self, session: &mut Session) -> io::Result<()> {
        let (from, server) = (self.from, session.stream()?);
        thread::scope(|scope| {
            let passing = scope.spawn(|| pass(from, server));
            let end = self.hear_until_end(session);
            if end.is_err() {
                // Ends the thread too.
                let _ = self.to.shutdown(Shutdown::Read);
            }
            let passed = passing
                .join()
                .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
            let end = end?;
            self.is_gone |= !passed?;
            self.hear(session, &end)
        })
    }

    /// Returns the message with which the server ends the COPY.
    fn hear_until_end(&mut self, session: &mut Session) -> io::Result<Message> {
        loop {
            let message = session.read()?;
            if b"CE".contains(&message.kind) {
                return Ok(message);
            }
            self.hear(session, &message)?;
        }
    }
}

/// Passes data to the server. Returns whether the client has ended it.
fn pass(from: &Mutex<BufReader<UnixStream>>, mut server: Stream) -> io::Result<bool> {
    let mut from = from.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match Message::read(&mut *from) {
            // The server ignores these meanwhile.
            Ok(Some(Message {
                kind: b'H' | b'S', ..
            })) => {}
            Ok(Some(message)) if message.kind == b'd' => {
                server.write_all(&framed(message.kind, &message.body))?;
            }
            Ok(Some(message)) if b"cf".contains(&message.kind) => {
                end(&mut server, message.kind, &message.body)?;
                return Ok(true);
            }
            _ => {
                end(&mut server, b'f', b"the client is gone\0")?;
                return Ok(false);
            }
        }
    }
}

/// Ends the data. Without the second message the server, unless it runs a query, would answer together with the
/// next message only.
fn end(server: &mut Stream, kind: u8, body: &[u8]) -> io::Result<()> {
    server.write_all(&[framed(kind, body), framed(b'H', b"")].concat())
}
