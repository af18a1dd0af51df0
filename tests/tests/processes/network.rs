//! `network`: a network without other users, for root and for an ordinary user, and what a test
//! does where the system refuses it.

#![cfg(target_os = "linux")]
#![expect(
    clippy::should_panic_without_expect,
    reason = "it is one of the ways to write a test"
)]

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;

use isolated_test::{BoxError, Current, Port, Resource, TmpDir, Transfer, current, isolated};
use isolated_test_tests::refusal::{networks_are_refused, without_namespaces};
use isolated_test_tests::{Inner, Running, State, is_root, plain};

const NOTHING: [PathBuf; 0] = [];

mod inner {
    use std::net::TcpStream;

    use isolated_test::isolated;
    use isolated_test_tests::gate::pass;
    use isolated_test_tests::{is_root, say};

    #[isolated(network)]
    #[test]
    #[ignore = "started by another test"]
    fn binds_well_known_ports() {
        let _listeners = super::well_known().map(super::talk);
        say(&format!(
            "bound {}",
            if is_root() { "root" } else { "user" }
        ));
        pass("end");
    }

    #[isolated(
        network,
        port,
        tmpdir,
        env(WORD = "word"),
        timeout = "10s",
        serial = "network test"
    )]
    #[test]
    #[ignore = "started by another test"]
    fn has_everything(port: u16, tmpdir: &std::path::Path) {
        std::fs::write(
            tmpdir.join(port.to_string()),
            std::env::var("WORD").unwrap(),
        )
        .unwrap();
    }

    #[isolated(network, timeout = "500ms")]
    #[test]
    #[ignore = "started by another test"]
    fn hangs() {
        let listener = std::net::TcpListener::bind("127.0.0.1:8080").unwrap();
        listener.accept().unwrap();
    }

    #[isolated(network)]
    #[test]
    #[ignore = "started by another test"]
    fn must_have_one() {
        say("body");
    }

    #[isolated(network(or = "skip"))]
    #[test]
    #[ignore = "started by another test"]
    fn may_be_skipped() {
        say("body");
    }

    #[isolated(network(or = "skip"))]
    #[test]
    #[should_panic]
    #[ignore = "started by another test"]
    fn may_be_skipped_and_should_panic() {
        panic!("body");
    }

    #[isolated(network(or = "skip"))]
    #[test]
    #[should_panic(expected = "on purpose")]
    #[ignore = "started by another test"]
    fn may_be_skipped_and_should_panic_so() {
        panic!("on purpose");
    }

    #[isolated(network(or = "serial"), in_parent = super::Asks, in_child = super::AsksInside)]
    #[test]
    #[ignore = "started by another test"]
    fn asks_in_turn(in_parent: bool, in_child: bool) {
        say(&format!("network {in_parent} {in_child}"));
    }

    #[isolated(network(or = "serial"))]
    #[test]
    #[ignore = "started by another test"]
    fn takes_turns() {
        let host = std::env::var("HOST").unwrap();
        say(&format!("host {}", TcpStream::connect(host).is_ok()));
        pass("end");
    }
}

/// The addresses of the loopback interface with a well-known port.
fn well_known() -> [SocketAddr; 2] {
    [
        (Ipv4Addr::LOCALHOST, 8080).into(),
        (Ipv6Addr::LOCALHOST, 8080).into(),
    ]
}

