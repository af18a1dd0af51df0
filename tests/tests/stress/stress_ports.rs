//! 100,000 reservations by 8 processes beside noisy neighbours: no port is refused to its owner or
//! assigned twice.

#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use isolated_test_tests::State;
use isolated_test_tests::witness::Counters;

/// Number of ports that all processes together take with `Port::reserve`.
/// The attribute gives them a quarter as many beside these.
const PORTS: u64 = 100_000;

/// Number of processes that take ports.
const PROCESSES: usize = 8;

/// Number of neighbours, each as fast as it can be.
const NEIGHBOURS: usize = 2;

/// Index of the total of [`PORTS`], after one counter for each port number.
const TAKEN: usize = 65_536;
const COUNTERS: usize = TAKEN + 1;

mod inner {
    use std::net::TcpListener;
    use std::path::Path;
    use std::sync::atomic::Ordering;

    use isolated_test::{Port, current, isolated};
    use isolated_test_tests::witness::Counters;

    use super::{COUNTERS, PORTS, TAKEN};

    /// Takes ten ports, lets the levels below take theirs, and only then listens on its own.
    #[isolated(port(count = 2), test_attribute = "called by a test")]
    fn takes_ten(counters: &Counters, depth: usize) {
        let mut ports = current().ports("port");
        ports.extend([(); 8].map(|()| Port::reserve().unwrap()));
        counters.at(TAKEN).fetch_add(8, Ordering::Relaxed);
        for port in &ports {
            let others = counters
                .at(usize::from(port.number()))
                .fetch_add(1, Ordering::SeqCst);
            assert_eq!(others, 0, "{port} was given twice");
        }
        deeper(counters, depth - 1);
        for port in &ports {
            for host in ["127.0.0.1", "0.0.0.0", "::1", "::"] {
                let listener = TcpListener::bind((host, port.number()));
                assert!(
                    listener.is_ok(),
                    "{port} on {host} is refused to its owner: {listener:?}\n{}",
                    sockets_on(port.number())
                );
            }
        }
        for port in &ports {
            counters
                .at(usize::from(port.number()))
                .fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Lists the kernel's sockets on a port, to show who is in the way.
    fn sockets_on(port: u16) -> String {
        let files = ["/proc/net/tcp", "/proc/net/tcp6"];
        let all = files.map(|file| std::fs::read_to_string(file).unwrap_or_default());
        let lines = all.iter().flat_map(|list| list.lines());
        let here = format!(":{port:04X} ");
        lines
            .filter(|line| line.contains(&here))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Isolates again: in its own body, the name of a test refers to the function as written,
    /// without the attribute.
    fn deeper(counters: &Counters, depth: usize) {
        if depth > 0 {
            takes_ten(counters, depth);
        }
    }

    #[test]
    #[ignore = "started by another test"]
    fn takes_ports() {
        let dir = std::env::var_os("STRESS_DIR").expect("the outer test says where");
        let counters = Counters::open(&Path::new(&dir).join("counters"), COUNTERS).unwrap();
        while counters.at(TAKEN).load(Ordering::Relaxed) < PORTS {
            deeper(&counters, 5);
        }
    }
}

/// Opens outgoing connections and binds port 0 on every address, as fast as possible.
fn make_noise(end: &AtomicBool, taken: &AtomicU64) {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let target = server.local_addr().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Ends with the connection that is opened after the end of the loop below.
            for connection in server.incoming() {
                drop(connection);
                if end.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let addresses: [SocketAddr; 4] = [
            (Ipv4Addr::LOCALHOST, 0).into(),
            (Ipv4Addr::UNSPECIFIED, 0).into(),
            (Ipv6Addr::LOCALHOST, 0).into(),
            (Ipv6Addr::UNSPECIFIED, 0).into(),
        ];
        let mut kept = VecDeque::new();
        while !end.load(Ordering::Relaxed) {
            for address in addresses {
                kept.extend(TcpListener::bind(address).ok());
                drop(UdpSocket::bind(address));
            }
            if let Ok(connection) = TcpStream::connect(target) {
                drop(connection);
            }
            kept.drain(..kept.len().saturating_sub(50));
            taken.fetch_add(9, Ordering::Relaxed);
        }
        drop(TcpStream::connect(target));
    });
}

#[test]
fn ports_beside_noisy_neighbours() {
    let state = State::new();
    let dir = state.scratch();
    let counters = Counters::open(&dir.join("counters"), COUNTERS).unwrap();
    let (end, noise) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..NEIGHBOURS {
            scope.spawn(|| make_noise(&end, &noise));
        }
        let workers: Vec<_> = (0..PROCESSES)
            .map(|_| state.inner("takes_ports").env("STRESS_DIR", &dir).start())
            .collect();
        let finished: Vec<_> = workers
            .into_iter()
            .map(isolated_test_tests::Running::finish)
            .collect();
        end.store(true, Ordering::Relaxed);
        // A process that fails leaves its counters as they are, and others stumble over them, so
        // all failures are shown.
        let failed: Vec<_> = finished
            .iter()
            .filter(|finished| !finished.status.success())
            .map(|finished| finished.errors.as_str())
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    });
    let taken = counters.at(TAKEN).load(Ordering::Relaxed);
    println!(
        "{taken} ports beside {} of the neighbours",
        noise.load(Ordering::Relaxed)
    );
    assert!(taken >= PORTS);
    assert!(
        noise.load(Ordering::Relaxed) > 1_000,
        "the neighbours were not noisy"
    );
}
