//! A fixed address that leads to the database of a test.
//!
//! The process of the test listens there, in its own network, and so for the programs that it starts.
//!
//! # When the process dies
//!
//! The kernel closes the sockets, and the server ends the sessions.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

use isolated_test_postgres_wire::{Connection, Failure, Stream};

use super::startup::{Startup, fatal, negotiated};
use crate::at::At;
use crate::database::Database;

/// Forwards all connections to an address to a database until this process ends.
pub(super) fn serve(at: &At, database: &Database) -> Result<(), String> {
    for (index, address) in at.addresses().iter().enumerate() {
        let listener = match TcpListener::bind(address) {
            Ok(listener) => listener,
            // No IPv6.
            Err(error) if index > 0 && error.kind() != io::ErrorKind::AddrInUse => continue,
            Err(error) => return Err(format!("failed to listen at {address}: {error}")),
        };
        let database = database.clone();
        super::start(move || accept(&listener, &database))
            .map_err(|error| format!("failed to serve {address}: {error}"))?;
    }
    Ok(())
}

fn accept(listener: &TcpListener, database: &Database) {
    for client in listener.incoming() {
        let database = database.clone();
        super::accepted(client.and_then(|client| {
            super::start(move || {
                // Either side has closed the connection, and the other one learns of it.
                let _ = forward(client, &database);
            })
        }));
    }
}

/// Serves one client to its end.
fn forward(mut client: TcpStream, database: &Database) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (protocol, mut parameters) = match Startup::read(&mut client)? {
        Startup::Cancel(message) => {
            let mut server = Stream::connect(database.address())?;
            server.write_all(&message)?;
            // The server has done it when it closes the connection.
            return io::copy(&mut server, &mut io::sink()).map(drop);
        }
        Startup::Connect {
            protocol,
            parameters,
        } => (protocol, parameters),
    };
    parameters.retain(|(name, _)| !name.starts_with("_pq_."));
    if let Some(options) = database.options() {
        merge(options, &mut parameters);
    }
    let opened = Connection::open_plain(database.address(), database.name(), &parameters);
    let (mut server, greeting) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            let (code, text) = match &failure {
                Failure::Refused(refusal) => (&*refusal.code, refusal.to_string()),
                Failure::Lost(error) => ("08006", format!("failed to reach the server: {error}")),
            };
            return client.write_all(&fatal(code, &text));
        }
    };
    client.write_all(&[negotiated(protocol), greeting].concat())?;
    let to_server = server.stream().get_ref().try_clone()?;
    super::relay(Stream::Tcp(client), server.stream(), to_server)
}

/// Puts the options of the database before those of the client, which the server reads later.
fn merge(options: &str, parameters: &mut Vec<(String, String)>) {
    match parameters.iter_mut().find(|(name, _)| name == "options") {
        Some((_, own)) => *own = format!("{options} {own}"),
        None => parameters.push(("options".to_owned(), options.to_owned())),
    }
}
