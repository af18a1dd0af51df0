//! The promises of the README.

use std::collections::HashSet;
use std::net::{TcpListener, UdpSocket};

use isolated_test::isolated;
use portpicker::{Port, is_free, is_free_tcp, is_free_udp, pick_unused_port};

#[expect(dead_code, reason = "no test here has to fail")]
#[path = "../../tests/failing.rs"]
mod failing;

/// Serialized with tests that start processes: between fork and exec a child holds copies of all
/// sockets.
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

/// Another process never picks one of our numbers, even while no server uses it.
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

#[isolated(serial = "sockets of the tests of portpicker")]
#[test]
fn a_picked_number_stays_reserved_after_its_server_has_stopped() {
    let port = pick_unused_port().unwrap();
    drop(TcpListener::bind(("127.0.0.1", port)).unwrap());
    drop(UdpSocket::bind(("127.0.0.1", port)).unwrap());
    let builder = isolated_test::Port::builder().tcp_and_udp();
    assert!(builder.number(port).try_reserve().unwrap().is_none());
}

/// The limit is below the number of ports that the inner test picks.
#[cfg(target_os = "linux")]
#[isolated(serial = "sockets of the tests of portpicker")]
#[test]
fn an_error_is_not_mistaken_for_a_lack_of_numbers() {
    let program = std::env::current_exe().unwrap();
    let script = "ulimit -n 100 && exec \"$0\" picks_many --exact --ignored --nocapture";
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(program)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.contains("tests/meaning.rs"), "{message}");
    assert!(
        message.contains("failed to reserve a port for TCP and UDP: Too many open files"),
        "{message}"
    );
}
