//! A connection to a server that runs statements: the part of PostgreSQL's protocol (version 3) that
//! needs no types.
//!
//! `postgres-protocol` knows the messages. A client crate would tie this package to one of its
//! versions, and brings an asynchronous runtime along.

mod error;
mod login;
mod stream;
#[cfg(feature = "tls")]
mod tls;

use std::io::{self, Read, Write};

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, Header, Message};
use postgres_protocol::message::frontend;

pub use self::error::{Failure, Refusal};
use self::stream::Stream;
use crate::address::Address;
use crate::encryption::{Encryption, Way};

/// A connection, ready for the next statement.
pub struct Connection {
    stream: Stream,
    /// What has arrived and is not read yet.
    arrived: BytesMut,
    /// The major version of the server.
    version: u32,
}

/// A row: the text of each column, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// The largest message that is read. Rows here are short, but an error may quote a statement.
const MOST: i32 = 64 * 1024 * 1024;

impl Connection {
    /// Connects as the role in `address`.
    ///
    /// # Errors
    ///
    /// Fails when nobody listens there, and when the server refuses the role or the database.
    pub fn open(address: &Address, database: &str) -> Result<Self, Failure> {
        let encryption = address.encryption().map_err(io::Error::other)?;
        let ways = encryption
            .as_ref()
            .map_or(&[Way::Plain][..], Encryption::ways);
        let mut first = None;
        for way in ways {
            let opened = Stream::open(address, *way, encryption.as_ref());
            let connected = opened.map_err(Failure::from).and_then(|stream| {
                let mut connection = Connection {
                    stream,
                    arrived: BytesMut::new(),
                    version: 0,
                };
                connection.log_in(address, database)?;
                Ok(connection)
            });
            match connected {
                Ok(connection) => return Ok(connection),
                // The second way is for servers that refuse the first one.
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into()))
    }

    /// The major version of the server.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Runs one or more statements, and returns the rows of all of them.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost, and when the server refuses a statement.
    pub fn run(&mut self, sql: &str) -> Result<Vec<Row>, Failure> {
        self.send(|message| frontend::query(sql, message))?;
        let (mut rows, mut completed, mut refused) = (Vec::new(), 0, None);
        loop {
            match self.receive()? {
                Message::DataRow(body) => rows.push(row(&body).map_err(garbled)?),
                Message::CommandComplete(_) => completed += 1,
                Message::ErrorResponse(body) => refused = Some(Refusal::read(&body, completed)),
                // The data of a COPY would have to follow here.
                Message::CopyInResponse(_) => self.send(|message| {
                    frontend::copy_fail("COPY FROM STDIN has no data here", message)
                })?,
                Message::ReadyForQuery(_) => {
                    return refused.map_or(Ok(rows), |refusal| Err(Failure::Refused(refusal)));
                }
                _ => {}
            }
        }
    }

    /// Sends what `write` writes.
    fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> io::Result<()> {
        let mut message = BytesMut::new();
        write(&mut message)?;
        self.stream.write_all(&message)?;
        self.stream.flush()
    }

    fn receive(&mut self) -> io::Result<Message> {
        loop {
            // Checked first, because memory is reserved for a whole message.
            let header = Header::parse(&self.arrived).map_err(garbled)?;
            if header.is_some_and(|header| header.len() > MOST) {
                return Err(garbled("it is too long"));
            }
            if let Some(message) = Message::parse(&mut self.arrived).map_err(garbled)? {
                return Ok(message);
            }
            let mut bytes = [0; 8 * 1024];
            match self.stream.read(&mut bytes)? {
                0 => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the server has closed the connection",
                    ));
                }
                length => self.arrived.extend_from_slice(&bytes[..length]),
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Otherwise the server logs an unexpected end.
        let _ = self.send(|message| {
            frontend::terminate(message);
            Ok(())
        });
    }
}

fn row(body: &DataRowBody) -> io::Result<Row> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let columns = body.ranges().map(|range| {
        let column = range.map(|range| body.buffer().get(range).unwrap_or_default());
        Ok(column.map(text))
    });
    columns.collect()
}

fn garbled(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server has garbled a message: {why}"),
    )
}

/// A name, quoted for a statement.
#[must_use]
pub fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text, quoted for a statement.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        return format!("E'{}'", quoted.replace('\\', "\\\\"));
    }
    format!("'{quoted}'")
}
