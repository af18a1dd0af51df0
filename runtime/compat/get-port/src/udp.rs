//! UDP ports.

/// Picks UDP ports.
#[derive(Debug, Clone, Copy)]
pub struct UdpPort;

crate::ops!(
    UdpPort,
    isolated_test::Port::builder().udp(),
    std::net::UdpSocket
);
