//! Errors of statements.

use std::fmt;
use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{ErrorResponseBody, Message};

use super::framed;

/// Why a statement has failed.
#[derive(Debug)]
pub enum Failure {
    /// The connection is lost.
    Lost(io::Error),
    /// The server has refused it. The connection can be used again, unless it was just being opened.
    Refused(Refusal),
}

/// The error of a server.
#[derive(Debug, Default)]
pub struct Refusal {
    /// The five characters of its SQLSTATE.
    pub code: String,
    /// Its text.
    pub message: String,
    detail: Option<String>,
    hint: Option<String>,
    /// The character at which it is, counted from one.
    pub position: Option<usize>,
    /// How many statements before it were completed.
    pub completed: usize,
}

impl Refusal {
    /// Reads the body of the message with which a server refuses a statement.
    #[must_use]
    pub fn read(body: &[u8], completed: usize) -> Self {
        let mut message = BytesMut::from(&*framed(b'E', body));
        match Message::parse(&mut message) {
            Ok(Some(Message::ErrorResponse(body))) => Self::of(&body, completed),
            _ => Refusal::default(),
        }
    }

    pub(super) fn of(body: &ErrorResponseBody, completed: usize) -> Self {
        let mut refusal = Refusal {
            completed,
            ..Refusal::default()
        };
        let mut fields = body.fields();
        while let Ok(Some(field)) = fields.next() {
            let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'C' => refusal.code = text,
                b'M' => refusal.message = text,
                b'D' => refusal.detail = Some(text),
                b'H' => refusal.hint = Some(text),
                b'P' => refusal.position = text.parse().ok(),
                _ => {}
            }
        }
        refusal
    }

    /// Whether the error is transient: caused by the state of the server, not by the statement.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        // Lost connections, lack of resources, orders of an administrator, and system errors.
        ["08", "53", "57", "58"].contains(&self.code.get(..2).unwrap_or_default())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        for more in [&self.detail, &self.hint].into_iter().flatten() {
            write!(formatter, "; {more}")?;
        }
        Ok(())
    }
}

impl Failure {
    /// Whether a database does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.code == "3D000")
    }

    /// Whether the server has no space left.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.code == "53100")
    }

    /// Whether the server has no connection left, or not for this role.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Failure::Refused(refusal) if refusal.code == "53300")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Lost(error) => error.fmt(formatter),
            Failure::Refused(refusal) => refusal.fmt(formatter),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Lost(error)
    }
}
