//! Checks of functions. Each error says how to fix it, and the function stays in the expansion.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Result};

use crate::attribute::{Attribute, ShouldPanic};
use crate::function::Function;

/// An `async` test needs a test attribute that runs its future.
pub(crate) fn runtime(function: &Function) -> Result<()> {
    let has_runtime = function
        .attributes
        .iter()
        .any(|attribute| attribute.is_test() && !attribute.is_plain_test());
    if function.is_async && !has_runtime {
        let message = "an `async` test needs a test attribute that runs it; add `#[tokio::test]`, or that of \
                       another runtime, below";
        return Err(Error::new(function.name.span(), message));
    }
    Ok(())
}

/// A test has neither parameters nor generics.
pub(crate) fn parameters(function: &Function, attribute: &str) -> Result<()> {
    if let Some(token) = function.parameters.stream().into_iter().next() {
        let message = format!(
            "a test with `{attribute}` cannot have parameters; for resources as parameters, write \
             `#[isolated_test::isolated(...)]` instead"
        );
        return Err(Error::new(token.span(), message));
    }
    if let Some(token) = function.generics.clone().into_iter().next() {
        return Err(Error::new(token.span(), "a test cannot be generic"));
    }
    Ok(())
}

/// Refuses the messages with which rusty-fork reports a failure. Here the test fails with its own panic.
pub(crate) fn text(should_panic: &ShouldPanic) -> Result<()> {
    let Some(text) = &should_panic.expected else {
        return Ok(());
    };
    let value = text.value();
    let starts = ["child exited", "child process exceeded"];
    if starts.iter().any(|start| value.starts_with(start)) {
        let message = "expected text from the test's own panic, because the message about its process is not \
                       compared; write that text, or `#[should_panic]` alone, which accepts any failure";
        return Err(Error::new(text.span(), message));
    }
    Ok(())
}

/// The error and the function, so that rustc still checks the body and resolves the name.
pub(crate) fn refused(error: &Error, function: Option<&Function>) -> TokenStream {
    let error = error.to_compile_error();
    let function = function.map(|function| {
        let (signature, body) = (function.signature(), &function.body);
        let is_kept = |attribute: &&Attribute| {
            !attribute.is_test() && !attribute.is_bench() && attribute.should_panic().is_none()
        };
        let attributes = function.attributes.iter().filter(is_kept);
        quote! {
            #(#attributes)*
            #signature #body
        }
    });
    quote!(#error #function)
}
