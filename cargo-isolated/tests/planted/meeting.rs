//! Lets tests of different processes meet. Compiled into planted packages, which know the directory
//! of their sockets as `PLANTED`.

use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The time that a test stays for others. Even on a busy machine, another process nearly always starts in
/// less. If it does not, the tests miss each other. The commands under test allow for that, because they
/// run such tests again and again.
const BOUND: Duration = Duration::from_millis(150);

/// A socket that other tests find by the name of its test.
struct Place {
    path: PathBuf,
    socket: UnixDatagram,
    end: Instant,
}

impl Place {
    fn new(name: &str) -> Self {
        // Relative paths, because those of sockets must be short.
        std::env::set_current_dir(std::env::var_os("PLANTED").unwrap()).unwrap();
        let path = PathBuf::from(format!("{name}.{}", std::process::id()));
        let socket = UnixDatagram::bind(&path).unwrap();
        let end = Instant::now() + BOUND;
        Place { path, socket, end }
    }

    /// Sends to all tests of a name, and returns whether there is one.
    fn send(&self, message: &str, name: &str) -> bool {
        let files = fs::read_dir(".").unwrap().map(|file| file.unwrap().file_name());
        let files = files.filter(|file| {
            let file = file.to_string_lossy();
            file.split('.').next() == Some(name) && *file != *self.path.to_string_lossy()
        });
        // The socket of a test that was killed refuses messages.
        files.filter(|file| self.socket.send_to(message.as_bytes(), file).is_ok()).count() > 0
    }

    /// Waits for a message until the bound.
    fn receive(&self) -> Option<String> {
        let left = self.end.checked_duration_since(Instant::now())?;
        self.socket.set_read_timeout(Some(left.max(Duration::from_micros(1)))).unwrap();
        let mut bytes = [0; 16];
        match self.socket.recv(&mut bytes) {
            Ok(count) => Some(String::from_utf8_lossy(&bytes[..count]).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Stays until a visitor has met this host, but not longer than the bound.
pub fn host(name: &str) {
    let place = Place::new(name);
    place.send(name, "visitor");
    while place.receive().is_some_and(|message| message != "met") {}
}

/// Whether hosts of all these names are there at the same time, before the bound.
pub fn meets(names: &[&str]) -> bool {
    let place = Place::new("visitor");
    let mut missing: Vec<_> = names.iter().copied().filter(|name| !place.send("hello", name)).collect();
    while !missing.is_empty() {
        let Some(host) = place.receive() else { return false };
        missing.retain(|name| *name != host);
    }
    for name in names {
        place.send("met", name);
    }
    true
}
