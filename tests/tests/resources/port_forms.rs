//! `port`: parameters of further types.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};

use isolated_test::forms::{FromPort, Tcp};
use isolated_test::{Port, isolated};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

#[isolated(port, api = port, db = port(count = 2))]
#[test]
fn addresses(port: SocketAddrV4, api: String, db: [String; 2]) {
    assert_eq!(*port.ip(), Ipv4Addr::LOCALHOST);
    let api: SocketAddrV4 = api.parse().unwrap();
    assert_ne!(api.port(), port.port());
    assert_ne!(db[0], db[1]);
    assert!(TcpStream::connect(port).is_err(), "nobody listens");
}

#[isolated(port, dns = port(udp))]
#[tokio::test]
async fn sockets_of_tokio(port: TcpListener, dns: UdpSocket) {
    let address = port.local_addr().unwrap();
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client.write_all(b"hello").await.unwrap();
    let (mut server, _) = port.accept().await.unwrap();
    let mut heard = [0; 5];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    dns.send_to(b"ping", dns.local_addr().unwrap())
        .await
        .unwrap();
    assert_eq!(dns.recv(&mut heard).await.unwrap(), 4);
}

/// A listener with what the tests of a crate always set.
struct Backlog(std::net::TcpListener);

impl FromPort<'_, Tcp> for Backlog {
    fn from_port(port: &Port) -> Self {
        let listener = port.listen().unwrap();
        listener.set_nonblocking(true).unwrap();
        Backlog(listener)
    }
}

#[isolated(port, more = port(count = 2))]
#[test]
fn a_type_of_the_user(port: Backlog, more: Vec<Backlog>) {
    for listener in more.iter().chain([&port]) {
        let nobody = listener.0.accept().unwrap_err();
        assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    }
}
