//! The hidden argument that passes the arguments of a module or file on to its tests:
//! `__inherited(1, port, serial = "a")`.

use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Ident;

pub(super) const NAME: &str = "__inherited";

/// The arguments of an enclosing module or file.
#[derive(Clone)]
pub(crate) struct Inherited {
    /// The number of modules between the attribute and the test.
    pub(crate) modules: usize,
    pub(crate) arguments: TokenStream,
}

impl Inherited {
    /// Reads the content of the parentheses.
    pub(super) fn read(content: &Group) -> Option<Inherited> {
        let mut tokens = content.stream().into_iter();
        let modules = tokens.next()?.to_string().parse().ok()?;
        let _comma = tokens.next();
        let arguments = tokens.collect();
        Some(Inherited { modules, arguments })
    }

    /// Reads arguments that consist of nothing else.
    pub(crate) fn alone(arguments: &TokenStream) -> Option<Inherited> {
        let mut tokens = arguments.clone().into_iter();
        match (tokens.next()?, tokens.next()?, tokens.next()) {
            (TokenTree::Ident(name), TokenTree::Group(content), None) if name == NAME => {
                Inherited::read(&content)
            }
            _ => None,
        }
    }
}

impl ToTokens for Inherited {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = Ident::new(NAME, Span::call_site());
        let modules = Literal::usize_unsuffixed(self.modules);
        let arguments = &self.arguments;
        tokens.extend(quote!(#name(#modules, #arguments)));
    }
}
