//! `clock` and tokio: its timers, sockets and `pause` are as always.

use std::time::{Duration, Instant, SystemTime};

use isolated_test::{current, isolated};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

/// Time that passes is what these tests are about.
const PAUSE: Duration = Duration::from_millis(5);

#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn timers_and_sockets_go_on_while_the_clock_stands_still() {
    let (start, begun) = (SystemTime::now(), Instant::now());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        for _ in 0..4 {
            let (mut client, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                time::sleep(PAUSE).await;
                client.write_all(b"!").await.unwrap();
            });
        }
    });
    let clients = (0..4).map(|_| {
        tokio::spawn(async move {
            let mut server = TcpStream::connect(addr).await.unwrap();
            server.read_u8().await.unwrap()
        })
    });
    for client in clients.collect::<Vec<_>>() {
        assert_eq!(client.await.unwrap(), b'!');
    }
    server.await.unwrap();
    let mut ticks = time::interval(PAUSE);
    for _ in 0..3 {
        ticks.tick().await;
    }
    assert!(
        time::timeout(PAUSE, std::future::pending::<()>())
            .await
            .is_err()
    );
    let blocked = tokio::task::spawn_blocking(|| std::thread::sleep(PAUSE));
    blocked.await.unwrap();
    assert!(begun.elapsed() >= PAUSE * 5);
    assert_eq!(SystemTime::now(), start);
}

/// `pause` stops the time of timers, and `clock` the time of day. A test that has both moves both.
#[isolated(clock(at = "2026-02-28T23:59:59Z", frozen))]
#[tokio::test(start_paused = true)]
async fn paused_timers_and_the_clock_move_together() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    let (start, begun) = (SystemTime::now(), time::Instant::now());
    let alarm = tokio::spawn(async move {
        time::sleep(DAY).await;
        SystemTime::now()
    });
    tokio::task::yield_now().await;
    current().clock().advance(DAY);
    time::advance(DAY).await;
    assert_eq!(alarm.await.unwrap(), start + DAY);
    assert_eq!(begun.elapsed(), DAY);
}
