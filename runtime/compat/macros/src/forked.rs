//! `#[test_fork::test]` and `#[test_fork::fork]`: a subprocess and nothing else.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Result};

use crate::attribute::Attribute;
use crate::check;
use crate::function::{self, Function};
use crate::isolated::{self, Isolated};

/// The path that `test-fork` generates too.
fn krate() -> TokenStream {
    quote!(::test_fork)
}

pub(crate) fn test(arguments: &TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, "#[test_fork::test]", |function| {
        check::runtime(function)?;
        let plain = (!function.is_test()).then(|| quote!(#[::core::prelude::v1::test]));
        Ok(plain.unwrap_or_default())
    })
}

pub(crate) fn fork(arguments: &TokenStream, item: TokenStream) -> TokenStream {
    expand(arguments, item, "#[test_fork::fork]", |function| {
        if !function.is_test() {
            let message = "expected a test attribute below `#[test_fork::fork]`; add `#[test]`";
            return Err(Error::new(function.name.span(), message));
        }
        check::runtime(function)?;
        Ok(TokenStream::new())
    })
}

pub(crate) fn bench(item: TokenStream) -> TokenStream {
    match function::function(item, "#[test_fork::bench]") {
        Ok(function) => check::refused(&no_benchmark(function.name.span()), Some(&function)),
        Err(error) => error.to_compile_error(),
    }
}

fn no_benchmark(place: Span) -> Error {
    Error::new(
        place,
        "a benchmark cannot run in a subprocess, because its `Bencher` cannot be sent there; \
         write `#[bench]` alone, or use `test-fork` itself with `unstable` and `unsound`",
    )
}

fn expand(
    arguments: &TokenStream,
    item: TokenStream,
    attribute: &str,
    check: fn(&Function) -> Result<TokenStream>,
) -> TokenStream {
    let function = match function::function(item, attribute) {
        Ok(function) => function,
        Err(error) => return error.to_compile_error(),
    };
    let checked = no_arguments(arguments, attribute).and_then(|()| {
        if function.attributes.iter().any(Attribute::is_bench) {
            return Err(no_benchmark(function.name.span()));
        }
        check::parameters(&function, attribute)?;
        check(&function)
    });
    let plain = match checked {
        Ok(plain) => plain,
        Err(error) => return check::refused(&error, Some(&function)),
    };
    let krate = krate();
    let occurs = isolated::occurs(&krate, &function, "TEST_FORK_OCCURS");
    let isolated = Isolated {
        krate: &krate,
        arguments: quote!(process, env(#occurs),),
    };
    isolated.plain(&function, &plain)
}

fn no_arguments(arguments: &TokenStream, attribute: &str) -> Result<()> {
    match arguments.clone().into_iter().next() {
        None => Ok(()),
        Some(token) => Err(Error::new(
            token.span(),
            format!(
                "`{attribute}` takes no arguments; for a time limit and other options, write \
                 `#[isolated_test::isolated(...)]` instead"
            ),
        )),
    }
}
