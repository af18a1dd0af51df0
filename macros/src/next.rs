//! Determines which kind of item comes next.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::{Ident, LitStr, Token, token};

use crate::generics::read_visibility;

/// The kind of item that comes next.
pub(crate) enum Next {
    Function,
    Module,
    /// `mod name;`
    ModuleElsewhere,
    Other,
}

impl Next {
    /// Looks past the visibility and qualifiers.
    pub(crate) fn in_front_of(input: ParseStream<'_>) -> Next {
        let ahead = input.fork();
        if read_visibility(&ahead).is_err() {
            return Next::Other;
        }
        loop {
            if ahead.peek(Token![fn]) {
                return Next::Function;
            }
            if ahead.peek(Token![mod]) && ahead.peek2(Ident) {
                let is_inline = ahead.peek3(token::Brace);
                return if is_inline {
                    Next::Module
                } else {
                    Next::ModuleElsewhere
                };
            }
            let is_qualifier = ahead.peek(Token![const])
                || ahead.peek(Token![async])
                || ahead.peek(Token![unsafe])
                || ahead.peek(Token![extern])
                || ahead.peek(LitStr);
            if !is_qualifier || ahead.parse::<TokenTree>().is_err() {
                return Next::Other;
            }
        }
    }
}
