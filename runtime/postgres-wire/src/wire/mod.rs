//! A connection to a server that runs statements: the part of PostgreSQL's protocol (version 3) that
//! needs no types.
//!
//! `postgres-protocol` knows the messages. A client crate would tie this package to one of its
//! versions, and brings an asynchronous runtime along.

mod error;
mod login;
mod open;
mod stream;
#[cfg(feature = "tls")]
mod tls;

use std::io::{self, BufReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, Header, Message};
use postgres_protocol::message::frontend;

pub use self::error::{Failure, Refusal};
pub use self::stream::Stream;

/// A connection, ready for the next statement.
pub struct Connection {
    stream: BufReader<Stream>,
    /// The part of the next message that has arrived.
    arrived: BytesMut,
    /// The messages of the server, while they are recorded.
    record: Option<Vec<u8>>,
    /// The major version of the server.
    version: u32,
    /// The process of the server that serves it.
    process: i32,
    /// The answer to the statements that run, as far as it has arrived.
    answer: Answer,
}

/// The answer to one or more statements.
#[derive(Default)]
struct Answer {
    rows: Vec<Row>,
    completed: usize,
    refused: Option<Refusal>,
}

/// A row: the text of each column, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// The length of the beginning of a message: its kind and its length.
const HEADER: usize = 5;

/// The largest message that is read. Rows here are short, but an error may quote a statement.
const MOST: i32 = 64 * 1024 * 1024;

impl Connection {
    /// The major version of the server.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The process that serves the connection, as announced by the server or by a proxy in between, which
    /// may announce any number.
    #[must_use]
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Runs one or more statements, and returns the rows of all of them.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost, and when the server refuses a statement.
    pub fn run(&mut self, sql: &str) -> Result<Vec<Row>, Failure> {
        self.begin(sql)?;
        loop {
            if let Some(rows) = self.finish()? {
                return Ok(rows);
            }
        }
    }

    /// Sends one or more statements. [`finish`](Self::finish) returns the answer.
    ///
    /// # Errors
    ///
    /// Fails when the connection is lost.
    pub fn begin(&mut self, sql: &str) -> Result<(), Failure> {
        self.answer = Answer::default();
        Ok(self.send(|message| frontend::query(sql, message))?)
    }

    /// Receives the answer to what [`begin`](Self::begin) has sent. `None` if the time of
    /// [`set_patience`](Self::set_patience) is over before the answer is complete: call it again.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn finish(&mut self) -> Result<Option<Vec<Row>>, Failure> {
        loop {
            let Some(message) = self.receive_in_time()? else {
                return Ok(None);
            };
            let answer = &mut self.answer;
            match message {
                Message::DataRow(body) => answer.rows.push(row(&body).map_err(garbled)?),
                Message::CommandComplete(_) => answer.completed += 1,
                Message::ErrorResponse(body) => {
                    answer.refused = Some(Refusal::of(&body, answer.completed));
                }
                // The data of a COPY would have to follow here.
                Message::CopyInResponse(_) => self.send(|message| {
                    frontend::copy_fail("COPY FROM STDIN has no data here", message)
                })?,
                Message::ReadyForQuery(_) => {
                    let Answer { rows, refused, .. } = std::mem::take(&mut self.answer);
                    return match refused {
                        Some(refusal) => Err(Failure::Refused(refusal)),
                        None => Ok(Some(rows)),
                    };
                }
                _ => {}
            }
        }
    }

    /// Reads what the server has sent between two statements: nothing, or notices, or why it ends the
    /// connection. Waits for the time of [`set_patience`](Self::set_patience).
    ///
    /// # Errors
    ///
    /// Fails when the connection has ended.
    pub fn listen(&mut self) -> Result<(), Failure> {
        while let Some(message) = self.receive_in_time()? {
            if let Message::ErrorResponse(body) = message {
                return Err(Failure::Refused(Refusal::of(&body, 0)));
            }
        }
        Ok(())
    }

    /// Limits the time for which [`finish`](Self::finish) and [`listen`](Self::listen) wait for bytes of the
    /// server.
    ///
    /// # Errors
    ///
    /// Fails for a time of zero.
    pub fn set_patience(&mut self, time: Option<Duration>) -> io::Result<()> {
        self.stream.get_ref().set_read_timeout(time)
    }

    /// Sends what `write` writes.
    fn send(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> io::Result<()> {
        let mut message = BytesMut::new();
        write(&mut message)?;
        let stream = self.stream.get_mut();
        stream.write_all(&message)?;
        stream.flush()
    }

    /// Receives a message, or `None` if the time is over.
    fn receive_in_time(&mut self) -> io::Result<Option<Message>> {
        match self.receive() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            result => result.map(Some),
        }
    }

    fn receive(&mut self) -> io::Result<Message> {
        loop {
            // Checked first, because memory is reserved for a whole message.
            let header = Header::parse(&self.arrived).map_err(garbled)?;
            if header.is_some_and(|header| header.len() > MOST) {
                return Err(garbled("it is too long"));
            }
            let length = header.and_then(|header| usize::try_from(header.len()).ok());
            let length = length.map_or(HEADER, |length| length + 1);
            if header.is_some() && self.arrived.len() == length {
                if let Some(record) = &mut self.record {
                    record.extend_from_slice(&self.arrived);
                }
                let message = Message::parse(&mut self.arrived).map_err(garbled)?;
                return message.ok_or_else(|| garbled("it is incomplete"));
            }
            let mut bytes = [0; 8 * 1024];
            let missing = (length - self.arrived.len()).min(bytes.len());
            match self.stream.read(&mut bytes[..missing]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the server has closed the connection",
                    ));
                }
                Ok(length) => self.arrived.extend_from_slice(&bytes[..length]),
            }
        }
    }

    /// The stream between two statements, for messages that this client does not know.
    pub fn stream(&mut self) -> &mut BufReader<Stream> {
        &mut self.stream
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.get_ref().as_fd()
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

/// A message, with its kind and its length.
#[must_use]
pub fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind], &length.to_be_bytes()[..], body].concat()
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
