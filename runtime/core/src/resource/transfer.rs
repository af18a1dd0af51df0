//! How the handles of the user's own resources get into another process.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::BoxError;

/// How the handle of a [`Resource`](crate::Resource) gets into the process of a test; see
/// [`Resource::transfer`](crate::Resource::transfer).
pub struct Transfer<H> {
    pub(crate) way: Option<TextForm<H>>,
}

/// How a handle is written as text, and read again.
pub(crate) struct TextForm<H> {
    pub(crate) write: fn(&H) -> String,
    pub(crate) read: fn(&str) -> Result<H, BoxError>,
}

impl<H> Transfer<H> {
    /// It does not: the resource is provisioned in the process of the test.
    #[must_use]
    pub fn none() -> Self {
        Transfer { way: None }
    }

    /// It is written as a text in the parent, and read in the process of the test.
    ///
    /// An error of `read` fails the test with its reason.
    #[must_use]
    pub fn with(write: fn(&H) -> String, read: fn(&str) -> Result<H, BoxError>) -> Self {
        Transfer {
            way: Some(TextForm { write, read }),
        }
    }

    /// It is written and read as people see it: for addresses, numbers, text.
    #[must_use]
    pub fn as_text() -> Self
    where
        H: Display + FromStr,
        H::Err: Into<BoxError>,
    {
        Transfer::with(H::to_string, |text| text.parse().map_err(Into::into))
    }
}

impl<H> fmt::Debug for Transfer<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.way.is_some() {
            "Transfer::with"
        } else {
            "Transfer::none"
        })
    }
}
