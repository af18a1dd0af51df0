//! What stands between clients and a server: it speaks PostgreSQL's protocol (version 3) as a server
//! does.
//!
//! `forward` lets clients at a fixed address reach the database of their test, and `rollback` lets them work
//! in one transaction. `startup` reads how a client begins, and `message` what follows.

pub(crate) mod forward;
mod message;
pub(crate) mod rollback;
mod startup;

use std::io;
use std::thread;
use std::time::Duration;

/// How long no connection is accepted after one could not be.
const PAUSE: Duration = Duration::from_millis(50);

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
