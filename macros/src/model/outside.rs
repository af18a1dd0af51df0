//! Moves the expressions of a module's attribute into its tests, without changing what their names
//! refer to.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::{Kind, Lock, Mode, Wanted};
use crate::args::{Items, Key};
use crate::scan;

/// An expression that can name the resources of the test.
pub(crate) struct Expression {
    pub(crate) tokens: TokenStream,
    /// The import of the names around the module whose attribute has the expression.
    pub(crate) import: Option<TokenStream>,
}

impl From<TokenStream> for Expression {
    fn from(tokens: TokenStream) -> Expression {
        let import = None;
        Expression { tokens, import }
    }
}

impl Wanted {
    /// Rewrites all expressions so that their names are those that are in scope this number of
    /// modules further out.
    pub(super) fn move_below(&mut self, modules: usize) {
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
                Kind::Value(value) | Kind::Awaited(value) => {
                    value.import = move_names(&mut value.tokens, modules);
                }
                Kind::Pool(lock) => move_lock(lock, modules),
                _ => {}
            }
        }
        for lock in &mut self.locks {
            move_lock(lock, modules);
        }
        let surroundings = &mut self.surroundings;
        let constants = [&mut surroundings.retries, &mut surroundings.quarantine];
        for value in constants.into_iter().flatten() {
            move_value(value, modules);
        }
        for expression in surroundings.expressions_mut() {
            expression.import = move_names(&mut expression.tokens, modules);
        }
    }
}

fn move_lock(lock: &mut Lock, modules: usize) {
    if let Some(Key::Expression(key)) = &mut lock.key {
        move_value(key, modules);
    }
    if let Mode::Limit(value) | Mode::Pool(Items { tokens: value, .. }) = &mut lock.mode {
        move_value(value, modules);
    }
}

/// The local variable of a resource. An expression binds it to the name of the resource after its
/// import, which may have an item of that name.
pub(crate) fn alias(name: &Ident) -> Ident {
    format_ident!("__isolated_{}", name.unraw(), span = Span::mixed_site())
}

/// Puts a value into a block with its import. A block searches its imports before it searches the
/// module around it.
fn move_value(value: &mut TokenStream, modules: usize) {
    let place = scan::first(value).map_or_else(Span::call_site, |token| token.span());
    if let Some(import) = move_names(value, modules) {
        *value = quote_spanned!(place=> { #import #value });
    }
}

/// Changes the relative paths, and returns the import for all other names, if there are any.
fn move_names(expression: &mut TokenStream, modules: usize) -> Option<TokenStream> {
    if !has_names(expression) {
        return None;
    }
    let outer = vec![quote!(super); modules];
    *expression = paths_below(expression.clone(), &outer);
    Some(quote!(use #(#outer)::*::*;))
}

/// Whether the tokens contain anything but literals.
fn has_names(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Group(group) => has_names(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The expression with `outer` before each path that begins with `self` or `super`.
fn paths_below(tokens: TokenStream, outer: &[TokenStream]) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let moved = tokens.iter().enumerate().map(|(index, token)| match token {
        TokenTree::Ident(word) if begins_a_path(&tokens, index) && word == "self" => {
            quote!(#(#outer)::*)
        }
        TokenTree::Ident(word) if begins_a_path(&tokens, index) && word == "super" => {
            quote!(#(#outer::)* #word)
        }
        TokenTree::Group(group) => {
            let mut moved = Group::new(group.delimiter(), paths_below(group.stream(), outer));
            moved.set_span(group.span());
            TokenTree::from(moved).into()
        }
        token => token.clone().into(),
    });
    moved.collect()
}

fn begins_a_path(tokens: &[TokenTree], index: usize) -> bool {
    !scan::ends_in_colons(&tokens[..index]) && scan::begins_with_colons(&tokens[index + 1..])
}
