//! A connection to a server that runs statements: the part of PostgreSQL's protocol (version 3) that
//! needs no types.
//!
//! A client crate would tie this package to one of its versions, and is ten times as large.

mod auth;
mod digest;
mod error;

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use self::auth::{SCRAM, Scram, md5_password};
pub(crate) use self::error::{Failure, Refusal};
use crate::address::{Address, Host};

/// A connection, ready for the next statement.
pub(crate) struct Connection {
    stream: BufReader<Stream>,
    /// The major version of the server.
    version: u32,
}

/// A row: the text of each column, `None` for NULL.
pub(crate) type Row = Vec<Option<String>>;

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// The largest message that is read. Rows here are short, but an error may quote a statement.
const MOST: usize = 64 * 1024 * 1024;

impl Connection {
    pub(crate) fn open(address: &Address, database: &str) -> Result<Self, Failure> {
        let stream = match &address.host {
            Host::Socket(dir) => {
                let path = dir.join(format!(".s.PGSQL.{}", address.port));
                Stream::Unix(UnixStream::connect(path)?)
            }
            Host::Tcp(name) => {
                let stream = TcpStream::connect((&**name, address.port))?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
        };
        let mut connection = Connection {
            stream: BufReader::new(stream),
            version: 0,
        };
        connection.start(address, database)?;
        Ok(connection)
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    fn start(&mut self, address: &Address, database: &str) -> Result<(), Failure> {
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        let words = [
            "user",
            &address.user,
            "database",
            database,
            "client_encoding",
            "UTF8",
            "application_name",
            "isolated-test",
            "",
        ];
        for word in words {
            body.extend(word.as_bytes());
            body.push(0);
        }
        self.send(None, &body)?;
        let mut scram = None;
        loop {
            let (kind, body) = self.receive()?;
            match kind {
                b'R' => self.authenticate(address, &body, &mut scram)?,
                b'S' => self.learn(&body),
                b'E' => return Err(Failure::Refused(Refusal::read(&body, 0))),
                b'Z' => return Ok(()),
                // A key to cancel statements, and notices.
                _ => {}
            }
        }
    }

    fn authenticate(
        &mut self,
        address: &Address,
        body: &[u8],
        scram: &mut Option<Scram>,
    ) -> Result<(), Failure> {
        let garbled = || Failure::from(garbled("the exchange of the password"));
        let (kind, rest) = body.split_first_chunk::<4>().ok_or_else(garbled)?;
        let kind = u32::from_be_bytes(*kind);
        if kind == 0 {
            return Ok(());
        }
        let Some(password) = &address.password else {
            return Err(
                io::Error::other("the server asks for a password, and the URL has none").into(),
            );
        };
        match (kind, scram) {
            (3, _) => self.send_text(password)?,
            (5, _) => self.send_text(&md5_password(&address.user, password, rest))?,
            (10, scram) => {
                if !rest
                    .split(|byte| *byte == 0)
                    .any(|name| name == SCRAM.as_bytes())
                {
                    return Err(io::Error::other(
                        "the server offers no known way to prove the password",
                    )
                    .into());
                }
                let new = Scram::new()?;
                let first = new.first();
                let mut body = SCRAM.as_bytes().to_vec();
                body.push(0);
                body.extend(length(&first).to_be_bytes());
                body.extend(first.as_bytes());
                *scram = Some(new);
                self.send(Some(b'p'), &body)?;
            }
            (11, Some(scram)) => {
                let server = std::str::from_utf8(rest).map_err(|_| garbled())?;
                let answer = scram.answer(password, server).ok_or_else(garbled)?;
                self.send(Some(b'p'), answer.as_bytes())?;
            }
            (12, Some(scram)) => {
                let server = std::str::from_utf8(rest).map_err(|_| garbled())?;
                if !scram.is_proof(server) {
                    return Err(
                        io::Error::other("the server does not know the password itself").into(),
                    );
                }
            }
            _ => {
                let text = format!(
                    "the server asks for authentication {kind}, which is not supported; use a password"
                );
                return Err(io::Error::other(text).into());
            }
        }
        Ok(())
    }

    fn learn(&mut self, body: &[u8]) {
        let mut parts = body.split(|byte| *byte == 0);
        if parts.next() == Some(b"server_version") {
            let text = String::from_utf8_lossy(parts.next().unwrap_or_default());
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            self.version = digits.parse().unwrap_or(0);
        }
    }

    /// Runs one or more statements, and returns the rows of all of them.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Vec<Row>, Failure> {
        let mut body = sql.as_bytes().to_vec();
        if body.contains(&0) {
            return Err(
                io::Error::new(io::ErrorKind::InvalidInput, "a statement has a NUL").into(),
            );
        }
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        let (mut rows, mut completed, mut refused) = (Vec::new(), 0, None);
        loop {
            let (kind, body) = self.receive()?;
            match kind {
                b'D' => rows.push(row(&body).ok_or_else(|| garbled("a row"))?),
                b'C' => completed += 1,
                b'E' => refused = Some(Refusal::read(&body, completed)),
                // The data of a COPY would have to follow here.
                b'G' => self.send(Some(b'f'), b"COPY FROM STDIN has no data here\0")?,
                b'Z' => return refused.map_or(Ok(rows), |refusal| Err(Failure::Refused(refusal))),
                _ => {}
            }
        }
    }

    fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.send(Some(b'p'), &[text.as_bytes(), &[0]].concat())
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        let length = u32::try_from(body.len() + 4)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a statement is too long"))?;
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.get_mut().write_all(&message)
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).map_err(closed)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=MOST).contains(&length) {
            return Err(garbled("a message"));
        }
        let mut body = vec![0; length - 4];
        self.stream.read_exact(&mut body).map_err(closed)?;
        Ok((head[0], body))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Otherwise the server logs an unexpected end.
        let _ = self.send(Some(b'X'), b"");
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

fn row(body: &[u8]) -> Option<Row> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut row = Row::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = i32::from_be_bytes(*length);
        rest = after;
        let Ok(length) = usize::try_from(length) else {
            row.push(None);
            continue;
        };
        let (text, after) = rest.split_at_checked(length)?;
        row.push(Some(String::from_utf8_lossy(text).into_owned()));
        rest = after;
    }
    Some(row)
}

fn closed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server has closed the connection",
        );
    }
    error
}

fn garbled(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server has garbled {what}"),
    )
}

/// A name, quoted for a statement.
pub(crate) fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text, quoted for a statement.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        return format!("E'{}'", quoted.replace('\\', "\\\\"));
    }
    format!("'{quoted}'")
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.read(buffer),
            Stream::Tcp(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.write(buffer),
            Stream::Tcp(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
