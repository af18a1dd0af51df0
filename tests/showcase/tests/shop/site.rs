//! The static site of the shop, served by a child process: `python3 -m http.server`.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The child process. Dropping it kills the process.
#[must_use = "the site goes down when it is dropped"]
pub(crate) struct Site(Child);

impl Site {
    /// Serves `folder` on `port`, and waits until it listens. Without Python, prints that nothing was
    /// tested and returns `None`.
    pub(crate) fn serve(folder: &Path, port: u16) -> io::Result<Option<Self>> {
        let mut python = Command::new("python3");
        arguments(&mut python, folder, port);
        python.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = match python.stderr(Stdio::null()).spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                eprintln!("nothing tested: `python3` is not installed");
                return Ok(None);
            }
            child => child?,
        };
        let output = child.stdout.take().expect("it is piped");
        // The only line, or the end if another program has the port.
        BufReader::new(output).read_line(&mut String::new())?;
        Ok(Some(Self(child)))
    }
}

/// Serves `folder` on `port`, and prints a line, unbuffered, when it listens.
pub(crate) fn arguments(python: &mut Command, folder: &Path, port: u16) {
    python
        .args(["-u", "-m", "http.server"])
        .args(["--bind", "127.0.0.1", "--directory"])
        .arg(folder)
        .arg(port.to_string());
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
