#![doc = include_str!("../README.md")]

pub mod tcp;
pub mod udp;

use std::sync::{Mutex, PoisonError};

type Port = u16;

/// The numbers from `min` to `max`, both included.
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

/// Picks numbers of one protocol, and reserves each until the process ends.
///
/// The methods return `None` when no number is left that fits. `host` is an IPv4 address, as with the
/// peer, which panics at any other text too. A number is reserved on all addresses of the machine.
pub trait Ops {
    /// Picks any free number.
    fn any(host: &str) -> Option<Port>;

    /// Picks the first free number of a range.
    fn in_range(host: &str, r: Range) -> Option<Port>;

    /// Picks the first free number of a list.
    fn from_list(host: &str, v: Vec<Port>) -> Option<Port>;

    /// Picks any free number but these.
    fn except(host: &str, v: Vec<Port>) -> Option<Port>;

    /// Picks the first free number of a range but these.
    fn in_range_except(host: &str, r: Range, v: Vec<Port>) -> Option<Port>;

    /// Whether a server could bind this number now.
    fn is_port_available(host: &str, p: Port) -> bool;
}

/// The ports that this process has picked. They stay reserved until it ends.
static PICKED: Mutex<Vec<isolated_test::Port>> = Mutex::new(Vec::new());

fn keep(port: isolated_test::Port) -> Port {
    let number = port.number();
    let mut picked = PICKED.lock().unwrap_or_else(PoisonError::into_inner);
    picked.push(port);
    number
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
                v.into_iter().find_map(|number| {
                    let port = $builder.number(number).try_reserve();
                    port.ok().flatten().map($crate::keep)
                })
            }

            fn except(host: &str, v: Vec<u16>) -> Option<u16> {
                let _checked = $crate::address(host);
                // Held until one fits, so that none comes twice.
                let mut others = Vec::new();
                loop {
                    let port = $builder.reserve().ok()?;
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
