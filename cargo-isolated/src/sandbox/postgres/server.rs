//! The server of one sandbox.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test_postgres::__private::Programs;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::place::Place;
use crate::plan::Postgres;
use crate::sandbox::janitor::end_with_runner;

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How long a server may take to end. After 5 seconds, PostgreSQL kills those of its processes that are left.
const ENDED_WITHIN: Duration = Duration::from_secs(6);

/// A server that runs in this sandbox.
pub(crate) struct Server {
    process: Child,
    /// Disconnected when no process of the server has its log any more.
    log: Receiver<()>,
}

impl Server {
    /// Starts the server, and waits until it accepts connections. Ends this process with all others of the
    /// sandbox when `alive` is closed.
    pub(crate) fn start(postgres: &Postgres, is_user: bool, alive: &File) -> io::Result<Server> {
        let programs = Programs::at(&postgres.programs).map_err(io::Error::other)?;
        let place = Place::new(&programs)?;
        place.cover(&postgres.data, &programs, is_user)?;
        let mut command = programs.server(&place.data);
        let sockets = place.sockets.iter().map(|dir| dir.to_string_lossy());
        let sockets = sockets.collect::<Vec<_>>().join(",");
        for setting in [
            "listen_addresses=127.0.0.1,::1",
            &format!("port={}", postgres.port),
            &format!("unix_socket_directories={sockets}"),
        ] {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let Some(mut log) = child.stderr.take() else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let text = read_until_ready(&mut log, alive, READY_WITHIN)?;
        if let Some(text) = text {
            let status = child.wait()?;
            let data = postgres.data.display();
            return Err(io::Error::other(format!(
                "PostgreSQL has ended with {status} before it was ready: {}; if its data are damaged, remove \
                 `{data}`",
                text.trim()
            )));
        }
        let (open, ended) = channel();
        // The server would block once the pipe is full.
        thread::spawn(move || {
            let _ = io::copy(&mut log, &mut io::sink());
            drop(open);
        });
        Ok(Server {
            process: child,
            log: ended,
        })
    }

    /// Ends the server at once, because nobody needs its data. Kills one that does not end.
    pub(crate) fn end(mut self) {
        if let Ok(pid) = self.process.id().try_into() {
            // It lets its processes end in the same way, and ends as the last one.
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            if self.log.recv_timeout(ENDED_WITHIN) == Err(RecvTimeoutError::Timeout) {
                let _ = self.process.kill();
            }
            let _ = self.process.wait();
        }
    }
}

/// Reads the log until the server is ready. If it ends before, returns what it has logged. Fails if it is
/// not ready within the limit.
fn read_until_ready(
    log: &mut (impl Read + AsFd),
    alive: &File,
    limit: Duration,
) -> io::Result<Option<String>> {
    let deadline = Instant::now() + limit;
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        let mut ends = [
            PollFd::new(log.as_fd(), PollFlags::POLLIN),
            PollFd::new(alive.as_fd(), PollFlags::POLLIN),
        ];
        let rest = deadline.saturating_duration_since(Instant::now());
        match poll(&mut ends, rest.try_into().unwrap_or(PollTimeout::MAX)) {
            Err(Errno::EINTR) => continue,
            Ok(0) => return Err(too_late(limit, &String::from_utf8_lossy(&read))),
            polled => polled?,
        };
        if ends[1].any() == Some(true) {
            end_with_runner();
        }
        let count = log.read(&mut part)?;
        if count == 0 {
            return Ok(Some(String::from_utf8_lossy(&read).into_owned()));
        }
        read.extend_from_slice(&part[..count]);
        if String::from_utf8_lossy(&read).contains(Programs::READY) {
            return Ok(None);
        }
    }
}

fn too_late(limit: Duration, log: &str) -> io::Error {
    let log = match log.trim() {
        "" => "nothing",
        log => log,
    };
    io::Error::other(format!(
        "PostgreSQL was not ready within {limit:?}, and has logged: {log}; run fewer tests at a time with `-j`"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use super::read_until_ready;

    fn pipe() -> (File, File) {
        let (from, to) = os_pipe::pipe().expect("a pipe");
        (OwnedFd::from(from).into(), OwnedFd::from(to).into())
    }

    #[test]
    fn the_log_shows_when_a_server_is_ready_or_has_ended() {
        let (alive, _held) = pipe();
        let (mut log, mut server) = pipe();
        let line = "LOG:  database system is ready to accept connections\n";
        server.write_all(line.as_bytes()).expect("a line");
        let read = read_until_ready(&mut log, &alive, Duration::from_secs(60));
        assert_eq!(read.expect("it is ready"), None);
        server.write_all(b"FATAL:  no\n").expect("a line");
        drop(server);
        let read = read_until_ready(&mut log, &alive, Duration::from_secs(60));
        assert_eq!(read.expect("it has ended"), Some("FATAL:  no\n".into()));
    }

    #[test]
    fn a_server_that_is_not_ready_in_time_is_an_error_with_its_log() {
        let (alive, _held) = pipe();
        for (line, logged) in [("", "nothing"), ("LOG:  recovers\n", "LOG:  recovers")] {
            let (mut log, mut server) = pipe();
            server.write_all(line.as_bytes()).expect("a line");
            let read = read_until_ready(&mut log, &alive, Duration::from_millis(20));
            let expected = format!(
                "PostgreSQL was not ready within 20ms, and has logged: {logged}; run fewer tests at a time with `-j`"
            );
            assert_eq!(read.expect_err("a limit").to_string(), expected);
        }
    }
}
