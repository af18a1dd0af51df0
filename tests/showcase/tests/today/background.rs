//! The server in the background found in every code base: a task binds the port, and a loop connects
//! until something accepts.

use std::fmt::Display;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use crate::shop::web;

const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the web shop on `addr`.
pub(crate) fn web_shop(addr: impl Display) {
    let addr = addr.to_string();
    tokio::spawn({
        let addr = addr.clone();
        async move {
            let listener = TcpListener::bind(addr).await.unwrap();
            web::serve(listener).await.unwrap();
        }
    });
    wait_until_ready(&addr);
}

fn wait_until_ready(addr: &str) {
    let start = Instant::now();
    while let Err(error) = TcpStream::connect(addr) {
        assert!(start.elapsed() < PATIENCE, "no server on {addr}: {error}");
        thread::sleep(Duration::from_millis(5));
    }
}
