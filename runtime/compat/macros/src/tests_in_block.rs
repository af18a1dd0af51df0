//! `rusty_fork_test!`: several tests, each in a subprocess, with one time limit.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Error, LitInt, Result, Token};

use crate::check;
use crate::function::{self, Function};
use crate::isolated::{self, Isolated};
use crate::sealed::bracketed;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let Some(krate) = bracketed(input.next()) else {
        return TokenStream::new();
    };
    let (limit, tests) = match settings(&krate, input.collect()) {
        Ok(read) => read,
        Err(error) => return error.to_compile_error(),
    };
    match function::functions(tests) {
        Ok(functions) => functions
            .iter()
            .map(|function| {
                test(&krate, &limit, function)
                    .unwrap_or_else(|error| check::refused(&error, Some(function)))
            })
            .collect(),
        Err(error) => {
            let message = format!("{error}; `rusty_fork_test!` can contain only test functions");
            Error::new(error.span(), message).to_compile_error()
        }
    }
}

fn test(krate: &TokenStream, limit: &TokenStream, function: &Function) -> Result<TokenStream> {
    check::parameters(function, "rusty_fork_test!")?;
    let occurs = isolated::occurs(krate, function, "RUSTY_FORK_OCCURS");
    let isolated = Isolated {
        krate,
        arguments: quote!(process, env(#occurs), #limit),
    };
    if !function.is_test() && !function.is_async {
        return Ok(isolated.called(function, &TokenStream::new()));
    }
    check::runtime(function)?;
    isolated.judged(function, &TokenStream::new())
}

/// Parses `#![rusty_fork(timeout_ms = 1000)]`. Returns the argument for the limit, and the tests.
fn settings(krate: &TokenStream, tokens: TokenStream) -> Result<(TokenStream, TokenStream)> {
    let tokens = function::flat(tokens);
    let [
        TokenTree::Punct(pound),
        TokenTree::Punct(bang),
        TokenTree::Group(group),
        tests @ ..,
    ] = tokens.as_slice()
    else {
        return Ok((TokenStream::new(), tokens.into_iter().collect()));
    };
    if pound.as_char() != '#' || bang.as_char() != '!' {
        return Ok((TokenStream::new(), tokens.into_iter().collect()));
    }
    let read = |input: ParseStream<'_>| {
        let name: Ident = input.parse()?;
        let content;
        syn::parenthesized!(content in input);
        let setting: Ident = content.parse()?;
        let _equals = content.parse::<Token![=]>()?;
        if name != "rusty_fork" || setting != "timeout_ms" {
            return Err(Error::new(setting.span(), "expected `timeout_ms`"));
        }
        content.parse::<TokenStream>()
    };
    let limit = read.parse2(group.stream()).map_err(|error| {
        Error::new(error.span(), "expected `#![rusty_fork(timeout_ms = 1000)]`")
    })?;
    let is_never = syn::parse2::<LitInt>(limit.clone())
        .is_ok_and(|number| number.base10_parse::<u64>().is_ok_and(|number| number == 0));
    let argument = if is_never {
        TokenStream::new()
    } else {
        quote!(timeout = #krate::__private::limit(#limit),)
    };
    Ok((argument, tests.iter().cloned().collect()))
}
