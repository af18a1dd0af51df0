//! The way from the network of a test to a server in the network of the machine.
//!
//! The process that has provisioned the database is still there. Unix sockets lead from one network to another.

use std::path::Path;

use isolated_test_postgres_wire::{Address, Stream};

use super::socket::Socket;
use crate::database::Database;

/// Passes bytes on until it is dropped.
pub(crate) struct Gate {
    _socket: Socket,
}

/// Clients encrypt nothing that they send through a Unix socket.
const ENCRYPTED: &str = "a test with `network` cannot reach an encrypted server; write `sslmode=disable`, or \
                         leave out `network`";

impl Gate {
    /// Opens a socket in a new directory. Returns the address of the database there, too.
    pub(crate) fn open(database: &Database, dir: &Path) -> Result<(Self, Database), String> {
        let server: Address = database.address().clone();
        if server.must_encrypt() {
            return Err(ENCRYPTED.to_owned());
        }
        let opened = Socket::open(dir, move |client| {
            let connected = Stream::connect(&server).and_then(|server| {
                let to_server = server.try_clone()?;
                super::relay(Stream::Unix(client), server, to_server)
            });
            // The client sees the end of its connection.
            drop(connected);
        });
        let socket = opened.map_err(|error| format!("failed to reach the server: {error}"))?;
        let password = database.password().map(str::to_owned);
        Ok((Gate { _socket: socket }, database.through(dir, password)))
    }
}
