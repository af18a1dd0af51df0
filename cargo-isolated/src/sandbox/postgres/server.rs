//! The server of one sandbox.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, Stdio};
use std::thread;

use isolated_test_postgres::__private::Programs;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::place::Place;
use crate::plan::Postgres;
use crate::sandbox::janitor::end_with_runner;

/// What a server logs when clients can connect.
const READY: &[u8] = b"database system is ready to accept connections";

/// A server that runs in this sandbox.
pub(crate) struct Server(Child);

impl Server {
    /// Starts the server, and waits until it accepts connections. Ends this process with all others of the
    /// sandbox when `alive` is closed.
    pub(crate) fn start(postgres: &Postgres, is_user: bool, alive: &File) -> io::Result<Server> {
        let programs = Programs::at(&postgres.programs).map_err(io::Error::other)?;
        let place = Place::new(&programs)?;
        place.cover(&postgres.data, &programs, is_user)?;
        let mut command = programs.server(&place.data);
        let sockets = place.sockets.display();
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
        let text = read_until_ready(&mut log, alive)?;
        if let Some(text) = text {
            let status = child.wait()?;
            let data = postgres.data.display();
            return Err(io::Error::other(format!(
                "PostgreSQL has ended with {status} before it was ready: {}; if its data are damaged, remove \
                 `{data}`",
                text.trim()
            )));
        }
        // It would wait if nobody read.
        thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Ok(Server(child))
    }

    /// Ends the server at once, because nobody needs its data.
    pub(crate) fn end(mut self) {
        if let Ok(pid) = self.0.id().try_into() {
            // It lets its processes end in the same way, and ends as the last one.
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
            let _ = self.0.wait();
        }
    }
}

/// Reads the log until the server is ready. If it ends before, returns what it has logged.
fn read_until_ready(log: &mut ChildStderr, alive: &File) -> io::Result<Option<String>> {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        let mut ends = [
            PollFd::new(log.as_fd(), PollFlags::POLLIN),
            PollFd::new(alive.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut ends, PollTimeout::NONE)?;
        if ends[1].any() == Some(true) {
            end_with_runner();
        }
        let count = log.read(&mut part)?;
        if count == 0 {
            return Ok(Some(String::from_utf8_lossy(&read).into_owned()));
        }
        read.extend_from_slice(&part[..count]);
        if read.windows(READY.len()).any(|text| text == READY) {
            return Ok(None);
        }
    }
}
