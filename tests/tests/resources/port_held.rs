//! `port`: nobody else gets the number while the test lives, and anybody may get it afterwards.

#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use isolated_test::{Port, isolated};
use isolated_test_tests::{Running, State, plain};

mod inner {
    use std::sync::Mutex;

    use isolated_test::{Port, isolated};
    use isolated_test_tests::{listen, say};

    pub(super) static LEFT: Mutex<Option<Port>> = Mutex::new(None);

    fn hold(ports: &[Port]) {
        let numbers: Vec<_> = ports.iter().map(ToString::to_string).collect();
        say(&format!("numbers {}", numbers.join(" ")));
        listen("end");
    }

    #[isolated(port(count = 64))]
    #[test]
    #[ignore = "started by another test"]
    fn holds_many(port: &[Port]) {
        hold(port);
    }

    #[isolated(port(udp, count = 64))]
    #[test]
    #[ignore = "started by another test"]
    fn holds_many_for_udp(port: &[Port]) {
        hold(port);
    }

    #[isolated(port(tcp, udp, count = 64))]
    #[test]
    #[ignore = "started by another test"]
    fn holds_many_for_both(port: &[Port]) {
        hold(port);
    }

    #[isolated(tcp = port, udp = port(udp), both = port(tcp, udp))]
    #[test]
    #[ignore = "started by another test"]
    fn holds_one_of_each(tcp: Port, udp: Port, both: Port) {
        hold(&[tcp, udp, both]);
    }

    #[isolated(port)]
    #[test]
    #[ignore = "called by another test"]
    pub(super) fn leaves_its_handle(port: Port) {
        *LEFT.lock().unwrap() = Some(port);
    }
}

fn numbers(inner: &mut Running) -> Vec<u16> {
    inner
        .hear("numbers")
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect()
}

/// Starts processes that hold ports. Returns them with all numbers, which must differ.
fn start(state: &State, test: &str, processes: usize) -> (Vec<Running>, HashSet<u16>) {
    let mut running: Vec<_> = (0..processes).map(|_| state.inner(test).start()).collect();
    let lists: Vec<_> = running.iter_mut().map(numbers).collect();
    let all: HashSet<u16> = lists.iter().flatten().copied().collect();
    assert_eq!(
        all.len(),
        lists.iter().map(Vec::len).sum::<usize>(),
        "no number is given twice"
    );
    (running, all)
}

fn end(running: Vec<Running>) {
    for mut inner in running {
        inner.tell("end");
        let _ = inner.finish().passed();
    }
}

/// Returns the range from which the kernel assigns ports.
fn ephemeral() -> std::ops::RangeInclusive<u16> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let mut numbers = text
        .split_whitespace()
        .map(|number| number.parse().unwrap());
    numbers.next().unwrap()..=numbers.next().unwrap()
}

#[test]
fn eight_processes_never_get_the_same_tcp_number() {
    let state = State::new();
    let (running, numbers) = start(&state, "holds_many", 8);
    for number in &numbers {
        plain::listen(*number).unwrap_err();
    }
    end(running);
}

#[test]
fn eight_processes_never_get_the_same_udp_number() {
    let state = State::new();
    let (running, numbers) = start(&state, "holds_many_for_udp", 8);
    let others = ephemeral();
    for number in &numbers {
        assert!(
            !others.contains(number),
            "the kernel may give {number} to anybody"
        );
    }
    end(running);
}

#[test]
fn processes_that_want_different_protocols_never_get_the_same_number() {
    let state = State::new();
    let (udp, numbers) = start(&state, "holds_many_for_udp", 3);
    let (both, others) = start(&state, "holds_many_for_both", 3);
    assert!(numbers.is_disjoint(&others));
    end(udp);
    end(both);
}

#[test]
fn no_stranger_is_given_a_held_number() {
    let state = State::new();
    let (running, held) = start(&state, "holds_many", 4);
    let check = |number: u16, who: &str| assert!(!held.contains(&number), "{who} got {number}");
    for address in ["127.0.0.1", "127.0.0.9", "0.0.0.0", "[::1]", "[::]"] {
        for _ in 0..2_000 {
            // On a machine without IPv6, there are two strangers fewer.
            let Ok(tcp) = TcpListener::bind(format!("{address}:0")) else {
                break;
            };
            check(tcp.local_addr().unwrap().port(), address);
        }
    }
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    for _ in 0..2_000 {
        let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        check(
            client.local_addr().unwrap().port(),
            "an outgoing connection",
        );
        drop(server.accept().unwrap());
    }
    end(running);
}

#[test]
fn no_stranger_is_given_a_udp_number() {
    let state = State::new();
    let (running, held) = start(&state, "holds_many_for_both", 2);
    for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        for _ in 0..2_000 {
            let Ok(udp) = UdpSocket::bind(address) else {
                break;
            };
            assert!(
                !held.contains(&udp.local_addr().unwrap().port()),
                "{address}"
            );
        }
    }
    end(running);
}

#[test]
fn a_number_is_free_after_the_test() {
    let state = State::new();
    let (running, numbers) = start(&state, "holds_one_of_each", 1);
    for number in &numbers {
        plain::listen(*number).unwrap_err();
    }
    end(running);
    for number in numbers {
        drop(plain::listen_when_free(number));
        plain::bind_udp(number).unwrap();
    }
}

#[test]
fn a_number_is_free_after_a_kill() {
    let state = State::new();
    let (mut running, numbers) = start(&state, "holds_one_of_each", 1);
    running[0].kill();
    for number in numbers {
        drop(plain::listen_when_free(number));
        plain::bind_udp(number).unwrap();
    }
}

#[test]
fn a_handle_that_outlives_the_test_holds_nothing() {
    inner::leaves_its_handle();
    let port = inner::LEFT
        .lock()
        .unwrap()
        .take()
        .expect("the handle that was left");
    let _server = plain::listen_when_free(port.number());
    assert_eq!(port.release(), port.number());
    assert!(
        TcpStream::connect(port.addr()).is_ok(),
        "releasing it again takes nothing away"
    );
}

static CHILD: Mutex<Option<(std::process::Child, u16)>> = Mutex::new(None);

#[isolated(port)]
#[test]
#[ignore = "called by another test"]
fn leaves_a_child(port: &Port) {
    let child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    *CHILD.lock().unwrap_or_else(PoisonError::into_inner) = Some((child, port.number()));
}

#[test]
fn a_child_inherits_nothing_of_the_hold() {
    leaves_a_child();
    let (mut child, number) = CHILD
        .lock()
        .unwrap()
        .take()
        .expect("the child that was left");
    assert!(child.try_wait().unwrap().is_none(), "it lives");
    drop(plain::listen_when_free(number));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[isolated(port(udp), test_attribute = "called by a test")]
fn binds_its_udp_port(port: std::net::UdpSocket) {
    drop(port);
}

#[test]
fn forks_of_other_threads_are_not_in_the_way_of_udp_ports() {
    let end = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(std::sync::atomic::Ordering::Relaxed) {
                plain::fork_and_exit().unwrap();
            }
        });
        let result = std::panic::catch_unwind(|| (0..300).for_each(|_| binds_its_udp_port()));
        end.store(true, std::sync::atomic::Ordering::Relaxed);
        result.unwrap();
    });
}
