//! The relay, the beacon and the control socket at their usual addresses.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use courier::{control, relay};
use rstest::{fixture, rstest};

/// The address for administrators.
const ADMIN: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 7311);
/// The address for messages.
const RELAY: &str = "127.0.0.1:7312";
/// The port on which couriers look for each other.
const BEACON: u16 = 7313;

#[test]
fn an_administrator_is_greeted() {
    let listener = TcpListener::bind(ADMIN).unwrap();
    let client = thread::spawn(|| {
        let mut text = String::new();
        TcpStream::connect(ADMIN)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    });
    let (mut stream, _) = listener.accept().unwrap();
    stream.write_all(b"hello").unwrap();
    drop(stream);
    assert_eq!(client.join().unwrap(), "hello");
}

#[test]
fn administrators_wait_their_turn() {
    let listener = TcpListener::bind(ADMIN).unwrap();
    let clients: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(ADMIN).unwrap()).collect();
    for _ in &clients {
        thread::sleep(Duration::from_millis(2));
        listener.accept().unwrap();
    }
}

#[tokio::test]
async fn the_relay_answers() {
    let listener = tokio::net::TcpListener::bind(RELAY).await.unwrap();
    let server = tokio::spawn(relay::serve_one(listener));
    assert_eq!(relay::send(RELAY, "pen").await.unwrap(), "PEN");
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_message_arrives() {
    let listener = tokio::net::TcpListener::bind(RELAY).await.unwrap();
    let server = tokio::spawn(relay::serve_one(listener));
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(relay::send(RELAY, "ink").await.unwrap(), "INK");
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_sent_without_a_relay() {
    let error = relay::send(RELAY, "lost").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_beacon_is_heard() {
    let beacon = UdpSocket::bind((Ipv4Addr::LOCALHOST, BEACON)).unwrap();
    let courier = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    courier
        .send_to(b"here", beacon.local_addr().unwrap())
        .unwrap();
    let mut buffer = [0; 16];
    let (length, from) = beacon.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"here");
    assert_eq!(from, courier.local_addr().unwrap());
}

#[tokio::test]
async fn a_beacon_answers() {
    let beacon = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, BEACON))
        .await
        .unwrap();
    let courier = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let mut buffer = [0; 16];
    courier
        .send_to(b"where?", (Ipv4Addr::LOCALHOST, BEACON))
        .await
        .unwrap();
    let (_, from) = beacon.recv_from(&mut buffer).await.unwrap();
    beacon.send_to(b"here", from).await.unwrap();
    let length = courier.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"here");
}

#[fixture]
fn socket() -> PathBuf {
    std::env::temp_dir().join("courier-control.sock")
}

fn asked(listener: UnixListener, client: UnixStream, state: &'static str) -> String {
    let server = thread::spawn(move || control::answer(&listener, state));
    let answer = control::ask(client, "state?").unwrap();
    assert_eq!(server.join().unwrap().unwrap(), "state?");
    answer
}

#[rstest]
#[case::idle("idle")]
#[case::busy("busy: 3 messages")]
fn the_state_is_told(socket: PathBuf, #[case] state: &'static str) {
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let client = UnixStream::connect(&socket).unwrap();
    assert_eq!(asked(listener, client, state), state);
    fs::remove_file(socket).unwrap();
}

#[rstest]
fn nobody_answers_at_first(socket: PathBuf) {
    assert!(UnixStream::connect(socket).is_err());
}

#[test]
fn a_hidden_courier_answers() {
    let address = SocketAddr::from_abstract_name("courier-control").unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    assert_eq!(asked(listener, client, "hidden"), "hidden");
}

#[test]
fn a_hidden_courier_can_be_left_alone() {
    let address = SocketAddr::from_abstract_name("courier-control").unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::sleep(Duration::from_millis(5));
    assert!(listener.accept().is_err());
}

#[rstest]
#[case::short("a")]
#[case::long("a message of some length")]
fn any_port_will_do(#[case] message: &str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(message.as_bytes()).unwrap();
    drop(client);
    let mut text = String::new();
    listener
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, message);
}

#[test]
fn this_machine_has_a_name() {
    let hosts = fs::read_to_string("/etc/hosts").unwrap();
    assert!(hosts.contains("localhost"));
}

#[test]
fn this_machine_has_an_address() {
    let hosts = fs::read_to_string("/etc/hosts").unwrap();
    assert!(hosts.lines().any(|line| line.starts_with("127.")));
}
