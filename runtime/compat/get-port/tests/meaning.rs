//! The promises of the README.

use std::collections::HashSet;
use std::net::{TcpListener, UdpSocket};

use get_port::tcp::TcpPort;
use get_port::udp::UdpPort;
use get_port::{Ops, Range};
use isolated_test::{Port, isolated};

#[path = "../../tests/failing.rs"]
mod failing;

const HOST: &str = "127.0.0.1";

/// Serialized with tests that start processes: between fork and exec a child holds copies of all
/// sockets.
#[isolated(serial = "sockets of the tests of get-port")]
#[test]
fn a_picked_number_is_different_each_time_and_can_be_bound() {
    let picked: Vec<u16> = (0..50).map(|_| TcpPort::any(HOST).unwrap()).collect();
    let different: HashSet<_> = picked.iter().collect();
    assert_eq!(different.len(), picked.len());
    for port in picked {
        assert!(TcpPort::is_port_available(HOST, port));
        let _server = TcpListener::bind((HOST, port)).unwrap();
        assert!(!TcpPort::is_port_available(HOST, port));
    }
    let port = UdpPort::any(HOST).unwrap();
    assert!(UdpPort::is_port_available(HOST, port));
    let _server = UdpSocket::bind((HOST, port)).unwrap();
    assert!(!UdpPort::is_port_available(HOST, port));
}

#[isolated(serial = "ports 18600 to 18603")]
#[test]
fn the_first_free_number_of_a_range_is_picked() {
    let range = || Range {
        min: 18_600,
        max: 18_603,
    };
    let _taken = TcpListener::bind((HOST, 18_600)).unwrap();
    assert_eq!(
        TcpPort::in_range_except(HOST, range(), vec![18_601]),
        Some(18_602)
    );
    assert_eq!(TcpPort::in_range(HOST, range()), Some(18_601));
    assert_eq!(TcpPort::from_list(HOST, vec![18_602, 18_603]), Some(18_603));
    assert_eq!(TcpPort::in_range(HOST, range()), None);
}

#[test]
fn an_excluded_number_is_not_picked() {
    // Linux tries odd numbers first; these are half of them.
    let excluded: Vec<u16> = (1..=u16::MAX).step_by(4).collect();
    for _ in 0..20 {
        let picked = TcpPort::except(HOST, excluded.clone()).unwrap();
        assert!(!excluded.contains(&picked));
    }
}

#[test]
#[should_panic(expected = "expected an IPv4 address as the host, found \"localhost\"")]
fn a_host_name_is_refused() {
    TcpPort::any("localhost");
}

/// Another process never picks one of our numbers, even while no server uses it.
#[isolated(serial = ["sockets of the tests of get-port", "ports 18610 to 18619"])]
#[test]
fn a_picked_number_stays_reserved() {
    let range = || Range {
        min: 18_610,
        max: 18_619,
    };
    let first = UdpPort::in_range(HOST, range()).unwrap();
    let picking = failing::run("picks_many");
    assert!(picking.passed, "{}", picking.output);
    let words = picking.words();
    let theirs: HashSet<u16> = words.iter().map(|word| word.parse().unwrap()).collect();
    assert_eq!(theirs.len(), 5);
    assert!(!theirs.contains(&first));
}

#[test]
#[ignore = "started by another test"]
fn picks_many() {
    println!();
    for _ in 0..5 {
        let range = Range {
            min: 18_610,
            max: 18_619,
        };
        println!("@{}", UdpPort::in_range(HOST, range).unwrap());
    }
}

#[isolated(serial = "sockets of the tests of get-port")]
#[test]
fn a_picked_number_stays_reserved_after_its_server_has_stopped() {
    let port = TcpPort::any(HOST).unwrap();
    drop(TcpListener::bind((HOST, port)).unwrap());
    let again = Port::builder().number(port).try_reserve().unwrap();
    assert!(again.is_none());
    assert_eq!(TcpPort::from_list(HOST, vec![port]), None);
}

#[isolated(
    serial = "sockets of the tests of get-port",
    env(ISOLATED_DIR = "not/absolute")
)]
#[test]
fn an_error_is_not_mistaken_for_a_taken_number() {
    let picking = failing::run("picks_many");
    picking.failed_with("failed to read the variable `ISOLATED_DIR`");
    picking.failed_with("tests/meaning.rs:"); // The location of the caller.
}
