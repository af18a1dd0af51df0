//! The front desk: a `tiny_http` server that counts its visitors and sends them to the login page.

use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tiny_http::{Header, Request, Response, Server};

use crate::shop::AnyError;

/// The desk, which is open until it is dropped.
#[must_use = "the desk closes when it is dropped"]
pub(crate) struct Desk {
    server: Arc<Server>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Desk {
    /// Opens a desk on `addr`.
    pub(crate) fn open(addr: impl ToSocketAddrs) -> Result<Self, AnyError> {
        let server = Arc::new(Server::http(addr)?);
        let thread = thread::spawn({
            let server = Arc::clone(&server);
            move || {
                let mut visitors = 0;
                server
                    .incoming_requests()
                    .try_for_each(|request| answer(request, &mut visitors))
            }
        });
        Ok(Self {
            server,
            thread: Some(thread),
        })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(request: Request, visitors: &mut u32) -> io::Result<()> {
    match request.url() {
        "/login" => request.respond(Response::from_string("who are you")),
        "/visits" => request.respond(Response::from_string(visitors.to_string())),
        _ => {
            *visitors += 1;
            let login = Header::from_bytes("Location", "/login").expect("a valid header");
            request.respond(Response::empty(302).with_header(login))
        }
    }
}
