//! Ports that are picked first and used a little later, as in a test that starts a server.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::spoken::{now, told};
use crate::{attributed, floor};

/// Time from picking a port until the server listens.
const STARTING: Duration = Duration::from_millis(1);

/// Time for which the server listens.
const SERVING: Duration = Duration::from_millis(1);

thread_local! {
    static COLLISIONS: Cell<u32> = const { Cell::new(0) };
}

/// Starts a server on the port, and counts a collision if the port is taken.
fn serve(port: u16) {
    thread::sleep(STARTING);
    let server = TcpListener::bind(("127.0.0.1", port));
    if server.is_err() {
        COLLISIONS.set(COLLISIONS.get() + 1);
    }
    thread::sleep(SERVING);
}

mod isolated {
    use isolated_test::isolated;

    #[isolated(port)]
    #[test]
    pub(super) fn port(port: u16) {
        super::serve(port);
    }
}

#[test]
fn worker() {
    let pick: fn() = match &*told::<String>("METHOD") {
        "floor" => || {
            let (_held, port) = floor::held();
            serve(port);
        },
        "isolated-test" => isolated::port,
        "bind(0) and drop" => || serve(attributed::picked_by_binding()),
        "portpicker" => || serve(portpicker::pick_unused_port().expect("a port is free")),
        method => panic!("there is no method {method}"),
    };
    (0..told("PICKS")).for_each(|_| pick());
    println!("\ncollisions,{}", COLLISIONS.get());
}

/// A neighbour on the same machine that holds many ports and constantly releases one and binds
/// another.
#[test]
fn neighbour() {
    let mut held = VecDeque::new();
    while now() < told::<i64>("END") {
        held.extend(TcpListener::bind(("127.0.0.1", 0)));
        if held.len() > 500 {
            held.pop_front();
            thread::sleep(Duration::from_micros(50));
        }
    }
}