/// Listens at an address, and connects to it.
fn talk(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    let client = TcpStream::connect(address).unwrap();
    let (_, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    listener
}

/// Starts two tests, and makes both hold the same ports at once.
fn two_at_once(start: impl Fn(&State) -> Inner<'_>) -> String {
    let state = State::new();
    let mut end = state.gate("end");
    let mut both: [Running; 2] = std::array::from_fn(|_| start(&state).start());
    let [one, other] = both.each_mut().map(|inner| inner.hear("bound"));
    assert_eq!(one, other);
    end.open();
    end.open();
    for inner in both {
        let run = inner.finish().passed();
        assert_eq!(run.errors, "");
    }
    assert_eq!(state.runs(), NOTHING);
    one
}

#[test]
fn two_tests_have_the_same_port_at_once() {
    if networks_are_refused() {
        return;
    }
    two_at_once(|state| state.inner("binds_well_known_ports"));
}

#[test]
fn two_tests_of_an_ordinary_user_have_the_same_port_at_once() {
    if networks_are_refused() {
        return;
    }
    let user = two_at_once(|state| state.inner_as_nobody("binds_well_known_ports"));
    assert_eq!(user, "user");
}

#[test]
fn it_goes_with_everything_else() {
    if networks_are_refused() {
        return;
    }
    let state = State::new();
    for _ in 0..2 {
        let _ = state.inner_as_nobody("has_everything").run().passed();
    }
    assert_eq!(state.runs(), NOTHING);
    let run = State::new().inner("hangs").run().failed();
    assert!(
        run.errors.contains(": timed out after 500ms\n"),
        "{}",
        run.errors
    );
}

/// Listens in the network of the machine, from the parent.
fn listen_in_the_parent() -> String {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let address = (Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port());
    TcpStream::connect(address).unwrap();
    // The parent outlives the test.
    std::mem::forget(listener);
    address.1.to_string()
}

#[isolated(network(or = "skip"), env(HOST = listen_in_the_parent()))]
#[test]
fn nobody_outside_is_reached() {
    let port: u16 = std::env::var("HOST").unwrap().parse().unwrap();
    let error = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let interfaces = std::fs::read_to_string("/proc/net/dev").unwrap();
    let routes = std::fs::read_to_string("/proc/net/route").unwrap();
    assert!(interfaces.contains("lo:"), "{interfaces}");
    assert_eq!(routes.lines().count(), 1, "{routes}");
}

#[isolated(network(or = "skip"), port, udp = port(udp), both = port(tcp, udp), several = port(count = 2))]
#[test]
fn ports_are_held_inside(port: &Port, udp: &Port, both: TcpListener, several: [Port; 2]) {
    let both = both.local_addr().unwrap().port();
    // The TCP number also stands for the UDP number.
    for held in [port.number(), udp.number(), both, several[0].number()] {
        plain::listen(held).unwrap_err();
    }
    drop(port.listen().unwrap());
    drop(udp.bind_udp().unwrap());
    several[0].release();
    drop(plain::listen(several[0].number()).unwrap());
    plain::listen(several[1].number()).unwrap_err();
}

#[isolated(network(or = "skip"), tmpdir, cwd, env(UID = is_root()))]
#[tokio::test]
async fn the_user_stays_the_same(tmpdir: &TmpDir) {
    use std::os::unix::fs::MetadataExt;

    assert_eq!(std::env::var("UID").unwrap(), is_root().to_string());
    std::fs::write("file", "text").unwrap();
    let (dir, file) = (
        tmpdir.metadata().unwrap(),
        tmpdir.join("file").metadata().unwrap(),
    );
    assert_eq!((dir.uid(), dir.gid()), (file.uid(), file.gid()));
}

const REFUSED: &str = "the system has refused a user namespace (`unshare` with `CLONE_NEWUSER` and \
    `CLONE_NEWNET`): Operation not permitted (os error 1); allow it with `sysctl -w \
    kernel.unprivileged_userns_clone=1`, or in Docker with `--cap-add SYS_ADMIN` or \
    `--security-opt seccomp=unconfined`";

#[test]
fn a_refusal_fails_the_test_with_the_step_and_a_way_out() {
    let state = State::new();
    let refused = state.inner("must_have_one").with(without_namespaces);
    let run = refused.run().failed();
    assert_eq!(
        run.errors,
        format!(
            "isolated-test: processes::network::inner::must_have_one: failed to make a network of the test's \
             own: {REFUSED}, or write `network(or = \"skip\")` or `network(or = \"serial\")`\n"
        )
    );
    assert_eq!(run.said("body"), None);
}

#[test]
fn networks_that_are_used_up_fail_the_test_with_a_way_out() {
    if networks_are_refused() {
        return;
    }
    let script = "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$0\" \"$@\"";
    let through = ["unshare", "--user", "--map-root-user", "sh", "-c", script];
    let state = State::new();
    let run = state
        .inner("must_have_one")
        .through(&through)
        .run()
        .failed();
    assert!(
        run.errors.contains(
            "No space left on device (os error 28); raise `sysctl user.max_net_namespaces` and \
             `user.max_user_namespaces`, or write "
        ),
        "{}",
        run.errors
    );
}

#[test]
fn a_test_that_may_be_skipped_says_so_aloud() {
    for (test, captured) in [
        ("may_be_skipped", false),
        ("may_be_skipped", true),
        ("may_be_skipped_and_should_panic", false),
        ("may_be_skipped_and_should_panic_so", false),
    ] {
        let state = State::new();
        let inner = state.inner(test);
        let inner = if captured { inner.captured() } else { inner };
        let run = inner.with(without_namespaces).run().passed();
        assert_eq!(
            run.errors,
            format!(
                "isolated-test: processes::network::inner::{test}: skipped, because {REFUSED}\n"
            )
        );
        assert_eq!(run.said("body"), None);
    }
}

#[test]
fn tests_that_may_take_turns_never_overlap() {
    let host = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = host.local_addr().unwrap().to_string();
    let state = State::new();
    let mut end = state.gate("end");
    let start = || {
        let inner = state.inner("takes_turns").env("HOST", &address);
        inner.with(without_namespaces).start()
    };
    let mut first = start();
    assert_eq!(
        first.hear("host"),
        "true",
        "it is in the network of the machine"
    );
    let mut second = start();
    second.hear_error("waiting for serial \"network\"");
    assert!(!second.has_said("host true"));
    end.open();
    assert_eq!(second.hear("host"), "true");
    end.open();
    let _ = (first.finish().passed(), second.finish().passed());
}

#[test]
fn tests_that_need_not_take_turns_do_not() {
    if networks_are_refused() {
        return;
    }
    let host = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = host.local_addr().unwrap().to_string();
    let state = State::new();
    let mut end = state.gate("end");
    let start = || state.inner("takes_turns").env("HOST", &address).start();
    let (mut first, mut second) = (start(), start());
    assert_eq!(
        (first.hear("host"), second.hear("host")),
        ("false".into(), "false".into())
    );
    end.open();
    end.open();
    let _ = (first.finish().passed(), second.finish().passed());
}

/// A resource of the parent that asks whether the test has the network to itself.
struct Asks;

impl Resource for Asks {
    type Handle = bool;

    fn provision(&mut self, test: &Current) -> Result<bool, BoxError> {
        Ok(test.has_network())
    }

    fn transfer() -> Transfer<bool> {
        Transfer::as_text()
    }
}

/// The same in the process of the body.
struct AsksInside;

impl Resource for AsksInside {
    type Handle = bool;

    fn provision(&mut self, test: &Current) -> Result<bool, BoxError> {
        Asks.provision(test)
    }
}

#[isolated(network(or = "skip"), in_parent = Asks, in_child = AsksInside)]
#[test]
fn resources_know_that_the_test_has_a_network(in_parent: bool, in_child: bool) {
    assert!(in_parent && in_child && current().has_network());
}

#[isolated(process, in_parent = Asks, in_child = AsksInside)]
#[test]
fn resources_know_that_the_test_has_none(in_parent: bool, in_child: bool) {
    assert!(!in_parent && !in_child && !current().has_network());
}

#[test]
fn a_turn_in_the_network_of_the_machine_counts_and_a_body_in_place_has_none() {
    let state = State::new();
    let run = state.inner("asks_in_turn").with(without_namespaces).run();
    assert_eq!(run.passed().said("network"), Some("true true"));
    let run = state
        .inner("asks_in_turn")
        .env("ISOLATED_PROCESS", "off")
        .run();
    assert_eq!(run.passed().said("network"), Some("false false"));
}
