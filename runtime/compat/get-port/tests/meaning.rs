//! The promises of the README.

use std::collections::HashSet;
use std::net::{TcpListener, UdpSocket};

use get_port::tcp::TcpPort;
use get_port::udp::UdpPort;
use get_port::{Ops, Range};
use isolated_test::isolated;

#[expect(dead_code, reason = "no test here has to fail")]
#[path = "../../tests/failing.rs"]
mod failing;

const HOST: &str = "127.0.0.1";

/// Not while another test starts a process, which has a copy of each socket until it runs its program.
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
fn a_number_that_is_excluded_is_not_picked() {
    // Linux offers odd numbers first, so these are half of what it offers.
    let excluded: Vec<u16> = (1..=u16::MAX).step_by(4).collect();
    for _ in 0..20 {
        let picked = TcpPort::except(HOST, excluded.clone()).unwrap();
        assert!(!excluded.contains(&picked));
    }
}

#[test]
#[should_panic(expected = "expected an IPv4 address as the host, found \"localhost\"")]
fn a_host_by_name_is_refused() {
    TcpPort::any("localhost");
}

/// Another process that picks numbers never picks one of ours, also when no server uses it.
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
