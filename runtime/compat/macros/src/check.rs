//! Refusals, each with a way out, and the function that stays beside one.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Result};

use crate::attribute::{Attribute, ShouldPanic};
use crate::function::Function;

/// A test attribute is needed to run a future.
pub(crate) fn runtime(function: &Function) -> Result<()> {
    let has_runtime = function
        .attributes
        .iter()
        .any(|attribute| attribute.is_test() && !attribute.is_plain_test());
    if function.is_async && !has_runtime {
        let message = "an `async` test needs a test attribute that runs it; write `#[tokio::test]` below, \
                       or that of another runtime";
        return Err(Error::new(function.name.span(), message));
    }
    Ok(())
}

/// A test takes nothing.
pub(crate) fn parameters(function: &Function, attribute: &str) -> Result<()> {
    if let Some(token) = function.parameters.stream().into_iter().next() {
        let message = format!(
            "a test of `{attribute}` has no parameters; for those of resources, write \
             `#[isolated_test::isolated(...)]` instead"
        );
        return Err(Error::new(token.span(), message));
    }
    if let Some(token) = function.generics.clone().into_iter().next() {
        return Err(Error::new(token.span(), "a test cannot be generic"));
    }
    Ok(())
}

/// Refuses the texts by which rusty-fork reports a failure. The test fails with its own panic.
pub(crate) fn text(should_panic: &ShouldPanic) -> Result<()> {
    let Some(text) = &should_panic.expected else {
        return Ok(());
    };
    let value = text.value();
    let starts = ["child exited", "child process exceeded"];
    if starts.iter().any(|start| value.starts_with(start)) {
        let message = "the panic of the test itself is compared, not the sentence about its process; write the \
                       text of that panic, or `#[should_panic]` alone, which accepts any end but success";
        return Err(Error::new(text.span(), message));
    }
    Ok(())
}

/// The function with an error beside it, so that its own errors and names stay.
pub(crate) fn refused(error: &Error, function: Option<&Function>) -> TokenStream {
    let error = error.to_compile_error();
    let function = function.map(|function| {
        let (signature, body) = (function.signature(), &function.body);
        let is_kept = |attribute: &&Attribute| {
            !attribute.is_test() && !attribute.is_bench() && attribute.should_panic().is_none()
        };
        let attributes = function.attributes.iter().filter(is_kept);
        quote! {
            #[allow(dead_code, reason = "it is not a test while there is an error")]
            #(#attributes)*
            #signature #body
        }
    });
    quote!(#error #function)
}
