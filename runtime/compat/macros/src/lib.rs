//! The macros of the drop-in packages of `isolated-test`. Depend on one of these packages instead.
//!
//! Each macro accepts the input of the original macro and generates the same function below
//! `#[isolated(...)]`. The runtime part is in `isolated-compat`, which the generated code reaches
//! through the drop-in package.

mod arguments;
mod attribute;
mod check;
mod context;
mod forked;
mod function;
mod isolated;
mod sealed;
#[cfg(test)]
mod tests;
mod tests_in_block;

use proc_macro::TokenStream;
use quote::quote;

/// `#[sealed_test]`.
///
/// Like the original attribute, it expands to `rusty_fork_test!`, which the prelude imports and which
/// knows the path of its package.
#[proc_macro_attribute]
pub fn sealed_test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (
        proc_macro2::TokenStream::from(arguments),
        proc_macro2::TokenStream::from(item),
    );
    quote!(rusty_fork_test! { @sealed_test [#arguments] #item }).into()
}

/// The second half of `#[sealed_test]`: `[path of the package] [arguments] function`.
#[doc(hidden)]
#[proc_macro]
pub fn sealed(input: TokenStream) -> TokenStream {
    sealed::expand(input.into()).into()
}

/// `rusty_fork_test!`: `[path of the package] tests`.
#[doc(hidden)]
#[proc_macro]
pub fn rusty_fork_tests(input: TokenStream) -> TokenStream {
    tests_in_block::expand(input.into()).into()
}

/// `#[test_context(...)]`: runs a test with a context.
#[proc_macro_attribute]
pub fn test_context(arguments: TokenStream, item: TokenStream) -> TokenStream {
    context::expand(arguments.into(), item.into()).into()
}

/// `#[test_fork::test]`: makes a function a test that runs in a subprocess.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    forked::test(&arguments.into(), item.into()).into()
}

/// `#[test_fork::fork]`: runs the test below in a subprocess.
#[proc_macro_attribute]
pub fn fork(arguments: TokenStream, item: TokenStream) -> TokenStream {
    forked::fork(&arguments.into(), item.into()).into()
}

/// `#[test_fork::bench]`: refused.
#[proc_macro_attribute]
pub fn bench(_: TokenStream, item: TokenStream) -> TokenStream {
    forked::bench(item.into()).into()
}
