//! Raw sockets: an echo over TCP and over UDP, and beacons under tokio.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::{io, thread};

use isolated_test::isolated;

use crate::shop::line_server::Conversation;
use crate::shop::{AnyError, beacon, echo};

#[isolated(listener = port)]
#[test]
fn echoes_every_line(listener: TcpListener) -> io::Result<()> {
    let addr = listener.local_addr()?;
    let _echo = echo::lines(listener)?;

    let mut till = Conversation::with(addr)?;

    for line in (0..50).map(|n| format!("line {n}")) {
        assert_eq!(till.say(&line)?, line);
    }
    Ok(())
}

#[isolated(addr = port)]
#[test]
fn serves_several_tills_at_once(addr: SocketAddr) -> io::Result<()> {
    let _echo = echo::lines(TcpListener::bind(addr)?)?;

    let tills = ["north", "east", "south", "west"].map(|till| {
        thread::spawn(move || {
            Conversation::with(addr)?
                .say(till)
                .map(|answer| (till, answer))
        })
    });

    for till in tills {
        let (till, answer) = till.join().unwrap()?;
        assert_eq!(answer, till, "unexpected answer");
    }
    Ok(())
}

#[isolated(socket = port(udp))]
#[test]
fn echoes_datagrams(socket: UdpSocket) -> io::Result<()> {
    let addr = socket.local_addr()?;
    let _echo = echo::datagrams(socket)?;

    for text in ["open", "sale", "close"] {
        assert_eq!(echo::call(addr, text)?, text);
    }
    Ok(())
}

#[isolated(addr = port(udp))]
#[tokio::test]
async fn hears_beacons_in_order(addr: SocketAddr) -> Result<(), AnyError> {
    let socket = tokio::net::UdpSocket::bind(addr).await?;

    beacon::announce("till 1", socket.local_addr()?, 20).await?;

    let expected: Vec<_> = (0..20).map(|n| format!("till 1 {n}")).collect();
    assert_eq!(
        beacon::hear(&socket, 20).await?,
        expected,
        "unexpected answer"
    );
    Ok(())
}
