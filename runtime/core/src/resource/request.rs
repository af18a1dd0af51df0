//! The resources that a test requests.

use crate::config::Keep;

/// The request for one named resource.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The name to which parameters are bound.
    pub name: &'static str,
    /// The kind of resource.
    pub kind: Kind,
}

/// The kinds of resources that the attribute supports.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `port`.
    Port(Protocol, usize),
    /// `port(number = ...)`.
    FixedPort(Protocol, u16),
    /// `tmpdir`.
    TmpDir {
        /// The files and trees to copy into it, relative to the root of the package.
        from: &'static [&'static str],
        /// When the directory is kept; `None` means [`Keep::Failure`].
        keep: Option<Keep>,
    },
    /// `namespace`.
    Namespace,
    /// `seed`.
    Seed,
    /// `pool(key, items)`, by its position among the locks.
    Pool(usize),
    /// A value of a type that implements [`Resource`](crate::Resource).
    Custom {
        /// Whether the parameter takes the handle by value.
        by_value: bool,
    },
}

/// The protocols for which a port is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TCP and UDP on one number.
    Both,
}
