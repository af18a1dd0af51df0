//! Time until a server answers: one that tests share, and one that a test starts.

use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use isolated_test::{BoxError, Current, Once, Resource, Service, Transfer};

use crate::spoken::{row, told};

/// The beginning of what is measured, and its end.
static TIMES: Mutex<[Option<Instant>; 2]> = Mutex::new([None; 2]);

/// The address of the shared server.
static SHARED_AT: OnceLock<SocketAddr> = OnceLock::new();

/// A server that accepts connections and closes them.
struct Server;

impl Resource for Server {
    type Handle = SocketAddr;

    fn provision(&mut self, host: &Current) -> Result<SocketAddr, BoxError> {
        let listener: TcpListener = host.port().listen()?;
        let addr = listener.local_addr()?;
        thread::spawn(move || listener.incoming().for_each(drop));
        Ok(addr)
    }

    fn transfer() -> Transfer<SocketAddr> {
        Transfer::as_text()
    }
}

const SERVER: Once<Server> = Once::new("server", || Server);

/// Begins the measurement when the resources before it are provisioned.
struct Begin;

impl Resource for Begin {
    type Handle = ();

    fn provision(&mut self, _test: &Current) -> Result<(), BoxError> {
        begin();
        Ok(())
    }
}

fn redis() -> Service {
    Service::new("redis-server").with(configure)
}

fn configure(redis: &mut Command, test: &Current) {
    redis.arg("--port").arg(test.port().number().to_string());
    redis.args(["--bind", "127.0.0.1", "--save", ""]);
    redis.current_dir(test.tmpdir());
}

mod isolated {
    use std::net::SocketAddr;
    use std::time::Duration;

    use isolated_test::{Port, current, isolated};

    use super::{Begin, SERVER, SHARED_AT, redis};

    #[isolated]
    #[test]
    pub(crate) fn shares_nothing() {
        super::connect();
    }

    #[isolated(server = SERVER)]
    #[test]
    pub(crate) fn shares(server: SocketAddr) {
        super::connect_to(server);
    }

    #[isolated(server = SERVER)]
    #[test]
    pub(crate) fn starts(server: SocketAddr) {
        let _ = SHARED_AT.set(server);
    }

    #[isolated(port, tmpdir, begin = Begin, redis = redis())]
    #[test]
    pub(crate) fn service(port: Port) {
        super::ask_redis(port.addr()).expect("the server is ready");
    }

    #[isolated(port, tmpdir)]
    #[test]
    pub(crate) fn without_pause(port: Port) {
        super::poll_redis(&current(), port.addr(), Duration::ZERO);
    }

    #[isolated(port, tmpdir)]
    #[test]
    pub(crate) fn with_pauses(port: Port) {
        super::poll_redis(&current(), port.addr(), Duration::from_millis(1));
    }
}

/// A name for the table, the name of the test, and the test.
type Method = (&'static str, &'static str, fn());

/// Each of them runs in a new process, beside a server that runs already.
const SHARED: [Method; 3] = [
    ("connect", "connect", connect),
    (
        "connect in a test",
        "isolated::shares_nothing",
        isolated::shares_nothing,
    ),
    (
        "connect in a test that shares the server",
        "isolated::shares",
        isolated::shares,
    ),
];

/// Each of them starts a server.
const STARTED: [Method; 3] = [
    (
        "connecting without a pause",
        "isolated::without_pause",
        isolated::without_pause,
    ),
    (
        "connecting every millisecond",
        "isolated::with_pauses",
        isolated::with_pauses,
    ),
    (
        "isolated-test `Service`",
        "isolated::service",
        isolated::service,
    ),
];

/// Starts the shared server, which stays for a while, and then its users.
#[test]
fn shared() {
    run("isolated::starts", isolated::starts);
    let server = SHARED_AT.get().expect("the test has got the address");
    let program = env::current_exe().expect("this program has a path");
    for round in 0..told::<usize>("ROUNDS") {
        for turn in 0..SHARED.len() {
            let ended = Command::new(&program)
                .args(["hosts::one_user", "--exact", "--nocapture"])
                .env("COMPARE_SERVER", server.to_string())
                .env(
                    "COMPARE_METHOD",
                    ((turn + round) % SHARED.len()).to_string(),
                )
                .env("COMPARE_ROUND", round.to_string())
                .stdin(Stdio::null())
                .status();
            assert!(ended.expect("this program can be started").success());
        }
    }
}

/// One user of the shared server, in this process.
#[test]
fn one_user() {
    let (method, test, call) = SHARED[told::<usize>("METHOD")];
    let _ = SHARED_AT.set(told("SERVER"));
    let micros = run(test, call).as_secs_f64() * 1e6;
    let case = "a server that is running, in a new process";
    row(case, method, told("ROUND"), format!("{micros:.1}"), "µs");
}

/// Starts a server in each round with each method.
#[test]
fn started() {
    for round in 0..told::<u32>("ROUNDS") {
        let mut order = STARTED;
        order.rotate_left(round as usize % STARTED.len());
        for (method, test, call) in order {
            let millis = run(test, call).as_secs_f64() * 1e3;
            let case = "`redis-server`, from its start to the first answer";
            row(case, method, round, format!("{millis:.2}"), "ms");
        }
    }
}

/// Runs a test in a thread with its name, and returns the time until the server answered.
fn run(test: &str, call: fn()) -> Duration {
    let thread = thread::Builder::new().name(format!("hosts::{test}"));
    let begun = thread.spawn(move || {
        begin();
        call();
    });
    let ended = begun.expect("a thread can be started").join();
    assert!(ended.is_ok(), "{test} failed");
    let [begun, ended] = *TIMES.lock().unwrap();
    let begun = begun.expect("each test begins");
    ended.unwrap_or(begun) - begun
}

fn begin() {
    *TIMES.lock().unwrap() = [Some(Instant::now()), None];
}

fn end() {
    TIMES.lock().unwrap()[1] = Some(Instant::now());
}

fn connect() {
    connect_to(*SHARED_AT.get().expect("the command knows the address"));
}

fn connect_to(server: SocketAddr) {
    TcpStream::connect(server).expect("the server is running");
    end();
}

/// Sends the first command to a server, and waits for the answer.
fn ask_redis(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    assert_eq!(&answer, b"+PONG\r\n");
    end();
    Ok(())
}

/// Starts a server and connects until it answers, with a pause after each attempt.
fn poll_redis(test: &Current, server: SocketAddr, pause: Duration) {
    let mut command = Command::new("redis-server");
    configure(&mut command, test);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    begin();
    let mut redis = command.spawn().expect("redis-server can be started");
    while ask_redis(server).is_err() {
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }
    redis.kill().expect("it is a child");
    redis.wait().expect("it is a child");
}
