//! A Unix socket at which the process that has provisioned a database serves clients.
//!
//! The host removes its directory when the lease ends, also because the process has died.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use isolated_test_postgres_wire::PORT;

/// Accepts clients until it is dropped.
pub(super) struct Socket {
    dir: PathBuf,
    is_over: Arc<AtomicBool>,
    listening: Option<thread::JoinHandle<()>>,
}

impl Socket {
    /// Serves each client in a thread. Creates the directory.
    pub(super) fn open(
        dir: &Path,
        serve: impl Fn(UnixStream) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(dir)?;
        let listener = UnixListener::bind(path(dir))?;
        let (is_over, serve) = (Arc::new(AtomicBool::new(false)), Arc::new(serve));
        let ends = is_over.clone();
        let listening = super::start(move || {
            for client in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let serve = serve.clone();
                super::accepted(client.and_then(|client| super::start(move || serve(client))));
            }
        })?;
        Ok(Socket {
            dir: dir.to_owned(),
            is_over,
            listening: Some(listening),
        })
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let woken = UnixStream::connect(path(&self.dir));
        if let (Ok(_), Some(listening)) = (woken, self.listening.take()) {
            let _ = listening.join();
        }
    }
}
