//! The attributes of `isolated-serial-test`, which re-exports them. Depend on that crate instead.
//!
//! `args` parses the arguments of an attribute, `item` finds the parts of a function or module, and
//! `expand` wraps each body in its locks. Bodies are never parsed.

mod args;
mod claim;
mod expand;
mod function;
mod harness;
mod item;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use quote::quote;

use crate::claim::Kind;

/// Runs a test, or each test of a module, while no other test with the same key runs.
///
/// ```ignore
/// #[test]
/// #[serial(database)]
/// fn writes() { /* ... */ }
/// ```
///
/// The key belongs to the package: it applies in all of its test binaries, whichever runner starts
/// them. Without a key, the attribute uses a default key. With several keys, all are held.
/// `crate = path` is the path to this crate, and `inner_attrs = [timeout(1000)]` puts attributes on the
/// body, inside the lock.
///
/// On a function that is not a test, the lock is held during each call. A call from a test or function
/// that already holds the key does not wait.
#[proc_macro_attribute]
pub fn serial(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Serial, arguments, item)
}

/// Runs a test, or each test of a module, alongside other `parallel` tests, but never alongside a
/// [`macro@serial`] test with the same key.
///
/// ```ignore
/// #[test]
/// #[parallel(database)]
/// fn reads() { /* ... */ }
/// ```
///
/// The arguments are those of [`macro@serial`].
#[proc_macro_attribute]
pub fn parallel(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::Parallel, arguments, item)
}

/// Like [`macro@serial`], with a key that all packages share.
///
/// ```ignore
/// #[test]
/// #[file_serial(licence)]
/// fn asks_for_a_licence() { /* ... */ }
///
/// #[test]
/// #[file_serial(key, path => "/srv/shared/lock")]
/// fn shares_a_file() { /* ... */ }
/// ```
///
/// With `path`, the file at that path is locked too, so the lock works between all programs that share
/// the file. At most one key is allowed then.
#[proc_macro_attribute]
pub fn file_serial(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::FileSerial, arguments, item)
}

/// Like [`macro@parallel`], for tests that are [`macro@file_serial`].
///
/// ```ignore
/// #[test]
/// #[file_parallel(licence)]
/// fn counts_licences() { /* ... */ }
/// ```
#[proc_macro_attribute]
pub fn file_parallel(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Kind::FileParallel, arguments, item)
}

fn attribute(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    expand::item(kind, arguments.into(), item.clone())
        .unwrap_or_else(|mistake| {
            let mistake = mistake.to_compile_error();
            quote!(#mistake #item)
        })
        .into()
}
