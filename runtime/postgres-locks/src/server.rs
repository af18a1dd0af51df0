//! The server that keeps the locks, and connections to it.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use isolated_test_postgres_wire::{Address, Connection, Failure, Host};
use socket2::{SockRef, TcpKeepalive};

/// The server that keeps the locks. All machines have to name the same database on it.
#[derive(Debug, Clone)]
pub struct Server {
    address: Address,
    database: String,
}

/// The time for which the server may take to answer, where it waits for no lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// After this time without a sign of life the network is asked for one, and then again and again.
const QUIET: Duration = Duration::from_secs(1);

/// How often the network is asked before the connection counts as lost.
const ASKED: u32 = 2;

/// How long what was sent may remain without an answer of the network.
#[cfg(target_os = "linux")]
const SILENT: Duration = Duration::from_secs(3);

impl Server {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// The reason why it is no usable URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (address, database) = Address::parse(url)?;
        Ok(Server {
            address,
            database: database.unwrap_or_else(|| "postgres".to_owned()),
        })
    }

    /// Connects under a name for the views of the server.
    pub(crate) fn connect(&self, application: &str) -> Result<Connection, Failure> {
        let prepare = |socket: BorrowedFd<'_>| {
            let socket = SockRef::from(&socket);
            socket.set_read_timeout(Some(PATIENCE))?;
            match self.address.host {
                Host::Socket(_) => Ok(()),
                Host::Tcp(_) => watch_network(&socket),
            }
        };
        Connection::open_prepared(&self.address, &self.database, application, &prepare)
    }
}

/// Makes the connection fail about three seconds after the network has become silent.
fn watch_network(socket: &SockRef<'_>) -> io::Result<()> {
    let keepalive = TcpKeepalive::new().with_time(QUIET).with_interval(QUIET);
    socket.set_tcp_keepalive(&keepalive.with_retries(ASKED))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(SILENT))?;
    Ok(())
}

/// Names the database and the server, without the password.
impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the database `{}` on {}",
            self.database, self.address
        )
    }
}
