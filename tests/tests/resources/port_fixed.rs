//! `port(number = ...)`: tests that insist on one number take turns, also with other programs.

#![cfg(target_os = "linux")]

use std::net::TcpListener;

use isolated_test::isolated;
use isolated_test_tests::{State, without_digits};

/// One number for each test here, below those that the kernel and `port` choose. Copies of this
/// suite share them, so the tests take turns.
mod number {
    pub(super) const TURNS: u16 = 18_471;
    pub(super) const FOREIGN: u16 = 18_472;
    pub(super) const CLOSED: u16 = 18_473;
    pub(super) const OWN_NETWORK: u16 = 18_474;
    pub(super) const SUBPROCESS: u16 = 18_475;
    pub(super) const UDP: u16 = 18_476;
}

mod inner {
    use std::io::Read;
    use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

    use isolated_test::{Port, isolated};
    use isolated_test_tests::hold;

    use super::number;

    #[isolated(port(number = number::TURNS))]
    #[test]
    #[ignore = "started by another test"]
    fn serves(port: TcpListener) {
        assert_eq!(port.local_addr().unwrap().port(), number::TURNS);
        hold();
    }

    #[isolated(port(number = 18472))]
    #[test]
    #[ignore = "started by another test"]
    fn waits_for_a_program(port: TcpListener) {
        assert_eq!(port.local_addr().unwrap().port(), number::FOREIGN);
        hold();
    }

    /// The server closes first, so the number stays in `TIME_WAIT` for a minute.
    #[isolated(port(number = number::CLOSED))]
    #[test]
    #[ignore = "started by another test"]
    fn closes_a_connection(port: TcpListener) {
        let mut client = TcpStream::connect(port.local_addr().unwrap()).unwrap();
        drop(port.accept().unwrap());
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }

    #[isolated(network, port(number = number::OWN_NETWORK))]
    #[test]
    #[ignore = "started by another test"]
    fn has_its_own_network(port: TcpListener) {
        drop(port);
    }

    #[isolated(process, port(number = number::SUBPROCESS))]
    #[test]
    #[ignore = "started by another test"]
    fn serves_in_a_subprocess(port: SocketAddr) {
        assert_eq!(port.port(), number::SUBPROCESS);
        drop(TcpListener::bind(port).unwrap());
    }

    #[isolated(port(udp, number = number::UDP))]
    #[test]
    #[ignore = "started by another test"]
    fn answers(port: &Port) {
        let _server = UdpSocket::bind(port.addr()).unwrap();
        hold();
    }
}

#[isolated(serial = "port 18471")]
#[test]
fn tests_with_one_number_take_turns() {
    let state = State::new();
    let first = state.holding("serves");
    let mut second = state.inner("serves").start();
    let line = second.hear_error("waiting for");
    let who = "isolated-test: resources::port_fixed::inner::serves: waiting for port 18471, held by \
               resources::port_fixed::inner::serves (pid ";
    assert!(line.starts_with(who), "{line}");
    assert!(!second.has_said("held"));
    first.release();
    second.hear("held");
    second.release();
}

#[isolated(serial = "port 18472")]
#[test]
fn a_program_that_listens_is_waited_for_and_named() {
    let state = State::new();
    let server = TcpListener::bind(("127.0.0.1", number::FOREIGN)).unwrap();
    let mut test = state
        .inner("waits_for_a_program")
        .env("ISOLATED_WAIT_NOTICE", "50ms")
        .start();
    let line = test.hear_error("waiting for");
    let taken = format!(
        "isolated-test: resources::port_fixed::inner::waits_for_a_program: waiting for port 18472, taken \
         by {} (pid {})",
        own_name(),
        std::process::id()
    );
    assert_eq!(line.trim_end(), taken);
    assert!(!test.has_said("held"));
    drop(server);
    test.hear("held");
    test.release();
}

#[isolated(serial = "port 18472")]
#[test]
fn a_program_that_never_ends_is_given_up() {
    let state = State::new();
    let _server = TcpListener::bind(("::", number::FOREIGN)).unwrap();
    let test = state
        .inner("waits_for_a_program")
        .env("ISOLATED_LOCK_TIMEOUT", "200ms")
        .run()
        .failed();
    let line = format!(
        "isolated-test: resources::port_fixed::inner::waits_for_a_program: timed out after 200ms waiting \
         for port 18472: taken by {} (pid 0)\n",
        own_name()
    );
    let errors = without_digits(&test.errors, "(pid ", "0");
    assert!(errors.contains(&line), "{errors}");
}

/// The name of this process, as the kernel cuts it.
fn own_name() -> String {
    let name = std::fs::read_to_string("/proc/self/comm").unwrap();
    name.trim_end().to_owned()
}

#[isolated(serial = "port 18473")]
#[test]
fn closed_connections_of_earlier_tests_are_not_in_the_way() {
    let state = State::new();
    for _ in 0..3 {
        let test = state
            .inner("closes_a_connection")
            .env("ISOLATED_LOCK_TIMEOUT", "10s");
        let _ = test.run().passed();
    }
}

#[isolated(serial = "port 18474")]
#[test]
fn in_its_own_network_a_number_is_free() {
    let state = State::new();
    let _server = TcpListener::bind(("127.0.0.1", number::OWN_NETWORK)).unwrap();
    let test = state
        .inner("has_its_own_network")
        .env("ISOLATED_LOCK_TIMEOUT", "10s");
    let _ = test.run().passed();
}

#[isolated(serial = "port 18475")]
#[test]
fn a_subprocess_has_the_number() {
    let state = State::new();
    let _ = state.inner("serves_in_a_subprocess").run().passed();
}

#[isolated(serial = "port 18476")]
#[test]
fn a_number_is_held_for_udp_too() {
    let state = State::new();
    let first = state.holding("answers");
    let mut second = state.waiting("answers");
    assert!(!second.has_said("held"));
    first.release();
    second.hear("held");
    second.release();
}
