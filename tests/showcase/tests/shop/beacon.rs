//! Beacons: a till announces itself with numbered datagrams.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Announces `till` to `to`, `count` times.
pub(crate) async fn announce(till: &str, to: SocketAddr, count: usize) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    for number in 0..count {
        socket
            .send_to(format!("{till} {number}").as_bytes(), to)
            .await?;
    }
    Ok(())
}

/// Receives the next `count` beacons.
pub(crate) async fn hear(socket: &UdpSocket, count: usize) -> io::Result<Vec<String>> {
    let mut heard = Vec::new();
    let mut buffer = [0; 512];
    while heard.len() < count {
        let length = timeout(Duration::from_secs(20), socket.recv(&mut buffer)).await??;
        heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    Ok(heard)
}
