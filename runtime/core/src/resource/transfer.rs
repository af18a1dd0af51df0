//! How the handles of custom resources reach another process.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::BoxError;

/// How the handle of a [`Resource`](crate::Resource) reaches the subprocess of a test; see
/// [`Resource::transfer`](crate::Resource::transfer).
pub struct Transfer<H> {
    pub(crate) way: Option<TextForm<H>>,
}

/// How a handle is written as text and read back.
pub(crate) struct TextForm<H> {
    pub(crate) write: fn(&H) -> String,
    pub(crate) read: fn(&str) -> Result<H, BoxError>,
}

impl<H> Transfer<H> {
    /// No transfer: the resource is provisioned in the subprocess of the test.
    #[must_use]
    pub fn none() -> Self {
        Transfer { way: None }
    }

    /// Transfers the handle as text: `write` runs in the parent, `read` in the subprocess.
    ///
    /// An error of `read` fails the test; the failure shows the error.
    #[must_use]
    pub fn with(write: fn(&H) -> String, read: fn(&str) -> Result<H, BoxError>) -> Self {
        Transfer {
            way: Some(TextForm { write, read }),
        }
    }

    /// Transfers the handle by its [`Display`] and [`FromStr`] implementations: addresses, numbers,
    /// text.
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
