//! `Port::release`: the number can be bound as soon as it returns, whatever other threads do.

#![cfg(target_os = "linux")]

use isolated_test::{Port, isolated};
use isolated_test_tests::{State, plain};

/// Number of releases, of many numbers at a time, beside a thread that starts children.
const ROUNDS: usize = 16;

mod inner {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use isolated_test::{Port, isolated};
    use isolated_test_tests::{hostile, plain, say};

    #[isolated(port(count = 64))]
    #[test]
    #[ignore = "called by another test"]
    fn releases_many(port: &[Port]) {
        for one in port {
            let server = plain::listen(one.release());
            assert!(server.is_ok(), "{one}: {server:?}");
        }
    }

    #[isolated(port(tcp, udp, count = 16))]
    #[test]
    #[ignore = "called by another test"]
    fn releases_many_with_both(port: &[Port]) {
        for one in port {
            let servers = (plain::listen(one.release()), plain::bind_udp(one.number()));
            assert!(matches!(servers, (Ok(_), Ok(_))), "{one}: {servers:?}");
        }
    }

    fn beside_children(release: fn()) {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| hostile::start_children(&stop));
            let many = scope.spawn(|| (0..super::ROUNDS).for_each(|_| release()));
            let ended = many.join();
            stop.store(true, Ordering::Relaxed);
            ended.unwrap();
        });
    }

    #[test]
    #[ignore = "started by another test"]
    fn releases_beside_children() {
        beside_children(releases_many);
    }

    #[test]
    #[ignore = "started by another test"]
    fn releases_both_beside_children() {
        beside_children(releases_many_with_both);
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn releases_what_it_uses(port: &Port) {
        let server = port.listen().unwrap();
        let client = std::net::TcpStream::connect(port.addr()).unwrap();
        port.release();
        drop((server, client));
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn forks_before(port: &Port) {
        let child = plain::fork_and_stay().unwrap();
        let server = plain::listen(port.release());
        assert!(plain::kill(child));
        server.unwrap();
    }

    #[isolated(port(tcp, udp))]
    #[test]
    #[ignore = "started by another test"]
    fn forks_before_with_both(port: &Port) {
        let child = plain::fork_and_stay().unwrap();
        say(&format!("number {}", port.release()));
        plain::listen(port.number()).unwrap_err();
        assert!(plain::kill(child));
    }
}

#[test]
fn a_number_can_be_bound_beside_a_neighbour_that_starts_children() {
    for test in ["releases_beside_children", "releases_both_beside_children"] {
        let _ = State::new().inner(test).run().passed();
    }
}

#[test]
fn a_number_can_be_bound_that_a_forked_child_had_too() {
    let run = State::new().inner("forks_before").run().passed();
    assert_eq!(run.errors, "");
}

#[test]
fn a_forked_child_that_keeps_both_numbers_is_told_of() {
    let run = State::new().inner("forks_before_with_both").run().passed();
    let number = run.said("number").unwrap();
    assert_eq!(
        run.errors,
        format!(
            "isolated-test: port {number}: released, but still bound after 1s by a process that does not \
             listen, perhaps a child that was forked before; release it before you fork\n"
        )
    );
}

#[test]
fn a_number_that_somebody_uses_is_not_waited_for() {
    let run = State::new().inner("releases_what_it_uses").run().passed();
    assert_eq!(run.errors, "");
}

#[isolated(process, port)]
#[test]
fn a_number_that_the_parent_holds_can_be_bound(port: Port) {
    plain::listen(port.release()).unwrap();
}
