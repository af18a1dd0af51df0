//! Locks through pgbouncer.

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use isolated_test::{Port, isolated};
use isolated_test_postgres::{Database, Postgres};
use isolated_test_tests::{PATIENCE, State, is_root};

use crate::server::{Machine, locks};

const NOBODY: u32 = 65534;

/// A running pgbouncer.
struct Proxy {
    child: Child,
    /// Its files. The directories of tests are closed to the user that runs it.
    _dir: tempfile::TempDir,
    url: String,
}

impl Proxy {
    /// Starts one for a database, as an ordinary user, because it refuses root. `None` if it is not
    /// installed, which this prints.
    fn start(db: &Database, port: &Port, mode: &str) -> Option<Self> {
        let program = Path::new("/usr/sbin/pgbouncer");
        if !program.exists() {
            let _ = stderr()
                .lock()
                .write_all(b"skipped: pgbouncer is not installed\n");
            return None;
        }
        let files = tempfile::tempdir().unwrap();
        let dir = files.path();
        let (host, name, number) = (db.host(), db.name(), port.number());
        let settings = format!(
            "[databases]\n{name} = host={host} port={} dbname={name} user={}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {number}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\nlogfile = {}/{mode}.log\n",
            db.port(),
            db.user(),
            dir.display()
        );
        let file = dir.join(mode);
        fs::write(&file, settings).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if is_root() {
            // It refuses root, and only root may use the socket of the server.
            std::os::unix::fs::chown(dir, Some(NOBODY), Some(NOBODY)).unwrap();
            command.args([
                &format!("--reuid={NOBODY}"),
                &format!("--regid={NOBODY}"),
                "--clear-groups",
            ]);
            command.args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]);
        }
        command
            .arg(program)
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let proxy = Proxy {
            child,
            _dir: files,
            url: format!("postgres://{}@127.0.0.1:{number}/{name}", db.user()),
        };
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(port.addr()).is_err() {
            assert!(Instant::now() < deadline, "pgbouncer does not listen");
            std::thread::yield_now();
        }
        Some(proxy)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

#[isolated(db = Postgres::empty(), port)]
#[test]
fn a_proxy_that_pools_sessions_is_as_good_as_the_server(db: &Database, port: &Port) {
    let Some(proxy) = Proxy::start(db, port, "session") else {
        return;
    };
    let (one, other) = (State::new(), State::new());
    let _gates = (one.gate("writes"), other.gate("writes"));
    let mut holder = one.using(&proxy.url, "writes").start();
    holder.hear("held");
    let mut next = other.using(&proxy.url, "writes").start();
    let line = next.hear_error("waiting for");
    assert!(line.contains("server::inner::writes (pid "), "{line}");
    // The proxy sees the end of its client, and ends its own connection or unlocks what is left there.
    holder.kill();
    next.hear("held");
    drop(proxy);
    let run = next.finish().failed();
    let why = "lost serial \"staging\" across machines while the test ran: the server has closed the connection";
    assert!(run.errors.contains(why), "{}", run.errors);
}

#[track_caller]
fn is_refused(db: &Database, port: &Port, mode: &str) {
    let Some(proxy) = Proxy::start(db, port, mode) else {
        return;
    };
    let machine = State::new();
    let run = machine.using(&proxy.url, "writes").run().failed();
    let complaint = machine.complaint(&run);
    let why = "a proxy lends the connection to the server to several clients in turns; name the server itself, or \
               let the proxy pool sessions (`pool_mode = session`)";
    assert!(complaint.ends_with(why), "{complaint}");
    assert_eq!(locks(db, "true"), [] as [String; 0]);
}

#[isolated(db = Postgres::empty(), port)]
#[test]
fn a_proxy_that_shares_connections_is_refused(db: &Database, port: &Port) {
    is_refused(db, port, "transaction");
    is_refused(db, port, "statement");
}
