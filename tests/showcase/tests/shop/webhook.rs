//! Webhooks: the shop notifies a partner, a `tiny_http` server, of a sale.

use std::fmt::Display;
use std::io;
use std::net::ToSocketAddrs;
use std::time::Duration;

use tiny_http::{Response, Server};

use crate::shop::{AnyError, client};

/// A partner that waits for deliveries.
pub(crate) struct Partner(Server);

impl Partner {
    /// Starts listening on `addr`.
    pub(crate) fn listen(addr: impl ToSocketAddrs) -> Result<Self, AnyError> {
        Ok(Self(Server::http(addr)?))
    }

    /// Accepts the next delivery and returns its body.
    pub(crate) fn next(&self) -> io::Result<String> {
        let request = self.0.recv_timeout(Duration::from_secs(20))?;
        let mut request = request.ok_or(io::ErrorKind::TimedOut)?;
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body)?;
        request.respond(Response::empty(204))?;
        Ok(body)
    }
}

/// Notifies the partner on `addr` that `order` was paid.
pub(crate) fn deliver(addr: impl Display, order: &str) -> Result<u16, AnyError> {
    Ok(client::post(addr, "/paid", order)?.status)
}
