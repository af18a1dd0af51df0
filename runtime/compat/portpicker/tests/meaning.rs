//! The promises of the README.

use std::collections::HashSet;
use std::net::{TcpListener, UdpSocket};

use isolated_test::isolated;
use portpicker::{Port, is_free, is_free_tcp, is_free_udp, pick_unused_port};

#[expect(dead_code, reason = "no test here has to fail")]
#[path = "../../tests/failing.rs"]
mod failing;

/// Not while another test starts a process, which has a copy of each socket until it runs its program.
#[isolated(serial = "sockets of the tests of portpicker")]
#[test]
fn a_picked_number_is_different_each_time_and_can_be_bound() {
    let picked: Vec<Port> = (0..50).map(|_| pick_unused_port().unwrap()).collect();
    let different: HashSet<_> = picked.iter().collect();
    assert_eq!(different.len(), picked.len());
    for port in picked {
        assert!(is_free(port));
        let _servers = (
            TcpListener::bind(("127.0.0.1", port)).unwrap(),
            UdpSocket::bind(("127.0.0.1", port)).unwrap(),
        );
        assert!(!is_free_tcp(port) && !is_free_udp(port) && !is_free(port));
    }
}

/// Another process that picks numbers never picks one of ours, also when no server uses it.
#[isolated(serial = "sockets of the tests of portpicker")]
#[test]
fn a_picked_number_stays_reserved() {
    let ours: HashSet<Port> = (0..50).map(|_| pick_unused_port().unwrap()).collect();
    let picking = failing::run("picks_many");
    assert!(picking.passed, "{}", picking.output);
    let words = picking.words();
    let theirs: HashSet<Port> = words.iter().map(|word| word.parse().unwrap()).collect();
    assert_eq!(theirs.len(), 500);
    assert!(ours.is_disjoint(&theirs));
}

#[test]
#[ignore = "started by another test"]
fn picks_many() {
    println!();
    for _ in 0..500 {
        println!("@{}", pick_unused_port().unwrap());
    }
}
