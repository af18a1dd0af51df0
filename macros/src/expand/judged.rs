//! A test whose end another attribute looks at: at the value of the function, or at its panic.
//!
//! The attribute makes a test around the function and looks in there, so it is that test which needs
//! the process. `test_case` copies onto it what stands below, and there we put ourselves. The
//! expressions of the user move along, into a module below, where the arguments of the case have no
//! names.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

use super::call::Writer;
use crate::model::Kind;

impl Writer<'_> {
    /// Our attribute for the test that is made around the function.
    pub(super) fn judged(&self, arguments: &TokenStream) -> TokenStream {
        let resources = self.model.wanted.resources.iter().zip(&self.model.given);
        let given = resources.filter_map(|(resource, given)| match resource.kind {
            Kind::Own(_) if *given => Some(&resource.name),
            _ => None,
        });
        let krate = one_deeper(self.krate.clone());
        let arguments = one_deeper(arguments.clone());
        quote!(#[#krate::isolated(judged(#(#given),*), #arguments)])
    }
}

/// The same paths, seen from a module of the module: `super` leads one further, `self` to `super`.
fn one_deeper(tokens: TokenStream) -> TokenStream {
    let (mut output, mut colons) = (TokenStream::new(), 0);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let begins = colons < 2;
        colons = match &token {
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons + 1,
            _ => 0,
        };
        let goes_on =
            matches!(tokens.peek(), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
        match token {
            TokenTree::Ident(word) if begins && goes_on && word == "super" => {
                output.extend(quote!(#word::#word));
            }
            TokenTree::Ident(word) if begins && goes_on && word == "self" => {
                let above = syn::Ident::new("super", word.span());
                output.extend(quote!(#above));
            }
            TokenTree::Group(group) => {
                let mut deeper = Group::new(group.delimiter(), one_deeper(group.stream()));
                deeper.set_span(group.span());
                output.extend([TokenTree::from(deeper)]);
            }
            token => output.extend([token]),
        }
    }
    output
}
