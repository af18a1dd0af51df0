//! A port of the machine that leads to a Unix socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Forwards connections until the process ends.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    is_mute: Arc<AtomicBool>,
}

impl Relay {
    /// Listens at a free port.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    #[must_use]
    pub fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let is_mute = Arc::new(AtomicBool::new(false));
        let mute = is_mute.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Without the server, the client sees the end of its connection.
                if let Ok(server) = UnixStream::connect(&socket) {
                    forward(&Arc::new(client), &Arc::new(server), &mute);
                }
            }
        });
        Relay { port, is_mute }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forwards nothing from now on. A client learns that its connection is over only once it sends
    /// something.
    pub fn mute(&self) {
        self.is_mute.store(true, Ordering::SeqCst);
    }
}

fn forward(client: &Arc<TcpStream>, server: &Arc<UnixStream>, is_mute: &Arc<AtomicBool>) {
    let (to, from, mute) = (client.clone(), server.clone(), is_mute.clone());
    thread::spawn(move || {
        copy(&*from, &*to, &mute);
        if !mute.load(Ordering::SeqCst) {
            let _ = to.shutdown(Shutdown::Both);
        }
    });
    let (from, to, mute) = (client.clone(), server.clone(), is_mute.clone());
    thread::spawn(move || {
        copy(&*from, &*to, &mute);
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
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
