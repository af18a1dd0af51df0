//! Expressions in the attribute of a module, which mean in the tests of the module what they mean
//! where they are written.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::{Kind, Mode, Wanted};
use crate::args::Key;
use crate::mention::mentions;
use crate::scan;

impl Wanted {
    /// Makes all expressions mean here what they mean outside of this number of modules. Those that
    /// can use the resources with these names still can.
    pub(super) fn move_below(&mut self, modules: usize, resources: &[Ident]) {
        if modules == 0 {
            return;
        }
        for resource in &mut self.resources {
            match &mut resource.kind {
                Kind::Custom(value)
                | Kind::Port {
                    number: Some(value),
                    ..
                } => move_value(value, modules),
                _ => {}
            }
        }
        for lock in &mut self.locks {
            if let Some(Key::Expression(key)) = &mut lock.key {
                move_value(key, modules);
            }
            if let Mode::Limit(number) = &mut lock.mode {
                move_value(number, modules);
            }
        }
        let surroundings = &mut self.surroundings;
        let constants = [&mut surroundings.retries, &mut surroundings.quarantine];
        for value in constants.into_iter().flatten() {
            move_value(value, modules);
        }
        for expression in surroundings.expressions_mut() {
            if has_names(&expression.tokens) {
                let resources = resources_in(&expression.tokens, resources);
                let scope = move_names(&mut expression.tokens, modules);
                expression.scope = quote!(#scope #resources);
            }
        }
    }
}

/// The local variable for a resource that a moved expression names, because an item of the outer
/// module may have that name too.
pub(crate) fn alias(name: &Ident) -> Ident {
    format_ident!("__isolated_{}", name.unraw(), span = Span::mixed_site())
}

/// Variables for the resources that the expression names.
fn resources_in(expression: &TokenStream, resources: &[Ident]) -> TokenStream {
    let named = resources.iter().filter(|name| mentions(expression, name));
    let variables = named.map(|name| {
        let alias = alias(name);
        quote!(let #name = #alias; let _ = &#name;)
    });
    variables.collect()
}

/// Turns a value into a block with the names of the outer module.
fn move_value(value: &mut TokenStream, modules: usize) {
    if has_names(value) {
        let place = scan::first(value).map_or_else(Span::call_site, |token| token.span());
        let scope = move_names(value, modules);
        *value = quote_spanned!(place=> { #scope #value });
    }
}

/// Changes the relative paths, and returns the import for all other names. A block searches its
/// imports before it searches the module around it.
fn move_names(expression: &mut TokenStream, modules: usize) -> TokenStream {
    let outer = vec![quote!(super); modules];
    *expression = paths_below(expression.clone(), &outer);
    quote!(use #(#outer)::*::*;)
}

/// Whether the tokens contain anything but literals.
fn has_names(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Group(group) => has_names(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The expression with its relative paths, `self::a` and `super::a`, as they are seen below.
fn paths_below(tokens: TokenStream, outer: &[TokenStream]) -> TokenStream {
    let mut output = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut is_behind_colon = false;
    while let Some(token) = tokens.next() {
        let is_before_colon = tokens.peek().is_some_and(is_colon);
        is_behind_colon = match token {
            TokenTree::Ident(word) if is_before_colon && !is_behind_colon && word == "self" => {
                output.extend(quote!(#(#outer)::*));
                false
            }
            TokenTree::Ident(word) if is_before_colon && !is_behind_colon && word == "super" => {
                output.extend(quote!(#(#outer::)* #word));
                false
            }
            TokenTree::Group(group) => {
                let mut moved = Group::new(group.delimiter(), paths_below(group.stream(), outer));
                moved.set_span(group.span());
                output.extend([TokenTree::from(moved)]);
                false
            }
            token => {
                let is_behind_colon = is_colon(&token);
                output.extend([token]);
                is_behind_colon
            }
        };
    }
    output
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}
