#![doc = include_str!("../README.md")]

pub mod tcp;
pub mod udp;

use std::error::Error as _;
use std::io;

use isolated_test::{Error, ErrorKind, Port, PortBuilder};

/// The numbers from `min` to `max`, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first number.
    pub min: u16,
    /// The last number.
    pub max: u16,
}

impl Default for Range {
    fn default() -> Self {
        Range {
            min: 1024,
            max: 65535,
        }
    }
}

/// Picks port numbers of one protocol and reserves each until the process ends.
///
/// The methods return `None` if no suitable number is free. A number is reserved on all addresses of
/// the machine, whatever the `host`.
///
/// # Panics
///
/// As in `get-port`, the methods panic if `host` is not an IPv4 address. Those that pick a number also
/// panic if it cannot be reserved for a reason other than being taken, for example because the process
/// has too many open files.
pub trait Ops {
    /// Picks any free number.
    #[track_caller]
    fn any(host: &str) -> Option<u16>;

    /// Picks the first free number of a range.
    #[track_caller]
    fn in_range(host: &str, r: Range) -> Option<u16>;

    /// Picks the first free number of a list.
    #[track_caller]
    fn from_list(host: &str, v: Vec<u16>) -> Option<u16>;

    /// Picks any free number that is not in the list.
    #[track_caller]
    fn except(host: &str, v: Vec<u16>) -> Option<u16>;

    /// Picks the first free number of a range that is not in the list.
    #[track_caller]
    fn in_range_except(host: &str, r: Range, v: Vec<u16>) -> Option<u16>;

    /// Whether a server could bind this number now.
    #[track_caller]
    fn is_port_available(host: &str, p: u16) -> bool;
}

/// Keeps a port reserved until the process ends and the system releases the number.
fn keep(port: Port) -> u16 {
    let number = port.number();
    std::mem::forget(port);
    number
}

/// Reserves any free number, or returns `None` if all are taken.
#[track_caller]
fn reserve_any(builder: PortBuilder) -> Option<Port> {
    match builder.reserve() {
        Ok(port) => Some(port),
        Err(error) if cause(&error) == Some(io::ErrorKind::AddrInUse) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Reserves one number, or returns `None` if it is taken or this process may not bind it.
#[track_caller]
fn reserve_one(builder: PortBuilder, number: u16) -> Option<Port> {
    match builder.number(number).try_reserve() {
        Ok(port) => port,
        Err(error) if cause(&error) == Some(io::ErrorKind::PermissionDenied) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Why the system refused a number.
fn cause(error: &Error) -> Option<io::ErrorKind> {
    let cause = error.source()?.downcast_ref::<io::Error>()?;
    (error.kind() == ErrorKind::Port).then(|| cause.kind())
}

/// Implements [`Ops`] with a builder for ports, and the socket that a server would bind.
macro_rules! ops {
    ($type:ty, $builder:expr, $socket:ty) => {
        impl $crate::Ops for $type {
            fn any(host: &str) -> Option<u16> {
                Self::except(host, Vec::new())
            }

            fn in_range(host: &str, r: $crate::Range) -> Option<u16> {
                Self::in_range_except(host, r, Vec::new())
            }

            fn from_list(host: &str, v: Vec<u16>) -> Option<u16> {
                let _checked = $crate::address(host);
                for number in v {
                    if let Some(port) = $crate::reserve_one($builder, number) {
                        return Some($crate::keep(port));
                    }
                }
                None
            }

            fn except(host: &str, v: Vec<u16>) -> Option<u16> {
                let _checked = $crate::address(host);
                // Held until the loop ends, so that no number comes up twice.
                let mut others = Vec::new();
                loop {
                    let port = $crate::reserve_any($builder)?;
                    if !v.contains(&port.number()) {
                        return Some($crate::keep(port));
                    }
                    others.push(port);
                }
            }

            fn in_range_except(host: &str, r: $crate::Range, v: Vec<u16>) -> Option<u16> {
                let fits = |number: &u16| !v.contains(number);
                Self::from_list(host, (r.min..=r.max).filter(fits).collect())
            }

            fn is_port_available(host: &str, p: u16) -> bool {
                <$socket>::bind(($crate::address(host), p)).is_ok()
            }
        }
    };
}
use ops;

#[track_caller]
fn address(host: &str) -> std::net::Ipv4Addr {
    let Ok(address) = host.parse() else {
        panic!("expected an IPv4 address as the host, found {host:?}");
    };
    address
}
