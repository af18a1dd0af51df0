//! The server, as its host has it: started there, or somewhere else already.

mod account;
mod cache;
mod cluster;
mod files;
mod programs;

use std::cell::RefCell;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use isolated_test_core::{
    BoxError, Current, Once, Outcome, Ready, Reclaim, Resource, Running, Service, Transfer,
};

use isolated_test_postgres_wire::{Address, Connection, Host, PORT};

use self::account::Account;
use self::files::Files;
pub use self::programs::Programs;
use crate::binaries::{self, Binaries, Unfound};
use crate::broker::Broker;
use crate::mounts::Mounts;

/// The variable that names a server.
pub(crate) const VARIABLE: &str = "ISOLATED_POSTGRES";

/// Which server a test needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One of our own, run by these programs.
    Own(Binaries),
    /// One that runs already.
    Existing {
        address: Address,
        /// A database to which everyone may connect.
        database: String,
    },
}

impl Wanted {
    /// Finds the server that the environment asks for, in this version. Searches once for each environment.
    pub(crate) fn find(version: Option<u32>) -> Result<Self, Unfound> {
        type Environment = (Option<u32>, [Option<OsString>; 3]);
        static FOUND: Mutex<Option<(Environment, Wanted)>> = Mutex::new(None);

        let names = [VARIABLE, binaries::VARIABLE, "PATH"];
        let environment = (version, names.map(env::var_os));
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, wanted)) = &*found {
            if *before == environment {
                return Ok(wanted.clone());
            }
        }
        let wanted = Self::search(version)?;
        *found = Some((environment, wanted.clone()));
        Ok(wanted)
    }

    fn search(version: Option<u32>) -> Result<Self, Unfound> {
        let Some(url) = env::var_os(VARIABLE).filter(|url| !url.is_empty()) else {
            return match Binaries::find(version) {
                Ok(binaries) => Ok(Wanted::Own(binaries)),
                Err(Unfound::Absent(why)) => Err(Unfound::Absent(format!(
                    "{why}, or set `{VARIABLE}` to the URL of a server"
                ))),
                Err(wrong) => Err(wrong),
            };
        };
        let url = url.to_str().ok_or("it is not UTF-8".to_owned());
        let (address, database) = url
            .and_then(Address::parse)
            .map_err(|why| format!("failed to read the URL in `{VARIABLE}`: {why}"))
            .map_err(Unfound::Wrong)?;
        Ok(Wanted::Existing {
            address,
            database: database.unwrap_or_else(|| "postgres".to_owned()),
        })
    }

    /// The server in its host, which this starts if there is none.
    pub(crate) fn shared(self) -> Once<Server> {
        const NAME: &str = "postgres";

        WANTED.set(Some(self));
        Once::new(NAME, Server::new)
            .fingerprint(fingerprint)
            .linger_after_failure(LINGER)
    }
}

/// How long a server with the database of a failed test waits for someone to look at it.
const LINGER: Duration = Duration::from_secs(600);

thread_local! {
    /// The server for the functions of [`Once`], which are constants and take no arguments.
    static WANTED: RefCell<Option<Wanted>> = const { RefCell::new(None) };
}

fn wanted() -> Wanted {
    WANTED.with_borrow(|wanted| wanted.clone().expect("the caller has set it"))
}

/// Everything on which the server and the exchange with its host depend.
fn fingerprint() -> Result<String, BoxError> {
    let form = crate::broker::FORM;
    Ok(match wanted() {
        Wanted::Own(binaries) => {
            let metadata = fs::metadata(binaries.program("postgres"))?;
            let dir = binaries.dir().display();
            format!("{form}\n{dir}\n{} {}", metadata.mtime(), metadata.len())
        }
        Wanted::Existing { address, database } => format!("{form}\n{}", address.url(&database)),
    })
}

/// The server, in its host.
pub(crate) struct Server {
    wanted: Wanted,
    own: Option<Own>,
    broker: Option<Broker>,
}

/// A server that this process has started.
struct Own {
    service: Service,
    files: Files,
    /// Until the broker has it.
    mounts: Option<Mounts>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    fn new() -> Self {
        Server {
            wanted: wanted(),
            own: None,
            broker: None,
        }
    }

    fn start(&mut self, binaries: &Binaries, host: &Current) -> Result<Address, BoxError> {
        let files = Files::create(host)?;
        let (service, running, mounts) = match start(binaries, &files, host) {
            Ok(started) => started,
            Err(error) => {
                let _ = files.remove();
                return Err(error);
            }
        };
        let own = self.own.insert(Own {
            service,
            files,
            mounts,
            is_over: Arc::default(),
        });
        own.files.close_socket()?;
        let is_over = own.is_over.clone();
        // Exit at once. A backend that is creating or dropping a database does not notice that the
        // postmaster is gone: it retries its checkpoint request for 60 s, and `broker.stop` would wait for it.
        thread::spawn(move || {
            let ended = running.wait();
            if !is_over.load(Ordering::SeqCst) {
                // The next test starts another host, and removes what this one leaves.
                eprintln!("isolated-test-postgres: the server has ended: {ended:?}");
                exit(1);
            }
        });
        Ok(Address {
            host: Host::Socket(own.files.sockets()),
            port: PORT,
            user: cluster::SUPERUSER.to_owned(),
            password: None,
            parameters: Vec::new(),
        })
    }

