//! A resource for inner tests to share, and how outer tests see its host.

use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;

use isolated_test::{BoxError, Current, Once, Outcome, Resource, Transfer, current};
use isolated_test_tests::processes::{is_alive, lock};
pub(crate) use isolated_test_tests::processes::{parent, session};
use isolated_test_tests::{Inner, Running, State, say};

/// A server that writes into the file `log` of the directory `SCRATCH` when it starts and ends, and has
/// a child that does not end by itself.
pub(crate) struct Api {
    child: Option<Child>,
}

impl Api {
    pub(crate) fn new() -> Self {
        Api { child: None }
    }
}

pub(crate) const API: Once<Api> = Once::new("api", Api::new);

/// The directory that inner tests of one outer test have in common.
pub(crate) fn scratch() -> PathBuf {
    std::env::var_os("SCRATCH")
        .expect("set by the outer test")
        .into()
}

/// Adds a word to the log of what has happened.
pub(crate) fn log(word: &str) {
    let mut options = File::options();
    let file = options
        .create(true)
        .append(true)
        .open(scratch().join("log"));
    file.unwrap()
        .write_all(format!("{word}\n").as_bytes())
        .unwrap();
}

impl Resource for Api {
    type Handle = String;

    fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
        log("start");
        println!("the host prints");
        if let Some(how) = std::env::var_os("BREAK") {
            match how.to_str().unwrap() {
                "fail" => return Err("the disk is on fire".into()),
                "panic" => panic!("the disk has exploded"),
                "exit" => std::process::exit(3),
                gate => {
                    // Opening one end of a pipe waits for the other.
                    File::open(gate)?;
                }
            }
        }
        self.child = Some(Command::new("sleep").arg("1000").spawn()?);
        fs::write(host.tmpdir().join("file"), host.namespace().as_str())?;
        let listener = host.port().listen()?;
        let address = listener.local_addr()?;
        thread::spawn(move || answer(&listener));
        Ok(address.to_string())
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        assert_eq!(outcome, Outcome::Passed);
        log("end");
        if let Some(gate) = std::env::var_os("BREAK_RELEASE") {
            File::open(gate)?;
        }
        Ok(())
    }

    fn transfer() -> Transfer<String> {
        Transfer::as_text()
    }
}

pub(crate) fn answer(listener: &TcpListener) {
    for stream in listener.incoming() {
        let _ = stream
            .unwrap()
            .write_all(format!("{}", std::process::id()).as_bytes());
    }
}

/// Asks a server for its process ID.
pub(crate) fn ask(api: &str) -> u32 {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(api).unwrap();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    answer.parse().unwrap()
}

/// Tells the outer test which process serves.
pub(crate) fn tell(api: &str) {
    say(&format!("served {}", ask(api)));
    assert!(current().name().contains("inner"));
}

mod inner {
    use isolated_test::isolated;
    use isolated_test_tests::hold;

    use super::{API, tell};

    #[isolated(api = API)]
    #[test]
    #[ignore = "started by another test"]
    fn uses(api: &str) {
        tell(api);
        hold();
    }
}

/// Methods of outer tests for hosts.
pub(crate) trait Hosts {
    /// An inner test in this state directory, with a short time to linger.
    fn user(&self, test: &str) -> Inner<'_>;
    /// An inner test of this file that uses [`API`] until it is told to end.
    fn user_of_api(&self) -> Inner<'_>;
    /// The same as [`user`](Hosts::user) in another program that contains the test.
    fn user_of(&self, program: &Path, test: &str) -> Inner<'_>;
    /// The log of all resources.
    fn happened(&self) -> String;
    /// The directories of hosts.
    fn host_dirs(&self) -> Vec<PathBuf>;
    /// Waits until all hosts and their supervisors have ended.
    fn wait_for_the_end(&self);
}

impl Hosts for State {
    #[track_caller]
    fn user(&self, test: &str) -> Inner<'_> {
        self.user_of(&std::env::current_exe().unwrap(), test)
    }

    fn user_of_api(&self) -> Inner<'_> {
        self.user("uses")
    }

    #[track_caller]
    fn user_of(&self, program: &Path, test: &str) -> Inner<'_> {
        let inner = self.inner_of(program, test);
        let inner = inner.env("SCRATCH", self.scratch());
        inner.env("ISOLATED_LINGER", "50ms")
    }

    fn happened(&self) -> String {
        let log = fs::read_to_string(self.scratch().join("log")).unwrap_or_default();
        log.trim_end().replace('\n', " ")
    }

    fn host_dirs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("hosts"))
            .into_iter()
            .flatten();
        let mut dirs: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        dirs.sort();
        dirs
    }

    fn wait_for_the_end(&self) {
        for dir in self.host_dirs() {
            // A host that ends well removes its directory.
            if let Ok(life) = File::open(dir.join("life")) {
                lock(&life);
            }
        }
        while self
            .processes()
            .iter()
            .any(|(_, name)| name == "isolated-guard")
        {
            thread::yield_now();
        }
    }
}

/// Sends a signal, which is written as for `kill`: `-TERM`.
pub(crate) fn signal(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Hears which process serves an inner test.
pub(crate) fn server_of(user: &mut Running) -> u32 {
    user.hear("served").parse().unwrap()
}

/// Makes a pipe on which a host waits until somebody opens it for writing.
pub(crate) fn gate(state: &State) -> PathBuf {
    let gate = state.scratch().join("gate");
    assert!(
        Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    gate
}

/// Lets a host pass that waits on a pipe. Waits until it is there.
pub(crate) fn open(gate: &Path) {
    File::options().write(true).open(gate).unwrap();
}

/// Waits until a process has ended.
pub(crate) fn wait_for(pid: u32) {
    while is_alive(pid) {
        std::thread::yield_now();
    }
}

/// Whether a test waits in another thread for a lock of a host.
pub(crate) fn waits(test: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{test}/task")).into_iter();
    let mut names = threads
        .flatten()
        .flatten()
        .map(|thread| fs::read_to_string(thread.path().join("comm")).unwrap_or_default());
    // The kernel cuts names.
    names.any(|name| name.starts_with("isolated-test-l"))
}
