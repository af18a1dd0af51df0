//! `port`: its forms, and what a test can do with a number that it holds.
//!
//! Tests that close a listener and bind again do so in a separate process, because a child that
//! another thread is just starting has a copy of every descriptor until it calls exec.

#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use isolated_test::{Port, current, isolated};
use isolated_test_tests::{State, plain};

mod inner {
    use std::io;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};

    use isolated_test::{BoxError, Current, Port, Resource, isolated};
    use isolated_test_tests::{listen, plain, say};

    use super::{addresses, exchange};

    /// Lets the outer test act after the port is reserved and before it is bound.
    struct Pause;

    impl Resource for Pause {
        type Handle = ();

        fn provision(&mut self, test: &Current) -> Result<(), BoxError> {
            say(&format!("number {}", test.port()));
            listen("go");
            Ok(())
        }
    }

    #[isolated(port, pause = Pause)]
    #[test]
    #[ignore = "started by another test"]
    fn takes_a_listener(port: TcpListener) {
        drop(port);
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn listens_later(port: &Port) {
        say(&format!("number {port}"));
        listen("go");
        let refused = port.listen().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        say(&format!("refused {refused}"));
    }

    #[isolated(port, udp = port(udp), both = port(tcp, udp))]
    #[test]
    #[ignore = "started by another test"]
    fn serves_without_ipv6(port: &Port, udp: &Port, both: &Port) {
        TcpListener::bind("[::1]:0").unwrap_err();
        for address in ["127.0.0.1", "0.0.0.0"] {
            let listener = TcpListener::bind((address, port.number())).unwrap();
            assert_eq!(port.listen().unwrap_err().kind(), io::ErrorKind::AddrInUse);
            drop(listener);
        }
        let (_udp, _listener, _socket) = (
            udp.bind_udp().unwrap(),
            both.listen().unwrap(),
            both.bind_udp().unwrap(),
        );
        for _ in 0..5_000 {
            let stranger = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            assert_ne!(stranger.port(), port.number());
            let stranger = UdpSocket::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            assert_ne!(stranger.port(), udp.number());
        }
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn listens_on_each_address(port: u16) {
        for address in addresses() {
            let listener = TcpListener::bind((address, port)).unwrap();
            let refused = TcpListener::bind((address, port)).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AddrInUse, "{address}");
            let to = match address {
                IpAddr::V4(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::from(Ipv6Addr::LOCALHOST),
            };
            exchange(&listener, (to, port));
        }
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn connects_too_early(port: u16) {
        let refused = |address: IpAddr| {
            let error = TcpStream::connect((address, port)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{address}");
        };
        for address in addresses().into_iter().filter(IpAddr::is_loopback) {
            for _ in 0..200 {
                refused(address);
            }
            let listener = TcpListener::bind((address, port)).unwrap();
            exchange(&listener, (address, port));
            drop(listener);
            refused(address);
        }
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn restarts(port: &Port) {
        for _ in 0..200 {
            let listener = port.listen().unwrap();
            exchange(&listener, port.addr());
        }
    }

    #[isolated(port)]
    #[test]
    #[ignore = "started by another test"]
    fn releases(port: &Port) {
        let refused = plain::listen(port.number()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        let number = port.release();
        let _server = plain::listen_when_free(number);
        TcpStream::connect(port.addr()).unwrap();
        assert_eq!(port.clone().release(), number, "a second time does nothing");
    }
}

/// The addresses on which servers listen, including those of IPv6 if this machine has it.
fn addresses() -> Vec<IpAddr> {
    let mut addresses = vec![
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv4Addr::UNSPECIFIED),
    ];
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        addresses.extend([
            IpAddr::from(Ipv6Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::UNSPECIFIED),
        ]);
    } else {
        eprintln!("this machine has no IPv6; only IPv4 is tried");
    }
    addresses
}

/// Sends a word through a connection to a listener. The server closes its end first.
fn exchange(listener: &TcpListener, address: impl Into<SocketAddr>) {
    let mut client = TcpStream::connect(address.into()).unwrap();
    let mut server = listener.accept().unwrap().0;
    server.write_all(b"word").unwrap();
    drop(server);
    let mut word = String::new();
    client.read_to_string(&mut word).unwrap();
    assert_eq!(word, "word");
}

#[isolated(port)]
#[test]
fn may_be_a_handle(port: Port) {
    assert_eq!(port.number(), current().port().number());
    assert_eq!(u16::from(&port), port.number());
    assert_eq!(port.to_string(), port.number().to_string());
    assert_eq!(format!("{port:?}"), format!("Port({port} tcp)"));
}

#[isolated(port)]
#[test]
fn may_be_borrowed(port: &Port) {
    assert_eq!(port.number(), current().port().number());
}

#[isolated(port)]
#[test]
fn may_be_a_number(port: u16) {
    assert_eq!(port, current().port().number());
}

#[isolated(port)]
#[test]
fn may_be_an_address(port: SocketAddr) {
    assert_eq!(
        port,
        SocketAddr::from((Ipv4Addr::LOCALHOST, current().port().number()))
    );
}

#[isolated(port)]
#[test]
fn may_be_a_listener(port: TcpListener) {
    let address = port.local_addr().unwrap();
    assert_eq!(address, current().port().addr());
    exchange(&port, address);
}

#[isolated(port(udp))]
#[test]
fn may_be_a_udp_socket(port: UdpSocket) {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.send_to(b"word", current().port().addr()).unwrap();
    let mut bytes = [0; 8];
    let (length, from) = port.recv_from(&mut bytes).unwrap();
    assert_eq!(
        (&bytes[..length], from),
        (&b"word"[..], client.local_addr().unwrap())
    );
    let refused = current().port().bind_udp().unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
}

#[isolated(port(tcp, udp))]
#[test]
fn both_protocols_have_one_number(port: &Port) {
    let (listener, socket) = (port.listen().unwrap(), port.bind_udp().unwrap());
    assert_eq!(listener.local_addr().unwrap(), socket.local_addr().unwrap());
    exchange(&listener, port.addr());
}

#[isolated(one = port(tcp, udp), other = port(tcp, udp))]
#[test]
fn both_protocols_may_be_bound_already(one: TcpListener, other: UdpSocket) {
    assert_eq!(one.local_addr().unwrap(), current().ports("one")[0].addr());
    assert_eq!(
        other.local_addr().unwrap(),
        current().ports("other")[0].addr()
    );
}

#[isolated(http = port, admin = port, dns = port(udp))]
#[test]
fn names_are_ports_of_their_own(http: u16, admin: u16, dns: u16) {
    assert_eq!(HashSet::from([http, admin, dns]).len(), 3);
    assert_eq!(current().ports("admin")[0].number(), admin);
}

#[isolated(port(count = 3))]
#[test]
fn several_may_be_an_array_of_handles(port: [Port; 3]) {
    assert_eq!(
        port.iter().map(Port::number).collect::<HashSet<_>>().len(),
        3
    );
}

#[isolated(nodes = port(count = 3))]
#[test]
fn several_may_be_an_array_of_listeners(nodes: [TcpListener; 3]) {
    for node in nodes {
        exchange(&node, node.local_addr().unwrap());
    }
}

#[isolated(port(count = 3))]
#[test]
fn several_may_be_a_vector(port: Vec<u16>) {
    let numbers: Vec<_> = current().ports("port").iter().map(Port::number).collect();
    assert_eq!(port, numbers);
}

#[isolated(port(udp, count = 2))]
#[test]
fn several_may_be_a_slice(port: &[Port]) {
    assert_eq!(port.len(), 2);
    assert_ne!(
        port[0].bind_udp().unwrap().local_addr().unwrap().port(),
        port[1].number()
    );
}

#[isolated(port(count = 2))]
#[test]
fn several_may_be_a_borrowed_array(port: &[Port; 2]) {
    assert_ne!(port[0].number(), port[1].number());
}

#[isolated(port(count = 1))]
#[test]
fn several_may_be_one(port: [u16; 1]) {
    assert_eq!(port[0], current().port().number());
}

#[test]
fn servers_listen_on_any_address_one_at_a_time() {
    let _ = State::new().inner("listens_on_each_address").run().passed();
}

#[test]
fn a_connection_is_refused_at_once_while_nobody_listens() {
    let _ = State::new().inner("connects_too_early").run().passed();
}

#[test]
fn a_server_may_restart_two_hundred_times() {
    let _ = State::new().inner("restarts").run().passed();
}

#[test]
fn a_server_that_sets_no_option_needs_the_port_released() {
    let _ = State::new().inner("releases").run().passed();
}

#[isolated(port)]
#[test]
fn a_server_may_set_the_other_option_only(port: &Port) {
    let _server = plain::listen_reusing_port(port.number()).unwrap();
    TcpStream::connect(port.addr()).unwrap();
}

#[test]
fn a_listener_whose_port_was_stolen_is_explained() {
    let state = State::new();
    let mut inner = state.inner("takes_a_listener").start();
    let number: u16 = inner.hear("number").parse().unwrap();
    let thief = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
    inner.tell("go");
    let run = inner.finish().failed();
    let in_use = io::Error::from_raw_os_error(98);
    let message = format!("\nfailed to bind the reserved port {number}: {in_use}\n");
    assert!(run.errors.contains(&message), "{}", run.errors);
    assert!(
        run.errors
            .contains(&format!("\n    port       port = {number} (tcp)\n")),
        "{}",
        run.errors
    );
    drop(thief);
}

#[test]
fn a_stolen_port_is_in_use_for_its_owner() {
    let state = State::new();
    let mut inner = state.inner("listens_later").start();
    let number: u16 = inner.hear("number").parse().unwrap();
    let thief = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).unwrap();
    inner.tell("go");
    assert_eq!(
        inner.hear("refused"),
        io::Error::from_raw_os_error(98).to_string()
    );
    let _ = inner.finish().passed();
    drop(thief);
}

#[test]
#[cfg(not(target_arch = "x86"))] // There, `socketcall` hides the arguments from filters.
fn ports_are_held_on_a_machine_without_ipv6() {
    let state = State::new();
    let _ = state
        .inner("serves_without_ipv6")
        .with(plain::without_ipv6)
        .run()
        .passed();
}
