//! The bytes of a connection, over a Unix socket or over TCP, encrypted or not.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[cfg(feature = "tls")]
use super::tls::{self, Encrypted};
use crate::address::{Address, Host};
use crate::encryption::{Encryption, Way};

/// How long a server may take to accept a connection.
const ACCEPT: Duration = Duration::from_secs(10);

/// The bytes between a client and a server.
pub enum Stream {
    /// Over a Unix socket.
    Unix(UnixStream),
    /// Over TCP.
    Tcp(TcpStream),
    /// Encrypted over TCP.
    #[cfg(feature = "tls")]
    Encrypted(Box<Encrypted>),
}

impl Stream {
    /// Connects to a server, without encryption.
    ///
    /// # Errors
    ///
    /// Fails when nobody listens there, and if the address requires encryption.
    pub fn connect(address: &Address) -> io::Result<Self> {
        if address.must_encrypt() {
            return Err(cannot_encrypt());
        }
        Self::open(address, Way::Plain, None, &|_| Ok(()))
    }

    /// Returns the same connection for another thread.
    ///
    /// # Errors
    ///
    /// Fails without free descriptors, and for an encrypted connection, of which two threads could not use
    /// the keys.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Stream::Unix(stream) => stream.try_clone().map(Stream::Unix),
            Stream::Tcp(stream) => stream.try_clone().map(Stream::Tcp),
            #[cfg(feature = "tls")]
            Stream::Encrypted(_) => Err(cannot_encrypt()),
        }
    }

    /// Ends one direction, or both.
    ///
    /// # Errors
    ///
    /// Fails when the connection has ended.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Stream::Unix(stream) => stream.shutdown(how),
            Stream::Tcp(stream) => stream.shutdown(how),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.sock.shutdown(how),
        }
    }

    pub(super) fn open(
        address: &Address,
        way: Way,
        encryption: Option<&Encryption>,
        prepare: &dyn Fn(BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<Self> {
        let name = match &address.host {
            Host::Socket(dir) => {
                let path = dir.join(format!(".s.PGSQL.{}", address.port));
                let stream = UnixStream::connect(path)?;
                prepare(stream.as_fd())?;
                return Ok(Stream::Unix(stream));
            }
            Host::Tcp(name) => name,
        };
        let stream = connect(name, address.port)?;
        stream.set_nodelay(true)?;
        prepare(stream.as_fd())?;
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

    /// Limits the time for which a read waits.
    ///
    /// # Errors
    ///
    /// Fails for a time of zero.
    pub fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        match self {
            Stream::Unix(stream) => stream.set_read_timeout(time),
            Stream::Tcp(stream) => stream.set_read_timeout(time),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.sock.set_read_timeout(time),
        }
    }
}

fn cannot_encrypt() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "a connection that is passed on cannot be encrypted; write `sslmode=disable`",
    )
}

/// Connects to the first address of a host that accepts.
fn connect(name: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = None;
    for address in (name, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, ACCEPT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Unix(stream) => stream.as_fd(),
            Stream::Tcp(stream) => stream.as_fd(),
            #[cfg(feature = "tls")]
            Stream::Encrypted(stream) => stream.sock.as_fd(),
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

#[cfg(all(test, feature = "tls"))]
mod tests {
    use std::io::ErrorKind;

    use super::Stream;
    use crate::address::Address;

    #[test]
    fn what_must_be_encrypted_is_not_sent_as_it_is() {
        for (url, must_encrypt) in [
            ("postgres://127.0.0.1:1/d?sslmode=require", true),
            ("postgres://127.0.0.1:1/d?sslmode=prefer", false),
            ("postgres://127.0.0.1:1/d", false),
            ("postgres://%2Fnowhere/d?sslmode=require", false),
        ] {
            let address: Address = url.parse().unwrap();
            assert_eq!(address.must_encrypt(), must_encrypt, "{url}");
            let error = Stream::connect(&address).err().unwrap();
            let is_refused = error.kind() == ErrorKind::Unsupported;
            assert_eq!(is_refused, must_encrypt, "{url}: {error}");
        }
    }
}
