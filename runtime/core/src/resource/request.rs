//! What a test asks for, one resource at a time.

use crate::config::Keep;

/// One resource by its name.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The name that parameters are bound to.
    pub name: &'static str,
    /// What is asked for.
    pub kind: Kind,
}

/// The kinds of resource that the attribute knows.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `port`.
    Port(Protocol, usize),
    /// `tmpdir`.
    TmpDir {
        /// The tree that is copied in, relative to the root of the package.
        from: Option<&'static str>,
        /// When the directory is kept; unset means [`Keep::Failure`].
        keep: Option<Keep>,
    },
    /// `namespace`.
    Namespace,
    /// `seed`.
    Seed,
    /// A value of a type that implements [`Resource`](crate::Resource).
    Custom {
        /// Whether the parameter takes the handle by value.
        by_value: bool,
    },
}

/// The protocols for which a port is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// TCP and UDP on one number.
    Both,
}
