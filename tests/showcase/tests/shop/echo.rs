//! The echo service that the tills use to check their connection, over TCP and UDP.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::shop::line_server::LineServer;

/// Echoes the lines received through `listener`.
pub(crate) fn lines(listener: TcpListener) -> io::Result<LineServer> {
    LineServer::start(listener, str::to_owned)
}

/// A datagram echo, which runs until it is dropped.
#[must_use = "the echo stops when it is dropped"]
pub(crate) struct Datagrams {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Echoes the datagrams received by `socket`.
pub(crate) fn datagrams(socket: UdpSocket) -> io::Result<Datagrams> {
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::spawn(move || {
        let mut buffer = [0; 512];
        while !stopped.load(Ordering::SeqCst) {
            if let Ok((length, sender)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(&buffer[..length], sender);
            }
        }
    });
    Ok(Datagrams {
        stop,
        thread: Some(thread),
    })
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends `text` to the echo at `addr` and returns the answer.
pub(crate) fn call(addr: SocketAddr, text: &str) -> io::Result<String> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    socket.connect(addr)?;
    socket.send(text.as_bytes())?;
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}
