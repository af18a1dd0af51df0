//! TCP ports.

/// Picks TCP ports.
#[derive(Debug, Clone, Copy)]
pub struct TcpPort;

crate::ops!(
    TcpPort,
    isolated_test::Port::builder(),
    std::net::TcpListener
);
