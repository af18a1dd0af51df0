//! A fixed address that leads to the database of a test.
//!
//! The process of the test listens there, in its own network, and so for the programs that it starts.
//!
//! # When the process dies
//!
//! The kernel closes the sockets, and the server ends the sessions.

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::str::FromStr;

use isolated_test_postgres_wire::{Connection, Failure, Stream};

use super::startup::{Startup, fatal, negotiated};
use crate::database::Database;

/// An address of the loopback interface, such as `localhost:5432`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct At {
    /// As written.
    text: String,
    /// A name has several. Each but the first may be missing on the machine.
    addresses: Vec<SocketAddr>,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected `at` to be an address of the loopback interface, such as `localhost:5432`; found `{text}`"
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port: u16 = port.parse().map_err(|_| expected())?;
        let hosts: Vec<IpAddr> = if host == "localhost" {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            vec![host.parse().map_err(|_| expected())?]
        };
        if port == 0 || !hosts.iter().all(IpAddr::is_loopback) {
            return Err(expected());
        }
        let addresses = hosts.into_iter().map(|host| (host, port).into());
        Ok(At {
            text: text.to_owned(),
            addresses: addresses.collect(),
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl At {
    /// Forwards all connections to a database until this process ends.
    pub(crate) fn serve(&self, database: &Database) -> Result<(), String> {
        for (index, address) in self.addresses.iter().enumerate() {
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
    let opened = Connection::open_for(database.address(), database.name(), &parameters);
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

#[cfg(test)]
mod tests {
    use super::At;

    fn addresses(text: &str) -> Option<Vec<String>> {
        let at: At = text.parse().ok()?;
        Some(at.addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_addresses_of_the_loopback_interface_are_accepted() {
        assert_eq!(
            addresses("localhost:5432").unwrap(),
            ["127.0.0.1:5432", "[::1]:5432"]
        );
        assert_eq!(addresses("127.0.0.2:1").unwrap(), ["127.0.0.2:1"]);
        assert_eq!(addresses("[::1]:65535").unwrap(), ["[::1]:65535"]);
        for bad in [
            "localhost",
            "localhost:0",
            "localhost:x",
            "db:5432",
            "0.0.0.0:5432",
            ":5432",
        ] {
            assert_eq!(addresses(bad), None, "{bad}");
        }
    }
}
