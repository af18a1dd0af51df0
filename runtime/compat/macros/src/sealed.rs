//! `#[sealed_test]`: a subprocess, a working directory with copied files, variables, and code before
//! and after the body.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, Result};

use crate::arguments::Arguments;
use crate::check;
use crate::function::{self, Function, is_lone};
use crate::isolated::{self, Isolated, hygienic};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let (Some(krate), Some(arguments)) = (bracketed(input.next()), bracketed(input.next())) else {
        return TokenStream::new();
    };
    let function = match function::function(input.collect(), "#[sealed_test]") {
        Ok(function) => function,
        Err(error) => return error.to_compile_error(),
    };
    test(&krate, arguments, &function)
        .unwrap_or_else(|error| check::refused(&error, Some(&function)))
}

fn test(krate: &TokenStream, arguments: TokenStream, function: &Function) -> Result<TokenStream> {
    let Arguments {
        files,
        env,
        before,
        after,
    } = Arguments::read(arguments)?;
    check::runtime(function)?;
    check::parameters(function, "#[sealed_test]")?;
    if let Some(after) = &after {
        check_after(after, function)?;
    }
    let private = quote!(#krate::__private);
    let variables = env.iter().map(|(name, value)| quote!(#name = #value));
    let occurs = isolated::occurs(krate, function, "RUSTY_FORK_OCCURS");
    let files = (!files.is_empty()).then(|| {
        quote! {
            files = #private::Files {
                files: &[#(#files),*],
                package: ::core::option_env!("CARGO_PKG_NAME"),
                root: ::core::option_env!("CARGO_MANIFEST_DIR"),
            },
        }
    });
    let arguments = quote! {
        tmpdir,
        #files
        cwd,
        env(#(#variables,)* #occurs),
    };
    let before = before.map(|before| quote!(#before;));
    let after = after.map(|after| {
        let guard = hygienic("after");
        quote!(let #guard = #private::Finally::new(|| { #after; });)
    });
    let isolated = Isolated { krate, arguments };
    isolated.judged(function, &quote!(#before #after))
}

/// `after` also runs when the body has panicked, so it can neither return from the test nor use the
/// variables of the body.
fn check_after(after: &TokenStream, function: &Function) -> Result<()> {
    for token in after.clone() {
        if matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '?') {
            let message = "`after` cannot return from the test, because it also runs after a panic; write `.unwrap()`";
            return Err(Error::new(token.span(), message));
        }
    }
    let (_, body) = function.split_body();
    let body: Vec<TokenTree> = body.into_iter().collect();
    let local: Vec<String> = (0..body.len())
        .filter_map(|index| variable(&body[index..]))
        .collect();
    check_names(after, &local)
}

/// The name, if the tokens begin with `let name` or `let mut name`.
fn variable(tokens: &[TokenTree]) -> Option<String> {
    let (name, next) = match tokens {
        [
            TokenTree::Ident(word),
            TokenTree::Ident(mutable),
            TokenTree::Ident(name),
            next,
            ..,
        ] if word == "let" && mutable == "mut" => (name, next),
        [TokenTree::Ident(word), TokenTree::Ident(name), next, ..] if word == "let" => (name, next),
        _ => return None,
    };
    // Anything else is a pattern: `let Some(name) = ...`.
    let is_name = ['=', ':', ';'].iter().any(|mark| is_lone(next, *mark));
    is_name.then(|| name.to_string())
}

fn check_names(after: &TokenStream, local: &[String]) -> Result<()> {
    let mut is_member = false;
    for token in after.clone() {
        match &token {
            TokenTree::Ident(name) if !is_member && local.contains(&name.to_string()) => {
                let message = format!(
                    "`after` cannot use the variable `{name}` of the body, because it also runs after a panic, when \
                     the variable is gone; keep it in a `static`, or clean up in its `Drop`"
                );
                return Err(Error::new(name.span(), message));
            }
            TokenTree::Group(group) => check_names(&group.stream(), local)?,
            _ => {}
        }
        is_member = matches!(&token, TokenTree::Punct(mark) if ".:".contains(mark.as_char()));
    }
    Ok(())
}

/// The tokens in brackets.
pub(crate) fn bracketed(token: Option<TokenTree>) -> Option<TokenStream> {
    match token? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
        _ => None,
    }
}
