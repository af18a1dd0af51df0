//! Ports on a machine without IPv6.

use std::net::TcpListener;

use crate::observed::say;

#[test]
fn portpicker_peer() {
    match portpicker::pick_unused_port() {
        Some(_) => say("a port"),
        None => say("no port"),
    }
}

#[test]
fn bind_and_drop() {
    let bound = TcpListener::bind(("127.0.0.1", 0));
    say(if bound.is_ok() { "a port" } else { "no port" });
}

#[isolated_test::isolated(port)]
#[test]
fn isolated(port: isolated_test::Port) {
    let server = port.listen();
    say(if server.is_ok() { "a port" } else { "no port" });
}