    /// Starts the server, unless it runs, and the broker.
    fn provide(&mut self, host: &Current) -> Result<String, BoxError> {
        let (address, database, prefix) = match self.wanted.clone() {
            Wanted::Own(binaries) => {
                let address = self.start(&binaries, host)?;
                (address, "postgres".to_owned(), String::new())
            }
            Wanted::Existing { address, database } => {
                let prefix = format!("{PREFIX}{}_", host.namespace());
                let text = format!("{prefix} {}", address.url(&database));
                host.reclaim_after_crash::<Databases>(&text)?;
                (address, database, prefix)
            }
        };
        let socket = match &self.own {
            Some(own) => own.files.broker(),
            None => host.tmpdir().join("host"),
        };
        let data = self.own.as_ref().map(|own| own.files.data());
        let mounts = self.own.as_mut().and_then(|own| own.mounts.take());
        let broker = Broker::start(address, database, prefix, &socket, data, mounts)?;
        self.broker = Some(broker);
        let path = socket
            .to_str()
            .ok_or("the path of the socket is not UTF-8")?;
        Ok(path.to_owned())
    }
}

/// Starts a server on fresh data.
fn start(
    binaries: &Binaries,
    files: &Files,
    host: &Current,
) -> Result<(Service, Running, Option<Mounts>), BoxError> {
    cluster::create(binaries, files)?;
    #[cfg(target_os = "linux")]
    let (mounter, end) = UnixStream::pair()?;
    let (data, sockets) = (files.data(), files.sockets());
    let (account, root) = (files.account, files.root().to_owned());
    // Others may refuse the setting and not start, so a number in the path is not proof enough.
    let has_check = cfg!(target_os = "linux") && binaries.reported_version() >= Some(14);
    let set_up = move |command: &mut Command, _: &Current| {
        configure(command, &data, account);
        command.current_dir(root);
        let mut dir = OsString::from("unix_socket_directories=");
        dir.push(sockets);
        command.arg("-c").arg(dir);
        // Until the socket belongs to root, nobody can connect.
        let mode = if account.is_some() { "0000" } else { "0700" };
        command.args(["-c", &format!("unix_socket_permissions={mode}")]);
        #[cfg(target_os = "linux")]
        crate::mounts::around(command, end);
        if has_check {
            // Else a session that waits for a checkpoint may outlive the server and its host by a minute.
            command.args(["-c", "client_connection_check_interval=1s"]);
        }
    };
    let mut service = Service::new(binaries.program("postgres"))
        .with(set_up)
        .ready(Ready::prints(Programs::READY))
        // Sessions that tests have left open would delay it, and the data are thrown away.
        .grace(Duration::from_millis(200));
    let running = service.provision(host)?;
    #[cfg(target_os = "linux")]
    let mounts = Mounts::of(mounter);
    #[cfg(not(target_os = "linux"))]
    let mounts = None;
    Ok((service, running, mounts))
}

/// Lets `postgres` work on these data with the settings for tests, as this account.
fn configure(command: &mut Command, data: &Path, account: Option<Account>) {
    command.arg("-D").arg(data);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    if let Some(account) = account {
        account.act(command);
    }
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
}

/// Settings for tests: no data has to survive a crash, and no background work may interfere.
const SETTINGS: [&str; 17] = [
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=1GB",
    "checkpoint_timeout=1d",
    // A worker in a database would be in the way of its copy.
    "autovacuum=off",
    "max_connections=500",
    // Else a killed server leaves segments in `/dev/shm`.
    "dynamic_shared_memory_type=mmap",
    "logging_collector=off",
    "log_destination=stderr",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
    "lc_messages=C",
];

impl Resource for Server {
    /// The path of the socket of the host.
    type Handle = String;

    fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
        let provided = self.provide(host);
        if provided.is_err() {
            // The server may have ended at once.
            let _ = self.release(Outcome::Failed);
        }
        provided
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        if let Some(broker) = self.broker.take() {
            broker.stop(self.own.is_none());
        }
        if let Some(mut own) = self.own.take() {
            own.is_over.store(true, Ordering::SeqCst);
            let ended = own.service.release(outcome);
            if let Err(error) = own.files.remove() {
                // A process of a killed server still writes. The record of the host stays, so the next
                // test with a database removes them.
                eprintln!("isolated-test-postgres: failed to remove the data: {error}");
                exit(1);
            }
            ended?;
        }
        Ok(())
    }

    fn transfer() -> Transfer<String> {
        Transfer::as_text()
    }
}

/// The beginning of the names of all databases on a server that is not ours.
const PREFIX: &str = "isolated_";

/// The databases of a host on a server that is not ours.
struct Databases;

impl Reclaim for Databases {
    const KIND: &'static str = "isolated-postgres-databases";

    fn reclaim(text: &str) -> Result<(), BoxError> {
        let (prefix, url) = text.split_once(' ').ok_or("the text has no URL")?;
        if !prefix.starts_with(PREFIX) || prefix.len() <= PREFIX.len() {
            return Err("the databases are not ours".into());
        }
        let (address, database) = Address::parse(url)?;
        let database = database.ok_or("the URL has no database")?;
        let mut connection = Connection::open(&address, &database)?;
        crate::broker::outlive_sessions(&mut connection, prefix)?;
        crate::broker::drop_all(&mut connection, prefix)?;
        Ok(())
    }
}
