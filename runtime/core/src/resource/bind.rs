//! The forms in which a parameter takes a resource.
//!
//! Each trait is implemented by the types that a parameter may have. Their messages are what a user
//! reads who has written another type.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use super::namespace::Namespace;
use super::port::Port;
use super::tmpdir::TmpDir;

/// TCP, as a type.
#[derive(Debug)]
pub struct Tcp;

/// UDP, as a type.
#[derive(Debug)]
pub struct Udp;

/// TCP and UDP on one number, as a type.
#[derive(Debug)]
pub struct Both;

/// A form of `port`.
#[diagnostic::on_unimplemented(
    message = "a `port` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `Port`, `&Port`, `u16`, `SocketAddr`, `TcpListener`, `UdpSocket`",
    note = "`TcpListener` needs a TCP port: `port`; `UdpSocket` needs a UDP port: `port(udp)`; several ports need `port(count = n)`"
)]
pub trait FromPort<'cx, P>: Sized {
    /// Takes this form.
    fn from_port(port: &'cx Port) -> Self;
}

impl<P> FromPort<'_, P> for Port {
    fn from_port(port: &Port) -> Self {
        port.clone()
    }
}

impl<'cx, P> FromPort<'cx, P> for &'cx Port {
    fn from_port(port: &'cx Port) -> Self {
        port
    }
}

impl<P> FromPort<'_, P> for u16 {
    fn from_port(port: &Port) -> Self {
        port.number()
    }
}

impl<P> FromPort<'_, P> for SocketAddr {
    fn from_port(port: &Port) -> Self {
        port.addr()
    }
}

/// Has the protocol TCP.
#[diagnostic::do_not_recommend]
impl<P: IsTcp> FromPort<'_, P> for TcpListener {
    fn from_port(port: &Port) -> Self {
        port.listen().unwrap_or_else(|error| unbound(port, &error))
    }
}

#[diagnostic::do_not_recommend]
impl<P: IsUdp> FromPort<'_, P> for UdpSocket {
    fn from_port(port: &Port) -> Self {
        port.bind_udp()
            .unwrap_or_else(|error| unbound(port, &error))
    }
}

/// Ends a test whose own port cannot be bound, which only a program that asks for this very number
/// can bring about.
fn unbound(port: &Port, error: &std::io::Error) -> ! {
    panic!("failed to bind the reserved port {port}: {error}")
}

/// The protocols that have TCP.
pub trait IsTcp {}
impl IsTcp for Tcp {}
impl IsTcp for Both {}

/// The protocols that have UDP.
pub trait IsUdp {}
impl IsUdp for Udp {}
impl IsUdp for Both {}

/// A form of `port(count = N)`.
#[diagnostic::on_unimplemented(
    message = "{N} ports cannot be bound to a parameter of type `{Self}`",
    label = "expected an array of {N} such as `[Port; {N}]` or `[u16; {N}]`, `&[Port]` or `Vec<Port>`",
    note = "the elements of the array are what one `port` may be: `Port`, `u16`, `SocketAddr`, `TcpListener`, `UdpSocket`"
)]
pub trait FromPorts<'cx, P, const N: usize>: Sized {
    /// Takes this form.
    fn from_ports(ports: &'cx [Port; N]) -> Self;
}

impl<'cx, P, T: FromPort<'cx, P>, const N: usize> FromPorts<'cx, P, N> for [T; N] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports.each_ref().map(T::from_port)
    }
}

impl<'cx, P, T: FromPort<'cx, P>, const N: usize> FromPorts<'cx, P, N> for Vec<T> {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports.iter().map(T::from_port).collect()
    }
}

impl<'cx, P, const N: usize> FromPorts<'cx, P, N> for &'cx [Port] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports
    }
}

impl<'cx, P, const N: usize> FromPorts<'cx, P, N> for &'cx [Port; N] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports
    }
}

/// A form of `tmpdir`.
#[diagnostic::on_unimplemented(
    message = "a `tmpdir` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `TmpDir`, `&TmpDir`, `&Path`, `PathBuf`"
)]
pub trait FromTmpDir<'cx>: Sized {
    /// Takes this form.
    fn from_tmpdir(dir: &'cx TmpDir) -> Self;
}

impl FromTmpDir<'_> for TmpDir {
    fn from_tmpdir(dir: &TmpDir) -> Self {
        dir.clone()
    }
}

impl<'cx> FromTmpDir<'cx> for &'cx TmpDir {
    fn from_tmpdir(dir: &'cx TmpDir) -> Self {
        dir
    }
}

impl<'cx> FromTmpDir<'cx> for &'cx Path {
    fn from_tmpdir(dir: &'cx TmpDir) -> Self {
        dir.path()
    }
}

impl FromTmpDir<'_> for PathBuf {
    fn from_tmpdir(dir: &TmpDir) -> Self {
        dir.path().to_owned()
    }
}

/// A form of `namespace`.
#[diagnostic::on_unimplemented(
    message = "a `namespace` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `Namespace`, `&Namespace`, `&str`, `String`"
)]
pub trait FromNamespace<'cx>: Sized {
    /// Takes this form.
    fn from_namespace(namespace: &'cx Namespace) -> Self;
}

impl FromNamespace<'_> for Namespace {
    fn from_namespace(namespace: &Namespace) -> Self {
        namespace.clone()
    }
}

impl<'cx> FromNamespace<'cx> for &'cx Namespace {
    fn from_namespace(namespace: &'cx Namespace) -> Self {
        namespace
    }
}

impl<'cx> FromNamespace<'cx> for &'cx str {
    fn from_namespace(namespace: &'cx Namespace) -> Self {
        namespace.as_str()
    }
}

impl FromNamespace<'_> for String {
    fn from_namespace(namespace: &Namespace) -> Self {
        namespace.as_str().to_owned()
    }
}

/// A form of `seed`.
#[diagnostic::on_unimplemented(
    message = "a `seed` cannot be bound to a parameter of type `{Self}`",
    label = "expected `u64`"
)]
pub trait FromSeed: Sized {
    /// Takes this form.
    fn from_seed(seed: u64) -> Self;
}

impl FromSeed for u64 {
    fn from_seed(seed: u64) -> Self {
        seed
    }
}
