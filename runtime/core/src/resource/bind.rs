//! The types that a parameter may have for each kind of resource.
//!
//! Each trait is implemented by the accepted types. A parameter of any other type produces the
//! trait's message. The message lists the types, so that the compiler need not list the
//! implementations.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::namespace::Namespace;
use super::port::Port;
use super::tmpdir::TmpDir;

/// Implements a trait for the types of parameters, each with the expression that makes its value.
macro_rules! bind {
    (
        $trait:ident::$method:ident($resource:ident: $Resource:ty)
        $($parameter:ty $(where $P:ident $(: $bound:ident)?)? => $value:expr,)*
    ) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<'cx $(, $P $(: $bound)?)?> $trait<'cx $(, $P)?> for $parameter {
                fn $method($resource: &'cx $Resource) -> Self {
                    $value
                }
            }
        )*
    };
}

/// The protocol of `port`, as a type.
#[derive(Debug)]
pub struct Tcp;

/// The protocol of `port(udp)`, as a type.
#[derive(Debug)]
pub struct Udp;

/// The protocols of `port(tcp, udp)`, as a type.
#[derive(Debug)]
pub struct Both;

/// A parameter type for `port`.
///
/// Implement it for a type of yours, so that a test can have it as a parameter. `P` is the protocol
/// for which the port is reserved: [`Tcp`], [`Udp`] or [`Both`].
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::forms::FromPort;
/// use isolated_test::{Port, isolated};
///
/// struct BaseUrl(String);
///
/// impl<P> FromPort<'_, P> for BaseUrl {
///     fn from_port(port: &Port) -> Self {
///         BaseUrl(format!("http://{}", port.addr()))
///     }
/// }
///
/// #[isolated(port)]
/// #[test]
/// fn has_a_base_url(port: BaseUrl) {
///     assert!(port.0.starts_with("http://127.0.0.1:"));
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a `port` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `Port`, `&Port`, `u16`, `SocketAddr`, `SocketAddrV4`, `String`, `TcpListener`, `UdpSocket`",
    note = "`TcpListener` needs a TCP port: `port`; `UdpSocket` needs a UDP port: `port(udp)`; several ports need `port(count = n)`"
)]
pub trait FromPort<'cx, P>: Sized {
    /// Converts the port to this type.
    fn from_port(port: &'cx Port) -> Self;
}

bind! {
    FromPort::from_port(port: Port)
    Port where P => port.clone(),
    &'cx Port where P => port,
    u16 where P => port.number(),
    SocketAddr where P => port.addr(),
    SocketAddrV4 where P => SocketAddrV4::new(Ipv4Addr::LOCALHOST, port.number()),
    String where P => port.addr().to_string(),
    TcpListener where P: IsTcp => port.listen().unwrap_or_else(|error| unbound(port, &error)),
    UdpSocket where P: IsUdp => port.bind_udp().unwrap_or_else(|error| unbound(port, &error)),
}

/// Panics because the test's own port cannot be bound. Only a program that asks for exactly this
/// number can cause that.
fn unbound(port: &Port, error: &std::io::Error) -> ! {
    panic!("failed to bind the reserved port {port}: {error}")
}

/// The protocols that include TCP.
pub trait IsTcp {}
impl IsTcp for Tcp {}
impl IsTcp for Both {}

/// The protocols that include UDP.
pub trait IsUdp {}
impl IsUdp for Udp {}
impl IsUdp for Both {}

/// A parameter type for `port(count = N)`.
///
/// Arrays and vectors of all types with [`FromPort`] have it.
#[diagnostic::on_unimplemented(
    message = "{N} ports cannot be bound to a parameter of type `{Self}`",
    label = "expected an array of {N} such as `[Port; {N}]` or `[u16; {N}]`, `&[Port]` or `Vec<Port>`",
    note = "the elements of the array are what one `port` may be: `Port`, `u16`, `SocketAddr`, `TcpListener`, `UdpSocket`"
)]
pub trait FromPorts<'cx, P, const N: usize>: Sized {
    /// Converts the ports to this type.
    fn from_ports(ports: &'cx [Port; N]) -> Self;
}

