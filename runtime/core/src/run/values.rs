//! Ports and directories outside of the attribute: in helpers, fixtures, build scripts and programs.

use std::path::Path;

use crate::error::Error;
use crate::lock::{Mode, Subject, Want};
use crate::report;
use crate::resource::port::Port;
use crate::resource::request::Protocol;
use crate::resource::tmpdir::TmpDir;
use crate::run::context::{name_of_caller, try_current};
use crate::run::guard::{guard_of, try_guard_of};

impl Port {
    /// Reserves a free TCP port until the last clone of it is dropped.
    ///
    /// Needs no attribute and no test. [`builder`](Port::builder) reserves other ports.
    ///
    /// # Errors
    ///
    /// Fails when the system has no free port, and outside of Linux when the state directory cannot
    /// be used.
    ///
    /// # Examples
    ///
    /// ```
    /// use isolated_test::Port;
    ///
    /// fn start() -> std::io::Result<(Port, std::net::TcpListener)> {
    ///     let port = Port::reserve().map_err(std::io::Error::other)?;
    ///     let server = port.listen()?;
    ///     Ok((port, server))
    /// }
    /// # assert!(start().is_ok());
    /// ```
    #[track_caller]
    pub fn reserve() -> Result<Port, Error> {
        Port::builder().reserve()
    }

    /// Chooses what to reserve: by default one free TCP port.
    pub fn builder() -> PortBuilder {
        PortBuilder {
            protocol: Protocol::Tcp,
            number: None,
        }
    }
}

/// Reserves ports that are not simply a free TCP port; see [`Port::builder`].
///
/// # Examples
///
/// ```
/// use isolated_test::Port;
///
/// let dns = Port::builder().udp().reserve()?;
/// let nodes: [Port; 3] = Port::builder().reserve_many()?;
/// assert_ne!(nodes[0].number(), nodes[1].number());
/// # drop(dns);
/// # Ok::<(), isolated_test::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is reserved yet"]
pub struct PortBuilder {
    protocol: Protocol,
    number: Option<u16>,
}

impl PortBuilder {
    /// Reserves for UDP instead of TCP.
    pub fn udp(mut self) -> Self {
        self.protocol = Protocol::Udp;
        self
    }

    /// Reserves for TCP and UDP on one number.
    pub fn tcp_and_udp(mut self) -> Self {
        self.protocol = Protocol::Both;
        self
    }

    /// Asks for this number instead of any free one.
    ///
    /// [`reserve`](PortBuilder::reserve) waits for it, as `port(number = ...)` does, and
    /// [`try_reserve`](PortBuilder::try_reserve) does not. Other tests and holders of the number wait
    /// meanwhile, in all processes of this user.
    pub fn number(mut self, number: u16) -> Self {
        self.number = Some(number);
        self
    }

    /// Reserves one port until the last clone of it is dropped.
    ///
    /// # Errors
    ///
    /// Fails when the system has no free port. With a [`number`](PortBuilder::number), fails when
    /// somebody has it for `ISOLATED_LOCK_TIMEOUT`, and when the calling test holds it already.
    #[track_caller]
    pub fn reserve(self) -> Result<Port, Error> {
        let Some(number) = self.number else {
            return Port::reserve_free(self.protocol);
        };
        let guard = guard_of(turn(number))?;
        let name = name_of_caller();
        let port = Port::fixed(number, self.protocol, &mut |taken| {
            report::port_is_taken(&name, number, taken);
        })?;
        Ok(port.locked_by(guard))
    }

    /// Reserves one port if it is free now. Never waits.
    ///
    /// Returns `None` if anyone holds the [`number`](PortBuilder::number), including the calling test.
    /// Without a number this is [`reserve`](PortBuilder::reserve).
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used or the system refuses the number, and, without a
    /// number, when there is no free port.
    #[track_caller]
    pub fn try_reserve(self) -> Result<Option<Port>, Error> {
        let Some(number) = self.number else {
            return self.reserve().map(Some);
        };
        let Some(guard) = try_guard_of(turn(number))? else {
            return Ok(None);
        };
        let port = Port::fixed_if_free(number, self.protocol)?;
        Ok(port.map(|port| port.locked_by(guard)))
    }

    /// Reserves several free ports, all different.
    ///
    /// # Errors
    ///
    /// Fails when the system has not enough free ports.
    ///
    /// # Panics
    ///
    /// Panics if a [`number`](PortBuilder::number) was chosen, because only one port can have it.
    #[track_caller]
    pub fn reserve_many<const N: usize>(self) -> Result<[Port; N], Error> {
        assert!(
            self.number.is_none(),
            "several ports cannot have one number; reserve each with its own"
        );
        let mut ports = Vec::with_capacity(N);
        for _ in 0..N {
            ports.push(Port::reserve_free(self.protocol)?);
        }
        Ok(ports
            .try_into()
            .unwrap_or_else(|_| unreachable!("`N` ports were reserved")))
    }
}

/// The lock that serializes the users of one port number.
fn turn(number: u16) -> Want {
    Want {
        subject: Subject::Port(number),
        mode: Mode::Exclusive,
    }
}

impl TmpDir {
    /// Creates a temporary directory.
    ///
    /// While a test is [`current`](crate::current), the directory belongs to it: it lives until the
    /// test ends, and is kept and printed if the test fails (`ISOLATED_KEEP` changes this). Anywhere
    /// else it is removed when the last clone is dropped.
    ///
    /// # When the process dies
    ///
    /// As with the argument `tmpdir`, another process removes the directory when it begins its first
    /// isolated test. So a directory that the subprocess of a test has created is kept only if that
    /// process lives to the end of the body.
    ///
    /// # Errors
    ///
    /// Fails when the state directory cannot be used or is full.
    ///
    /// # Examples
    ///
    /// ```
    /// use isolated_test::TmpDir;
    ///
    /// fn store() -> std::io::Result<TmpDir> {
    ///     let dir = TmpDir::new().map_err(std::io::Error::other)?;
    ///     std::fs::write(dir.join("index"), "empty")?;
    ///     Ok(dir)
    /// }
    /// # let dir = store()?;
    /// # let path = dir.path().to_owned();
    /// # drop(dir);
    /// # assert!(!path.exists());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> Result<TmpDir, Error> {
        create(&[])
    }

    /// Creates a temporary directory with a copy of a file, or of the content of a directory.
    ///
    /// A relative path starts at the working directory, which for tests is the root of the package.
    /// Otherwise like [`new`](TmpDir::new).
    ///
    /// # Errors
    ///
    /// Fails in the same cases, and when the source cannot be copied.
    pub fn copy_of(source: impl AsRef<Path>) -> Result<TmpDir, Error> {
        create(&[source.as_ref()])
    }
}

fn create(from: &[&Path]) -> Result<TmpDir, Error> {
    let Some(test) = try_current() else {
        return TmpDir::create(&name_of_caller(), from, None);
    };
    let dir = TmpDir::create(test.name(), from, None)?;
    test.adopt(dir.clone());
    Ok(dir)
}
