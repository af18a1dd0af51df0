//! When a service is ready.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::error::BoxError;
use crate::os::listener::is_served_by;
use crate::os::supervised::Supervised;
use crate::resource::current::Current;
use crate::resource::port::Port;

/// How a [`Service`](crate::Service) shows that it is ready.
///
/// # Examples
///
/// ```
/// use isolated_test::{Ready, Service};
///
/// let web = Service::new("web").ready(Ready::answers("/health").on("admin"));
/// let queue = Service::new("queue").ready(Ready::creates("queue.sock"));
/// ```
#[derive(Debug, Clone)]
pub struct Ready {
    sign: Sign,
    /// The name of the port, if it is not the first one of the test.
    port: Option<String>,
}

#[derive(Debug, Clone)]
enum Sign {
    Listens,
    Prints(String),
    Creates(PathBuf),
    Answers(String),
    #[cfg(unix)]
    Inherits,
}

impl Ready {
    /// It listens on the TCP port of the test, on any address.
    ///
    /// On Linux, the listener has to be the program or a process that it has started, and to run as the
    /// same user unless the test runs as root. No connection is made. Other systems do not reveal which
    /// process listens. There, the program is ready once any process accepts a connection to
    /// `127.0.0.1`.
    #[must_use]
    pub fn listens() -> Self {
        Self::shown_by(Sign::Listens)
    }

    /// It prints a line that contains this text, to standard output or standard error.
    ///
    /// A program may buffer output that does not go to a terminal, so that the line arrives late. Most
    /// logs are not buffered.
    #[must_use]
    pub fn prints(text: impl Into<String>) -> Self {
        Self::shown_by(Sign::Prints(text.into()))
    }

    /// It creates this file, directory or socket. A relative path is below the
    /// [`tmpdir`](crate::TestHandle::tmpdir) of the test.
    #[must_use]
    pub fn creates(path: impl Into<PathBuf>) -> Self {
        Self::shown_by(Sign::Creates(path.into()))
    }

    /// It answers `GET` of this path by HTTP/1.1, on the port of the test at `127.0.0.1`, with a
    /// status below 500.
    ///
    /// Any process may answer. So this suits programs such as `docker run`, for which another process
    /// listens.
    #[must_use]
    pub fn answers(path: impl Into<String>) -> Self {
        Self::shown_by(Sign::Answers(path.into()))
    }

    /// It inherits a socket that listens on the port of the test already, as systemd passes it: as
    /// descriptor 3, with `LISTEN_FDS=1` and its process ID in `LISTEN_PID`.
    ///
    /// The test does not wait: connections queue in the kernel until the program accepts them, and are
    /// refused once it has ended. The program is started through `/bin/sh`, which sets `LISTEN_PID`.
    #[cfg(unix)]
    #[must_use]
    pub fn inherits() -> Self {
        Self::shown_by(Sign::Inherits)
    }

    /// Chooses the port with this name instead of the first one of the test.
    #[must_use]
    pub fn on(self, port: impl Into<String>) -> Self {
        Ready {
            port: Some(port.into()),
            ..self
        }
    }

    fn shown_by(sign: Sign) -> Self {
        Ready { sign, port: None }
    }

    fn port(&self, test: &Current) -> Result<Port, BoxError> {
        let Some(name) = &self.port else {
            return Ok(test.port());
        };
        let first = test.ports(name).into_iter().next();
        first.ok_or_else(|| {
            format!(
                "no port `{name}` precedes it in the attribute; write `{name} = port` before it"
            )
            .into()
        })
    }

    /// The command that runs a program, and its standard input if that is not empty.
    pub(super) fn command(
        &self,
        program: &OsStr,
        test: &Current,
    ) -> Result<(Command, Option<Stdio>), BoxError> {
        #[cfg(unix)]
        if let Sign::Inherits = self.sign {
            /// Moves the socket and becomes the program, whose process ID is not known before.
            const SCRIPT: &str =
                "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
            let socket = std::os::fd::OwnedFd::from(self.port(test)?.listen()?);
            let mut command = Command::new("/bin/sh");
            command.args(["-c", SCRIPT, "sh"]).arg(program);
            return Ok((command, Some(socket.into())));
        }
        let _ = test;
        Ok((Command::new(program), None))
    }

    /// The goal of the program in this test.
    pub(super) fn goal(&self, test: &Current) -> Result<Goal, BoxError> {
        Ok(match &self.sign {
            Sign::Listens => Goal::Listen(self.port(test)?.number()),
            Sign::Prints(line) => Goal::Print(line.clone()),
            Sign::Creates(path) if path.is_absolute() => Goal::Create(path.clone()),
            Sign::Creates(path) => Goal::Create(test.tmpdir().join(path)),
            Sign::Answers(path) => Goal::Answer(self.port(test)?.number(), path.clone()),
            #[cfg(unix)]
            Sign::Inherits => Goal::Start,
        })
    }
}

/// The condition under which a program in one test is ready. `Display` fits after "did not".
pub(super) enum Goal {
    Listen(u16),
    Print(String),
    Create(PathBuf),
    Answer(u16, String),
    #[cfg_attr(not(unix), expect(dead_code, reason = "sockets are inherited on Unix"))]
    Start,
}

impl Goal {
    /// Whether a program has reached the goal. [`Goal::Print`] is decided elsewhere, by the thread that
    /// reads the output.
    pub(super) fn is_reached(&self, program: &Supervised) -> bool {
        match self {
            Goal::Listen(port) => is_served_by(program.id(), program.root(), *port),
            Goal::Print(_) => false,
            Goal::Create(path) => path.symlink_metadata().is_ok(),
            Goal::Answer(port, path) => is_answered(*port, path).unwrap_or(false),
            Goal::Start => true,
        }
    }

    /// Whether the goal stays reached when the program ends.
    pub(super) fn outlasts_the_program(&self) -> bool {
        !matches!(self, Goal::Listen(_) | Goal::Answer(..))
    }
}

/// Whether a server answers the request for a path with a status below 500.
fn is_answered(port: u16, path: &str) -> io::Result<bool> {
    /// How long the server may take to connect, and to send anything, before the next request.
    const PATIENCE: Duration = Duration::from_secs(2);
    /// The number of bytes that are read of an answer, so that the server sees no broken connection.
    const MOST: u64 = 64 * 1024;

    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = BufReader::new(stream).take(MOST);
    let mut line = Vec::new();
    answer.read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let status = line.strip_prefix("HTTP/1.").and_then(|line| {
        let (_, rest) = line.split_once(' ')?;
        rest.get(..3)?.parse::<u16>().ok()
    });
    let _ = io::copy(&mut answer, &mut io::sink());
    Ok(status.is_some_and(|status| status < 500))
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Listen(port) => write!(formatter, "listen on port {port}"),
            Goal::Print(text) => write!(formatter, "print `{text}`"),
            Goal::Create(path) => write!(formatter, "create `{}`", path.display()),
            Goal::Answer(port, path) => write!(formatter, "answer `GET {path}` on port {port}"),
            Goal::Start => formatter.write_str("start"),
        }
    }
}