#[diagnostic::do_not_recommend]
impl<'cx, P, T: FromPort<'cx, P>, const N: usize> FromPorts<'cx, P, N> for [T; N] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports.each_ref().map(T::from_port)
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, P, T: FromPort<'cx, P>, const N: usize> FromPorts<'cx, P, N> for Vec<T> {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports.iter().map(T::from_port).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, P, const N: usize> FromPorts<'cx, P, N> for &'cx [Port] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, P, const N: usize> FromPorts<'cx, P, N> for &'cx [Port; N] {
    fn from_ports(ports: &'cx [Port; N]) -> Self {
        ports
    }
}

/// A parameter type for `tmpdir`. Implement it for a type of yours, as [`FromPort`].
#[diagnostic::on_unimplemented(
    message = "a `tmpdir` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `TmpDir`, `&TmpDir`, `&Path`, `PathBuf`",
    note = "the feature `tempfile` of `isolated-test` adds `&tempfile::TempDir` and `tempfile::TempDir`"
)]
pub trait FromTmpDir<'cx>: Sized {
    /// Converts the directory to this type.
    fn from_tmpdir(dir: &'cx TmpDir) -> Self;
}

bind! {
    FromTmpDir::from_tmpdir(dir: TmpDir)
    TmpDir => dir.clone(),
    &'cx TmpDir => dir,
    &'cx Path => dir.path(),
    PathBuf => dir.path().to_owned(),
}

/// A parameter type for `namespace`. Implement it for a type of yours, as [`FromPort`].
#[diagnostic::on_unimplemented(
    message = "a `namespace` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `Namespace`, `&Namespace`, `&str`, `String`"
)]
pub trait FromNamespace<'cx>: Sized {
    /// Converts the namespace to this type.
    fn from_namespace(namespace: &'cx Namespace) -> Self;
}

bind! {
    FromNamespace::from_namespace(namespace: Namespace)
    Namespace => namespace.clone(),
    &'cx Namespace => namespace,
    &'cx str => namespace.as_str(),
    String => namespace.as_str().to_owned(),
}

/// A parameter type for `seed`. Implement it for a type of yours, such as a generator of random
/// numbers.
#[diagnostic::on_unimplemented(
    message = "a `seed` cannot be bound to a parameter of type `{Self}`",
    label = "expected `u64`"
)]
pub trait FromSeed: Sized {
    /// Converts the seed to this type.
    fn from_seed(seed: u64) -> Self;
}

#[diagnostic::do_not_recommend]
impl FromSeed for u64 {
    fn from_seed(seed: u64) -> Self {
        seed
    }
}

/// A parameter type for a `pool`. Implement it for a type of yours to give the items a meaning.
///
/// # Examples
///
/// ```rust,test_harness
/// use isolated_test::forms::FromItem;
/// use isolated_test::isolated;
///
/// struct Database {
///     url: String,
/// }
///
/// impl FromItem for Database {
///     fn from_item(item: &'static str) -> Self {
///         let url = format!("postgres://localhost/{item}");
///         Database { url }
///     }
/// }
///
/// #[isolated(db = pool("databases", ["shop_1", "shop_2"]))]
/// #[test]
/// fn stores(db: Database) {
///     assert!(db.url.starts_with("postgres://localhost/shop_"));
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "an item of a `pool` cannot be bound to a parameter of type `{Self}`",
    label = "expected one of `&str`, `String`",
    note = "implement `isolated_test::forms::FromItem` for a type of yours"
)]
pub trait FromItem: Sized {
    /// Converts the item to this type.
    fn from_item(item: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl FromItem for &'static str {
    fn from_item(item: &'static str) -> Self {
        item
    }
}

#[diagnostic::do_not_recommend]
impl FromItem for String {
    fn from_item(item: &'static str) -> Self {
        item.to_owned()
    }
}

/// A handle that can be borrowed as `&T`, as deref coercion would do at up to two levels.
///
/// The number of dereferences only keeps the implementations apart.
#[diagnostic::on_unimplemented(
    message = "the resource hands out `{Self}`, which cannot be lent as `&{T}`; write `&{Self}`",
    label = "expected `&{Self}`, because the `Handle` of the resource is `{Self}`"
)]
pub trait Lent<T: ?Sized, const DEREFS: usize> {
    /// Borrows the handle as `&T`.
    fn lend(&self) -> &T;
}

#[diagnostic::do_not_recommend]
impl<T> Lent<T, 0> for T {
    fn lend(&self) -> &T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Deref> Lent<T::Target, 1> for T {
    fn lend(&self) -> &T::Target {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Deref<Target: Deref>> Lent<<T::Target as Deref>::Target, 2> for T {
    fn lend(&self) -> &<T::Target as Deref>::Target {
        self
    }
}
