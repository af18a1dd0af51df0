//! `current().clock()`: threads, the parent and other processes move the clock of a test.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use isolated_test::{BoxError, Current, Resource, Transfer, current, isolated};
use isolated_test_tests::attempts::{attempts, fails};

const HOUR: Duration = Duration::from_secs(3600);

mod inner {
    use super::*;
    use isolated_test_tests::say;

    #[isolated(clock(at = "2026-02-28T23:59:59Z", frozen), retries = 1, namespace)]
    #[test]
    #[ignore = "started by another test"]
    fn moves_it_and_fails_once() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        say(&format!("time {}", before.as_secs()));
        current().clock().advance(HOUR);
        assert!(!fails(), "on purpose");
    }
}

#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
#[test]
fn any_thread_moves_it_for_all() {
    let start = SystemTime::now();
    let test = current().handle();
    thread::spawn(move || test.clock().advance(HOUR))
        .join()
        .unwrap();
    assert_eq!(SystemTime::now(), start + HOUR);
    current().clock().set(UNIX_EPOCH);
    let other = thread::spawn(SystemTime::now).join().unwrap();
    assert_eq!(other, UNIX_EPOCH);
}

#[isolated(clock = "2026-02-28T23:59:59Z")]
#[test]
fn a_running_clock_goes_on_from_where_it_is_set() {
    let clock = current().clock();
    clock.set(UNIX_EPOCH + HOUR);
    let first = SystemTime::now();
    clock.advance(HOUR);
    let second = SystemTime::now();
    assert!(first >= UNIX_EPOCH + HOUR && second >= first + HOUR);
    assert!(second < first + HOUR + HOUR);
}

/// A server in the parent of the test, which moves the clock for each client.
struct Mover;

impl Resource for Mover {
    type Handle = SocketAddr;

    fn provision(&mut self, test: &Current) -> Result<SocketAddr, BoxError> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (addr, test) = (listener.local_addr()?, test.handle());
        thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            test.clock().advance(HOUR);
            client.write_all(b"!").unwrap();
        });
        Ok(addr)
    }

    fn transfer() -> Transfer<SocketAddr> {
        Transfer::as_text()
    }
}

#[isolated(mover = Mover, clock(at = "2026-02-28T23:59:59Z", frozen))]
#[test]
fn the_parent_moves_it(mover: &SocketAddr) {
    let start = SystemTime::now();
    let mut client = TcpStream::connect(mover).unwrap();
    client.read_exact(&mut [0]).unwrap();
    assert_eq!(SystemTime::now(), start + HOUR);
}

#[test]
fn each_attempt_begins_at_the_same_time() {
    let (run, recorded, _state) = attempts("moves_it_and_fails_once", "1", &[]);
    assert_eq!(recorded.len(), 2);
    // A flaky test shows what its attempts have printed.
    let text = format!("{}{}", run.output, run.errors);
    assert_eq!(text.matches("@time 1772323199\n").count(), 2, "{text}");
}
