//! The requested locks.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use crate::args::{Items, Key};

/// A lock on one key.
pub(crate) struct Lock {
    pub(crate) mode: Mode,
    /// `None` for the key that has no name.
    pub(crate) key: Option<Key>,
    /// The key as text, for comparisons and messages.
    pub(crate) text: Option<String>,
    /// The argument that requests the lock.
    pub(crate) argument: Ident,
}

pub(crate) enum Mode {
    Exclusive,
    Shared,
    Limit(TokenStream),
    /// A pool, which is a resource: the holder has one of its items.
    Pool(Items),
}

pub(super) fn lock(argument: &Ident, mode: Mode, key: Option<Key>) -> Lock {
    Lock {
        mode,
        text: key.as_ref().map(Key::text),
        key,
        argument: argument.clone(),
    }
}

impl Lock {
    /// The tokens at which to report a mistake in the key.
    pub(crate) fn place(&self) -> TokenStream {
        match &self.key {
            None => self.argument.to_token_stream(),
            Some(Key::Text(text)) => text.to_token_stream(),
            Some(Key::Expression(tokens)) => tokens.clone(),
        }
    }
}
