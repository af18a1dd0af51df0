//! The bytes of a connection, over a Unix socket or over TCP, encrypted or not.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

#[cfg(feature = "tls")]
use super::tls::{self, Encrypted};
use crate::address::{Address, Host};
use crate::encryption::{Encryption, Way};

pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
    #[cfg(feature = "tls")]
    Encrypted(Box<Encrypted>),
}

impl Stream {
    pub(super) fn open(
        address: &Address,
        way: Way,
        encryption: Option<&Encryption>,
    ) -> io::Result<Self> {
        let name = match &address.host {
            Host::Socket(dir) => {
                let path = dir.join(format!(".s.PGSQL.{}", address.port));
                return Ok(Stream::Unix(UnixStream::connect(path)?));
            }
            Host::Tcp(name) => name,
        };
        let stream = TcpStream::connect((&**name, address.port))?;
        stream.set_nodelay(true)?;
        match (way, encryption) {
            #[cfg(feature = "tls")]
            (Way::IfOffered | Way::Encrypted, Some(encryption)) => {
                Stream::encrypt(stream, name, way, encryption)
            }
            _ => Ok(Stream::Tcp(stream)),
        }
    }

    #[cfg(feature = "tls")]
    fn encrypt(
        mut stream: TcpStream,
        name: &str,
        way: Way,
        encryption: &Encryption,
    ) -> io::Result<Self> {
        let mut request = bytes::BytesMut::new();
        postgres_protocol::message::frontend::ssl_request(&mut request);
        stream.write_all(&request)?;
        // Exactly one byte: what follows must already be encrypted.
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        match (&answer, way) {
            (b"S", _) => {
                let encrypted = tls::encrypt(stream, name, encryption);
                let failed = |why: String| {
                    io::Error::other(format!("failed to encrypt the connection: {why}"))
                };
                Ok(Stream::Encrypted(Box::new(encrypted.map_err(failed)?)))
            }
            (b"N", Way::IfOffered) => Ok(Stream::Tcp(stream)),
            (b"N", _) => Err(io::Error::other(
                "the server does not encrypt connections; set `ssl = on` in its `postgresql.conf`, or write \
                 `sslmode=prefer`",
            )),
            _ => Err(super::garbled("the answer to the request for encryption")),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.read(buffer),
            Stream::Tcp(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.write(buffer),
            Stream::Tcp(stream) => stream.write(buffer),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Unix(stream) => stream.flush(),
            Stream::Tcp(stream) => stream.flush(),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.flush(),
        }
    }
}
