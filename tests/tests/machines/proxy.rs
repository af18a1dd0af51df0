//! A proxy that hides from its clients what becomes of the server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use isolated_test_postgres::Database;

/// A proxy for the database of a test.
pub(crate) struct Proxy {
    pub(crate) url: String,
    is_mute: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn start(db: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let socket = Path::new(db.host()).join(format!(".s.PGSQL.{}", db.port()));
        let is_mute = Arc::new(AtomicBool::new(false));
        let mute = is_mute.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = UnixStream::connect(&socket).unwrap();
                let (heard, said) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (mute, also_mute) = (mute.clone(), mute.clone());
                thread::spawn(move || copy(heard, said, &mute));
                thread::spawn(move || {
                    copy(&client, &server, &also_mute);
                    let _ = (
                        client.shutdown(Shutdown::Both),
                        server.shutdown(Shutdown::Both),
                    );
                });
            }
        });
        Proxy {
            url: format!("postgres://{}@127.0.0.1:{port}/{}", db.user(), db.name()),
            is_mute,
        }
    }

    /// Forwards nothing from now on. A client learns that its connection is over only once it sends
    /// something.
    pub(crate) fn mute(&self) {
        self.is_mute.store(true, Ordering::SeqCst);
    }
}

/// Copies until the end, or until something arrives that is not forwarded.
fn copy(mut from: impl Read, mut to: impl Write, is_mute: &AtomicBool) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if is_mute.load(Ordering::SeqCst) || to.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}
