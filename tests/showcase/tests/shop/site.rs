//! The static site of the shop, served by a child process: `python3 -m http.server`.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::shop::client;

/// The child process. Dropping it kills the process.
#[must_use = "the site goes down when it is dropped"]
pub(crate) struct Site(Child);

impl Site {
    /// Serves `folder` on `port`. Without Python, prints that nothing was tested and returns
    /// `None`.
    pub(crate) fn serve(folder: &Path, port: u16) -> io::Result<Option<Self>> {
        let child = Command::new("python3")
            .args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"])
            .arg(folder)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => {
                let site = Self(child);
                client::wait_until_ready(format!("127.0.0.1:{port}"));
                Ok(Some(site))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                eprintln!("nothing tested: `python3` is not installed");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
