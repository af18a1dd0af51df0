//! A TCP server that answers each line with a line. The echo service and the cluster build on it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server, which runs until it is dropped.
#[must_use = "the server stops when it is dropped"]
pub(crate) struct LineServer {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LineServer {
    /// Answers every line received through `listener` with the result of `answer`.
    pub(crate) fn start(
        listener: TcpListener,
        answer: impl Fn(&str) -> String + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let answer = answer.clone();
                thread::spawn(move || converse(&stream, &answer));
            }
        });
        Ok(Self {
            addr,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for LineServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let woken = TcpStream::connect_timeout(&self.addr, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

fn converse(stream: &TcpStream, answer: &impl Fn(&str) -> String) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    for line in BufReader::new(stream).lines() {
        send(stream, &answer(&line?))?;
    }
    Ok(())
}

/// Sends a line as one packet.
fn send(mut stream: &TcpStream, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\n").as_bytes())
}

/// A connection to a [`LineServer`].
pub(crate) struct Conversation(BufReader<TcpStream>);

impl Conversation {
    /// Connects to the server on `addr`.
    pub(crate) fn with(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends `line` and returns the answer.
    pub(crate) fn say(&mut self, line: &str) -> io::Result<String> {
        send(self.0.get_ref(), line)?;
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }
}
