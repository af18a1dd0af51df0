//! Proxies between clients and a server. They speak PostgreSQL's protocol (version 3) as a server does.
//!
//! `forward` lets clients at a fixed address reach the database of their test, and `rollback` lets them
//! work in one transaction. `gate` leads from the network of a test to that of the machine. `startup` reads
//! the first message of a client, and `message` those that follow.

mod forward;
pub(crate) mod gate;
mod message;
pub(crate) mod rollback;
mod socket;
mod startup;

use std::io::{self, Read};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use isolated_test_core::BoxError;
use isolated_test_postgres_wire::Stream;

use crate::database::Database;

/// How long no connection is accepted after one could not be.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes a database over in the subprocess of its test, and serves it in the network there.
pub(crate) fn received(text: &str) -> Result<Database, BoxError> {
    let database = Database::from_text(text)?;
    if let Some(at) = database.at() {
        forward::serve(at, &database)?;
    }
    Ok(database)
}

/// Starts a thread.
fn start(run: impl FnOnce() + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
    let builder = thread::Builder::new().name("isolated-postgres".to_owned());
    builder.spawn(run)
}

/// Reports that a client could not be served, after its connection was accepted or not.
fn accepted(served: io::Result<thread::JoinHandle<()>>) {
    if let Err(error) = served {
        eprintln!("isolated-test-postgres: failed to accept a connection: {error}");
        // Without descriptors or threads the next one fails too, and as fast.
        thread::sleep(PAUSE);
    }
}

/// Passes bytes between a client and a server until one of them ends the connection.
fn relay(mut client: Stream, mut server: impl Read, mut to_server: Stream) -> io::Result<()> {
    let mut requests = client.try_clone()?;
    start(move || {
        let _ = io::copy(&mut requests, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    })?;
    let copied = io::copy(&mut server, &mut client);
    // Ends the other thread too.
    let _ = client.shutdown(Shutdown::Both);
    copied.map(drop)
}
