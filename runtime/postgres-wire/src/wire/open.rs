//! How a connection is opened.

use std::io::{self, BufReader};
use std::os::fd::BorrowedFd;

use bytes::BytesMut;

use super::{Answer, Connection, Failure, Stream};
use crate::address::Address;
use crate::encryption::{Encryption, Way};

impl Connection {
    /// Connects as the role in `address`.
    ///
    /// # Errors
    ///
    /// Fails when nobody listens there, and when the server refuses the role or the database.
    pub fn open(address: &Address, database: &str) -> Result<Self, Failure> {
        Self::open_prepared(address, database, "isolated-test", &|_| Ok(()))
    }

    /// The same under a name for the views of the server, and with a socket that `prepare` sets up before
    /// anything is sent. A time limit of the socket for reading holds for each message of the server.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); also if `prepare` fails.
    pub fn open_prepared(
        address: &Address,
        database: &str,
        application: &str,
        prepare: &dyn Fn(BorrowedFd<'_>) -> io::Result<()>,
    ) -> Result<Self, Failure> {
        let parameters = [
            ("client_encoding", "UTF8"),
            ("application_name", application),
        ];
        Self::try_ways(address, prepare, |connection| {
            connection.log_in(address, database, &parameters)
        })
    }

    /// Connects with parameters of the session, such as those that a client asks for.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_for(
        address: &Address,
        database: &str,
        parameters: &[(String, String)],
    ) -> Result<Self, Failure> {
        let parameters = borrowed(parameters);
        Self::try_ways(address, &|_| Ok(()), |connection| {
            connection.log_in(address, database, &parameters)
        })
    }

    /// The same without encryption, so that several threads can use the stream. Returns the messages of the
    /// server too, from the end of the authentication until the connection is ready.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); also if the address requires encryption.
    pub fn open_plain(
        address: &Address,
        database: &str,
        parameters: &[(String, String)],
    ) -> Result<(Self, Vec<u8>), Failure> {
        let mut connection = Self::of(Stream::connect(address)?);
        connection.record = Some(Vec::new());
        connection.log_in(address, database, &borrowed(parameters))?;
        let greeting = connection.record.take().unwrap_or_default();
        Ok((connection, greeting))
    }

    fn of(stream: Stream) -> Self {
        Connection {
            stream: BufReader::new(stream),
            arrived: BytesMut::new(),
            record: None,
            version: 0,
            process: 0,
            answer: Answer::default(),
        }
    }

    /// Connects in each way that the address allows until one succeeds.
    fn try_ways(
        address: &Address,
        prepare: &dyn Fn(BorrowedFd<'_>) -> io::Result<()>,
        log_in: impl Fn(&mut Self) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let encryption = address.encryption().map_err(io::Error::other)?;
        let ways = encryption
            .as_ref()
            .map_or(&[Way::Plain][..], Encryption::ways);
        let mut first = None;
        for way in ways {
            let opened = Stream::open(address, *way, encryption.as_ref(), prepare);
            let connected = opened.map_err(Failure::from).and_then(|stream| {
                let mut connection = Self::of(stream);
                log_in(&mut connection)?;
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
}

fn borrowed(parameters: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = parameters.iter();
    pairs.map(|(name, value)| (&**name, &**value)).collect()
}
