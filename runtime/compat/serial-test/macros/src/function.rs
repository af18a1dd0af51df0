//! The signature of a function, as far as its body depends on it.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;

use crate::harness::{is_empty, mentions};
use crate::item::{Item, attributes, name_after};

/// A function below the attribute.
pub(crate) struct Function<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) is_async: bool,
    pub(crate) returns_unit: bool,
    /// Whether its body can become a nested function: it has no parameters, and neither its
    /// signature nor its body depends on what is around it.
    pub(crate) can_be_nested: bool,
    /// From the parameters to the body.
    pub(crate) signature: &'a [TokenTree],
    /// Where the parameters are in the item.
    parameters_at: usize,
    parameters: &'a Group,
}

impl<'a> Function<'a> {
    pub(crate) fn read(item: &'a Item) -> Option<Self> {
        let (at, name) = name_after(&item.rest, "fn")?;
        let before = &item.rest[..at - 1];
        let behind_name = &item.rest[at + 1..item.rest.len().checked_sub(1)?];
        let generics = generics(behind_name);
        let signature = behind_name.get(generics..)?;
        let (first, after) = signature.split_first()?;
        let TokenTree::Group(parameters) = first else {
            return None;
        };
        let returned: Vec<_> = after
            .iter()
            .skip(2)
            .take_while(|token| !matches!(token, TokenTree::Ident(word) if word == "where"))
            .collect();
        let is_qualified = |word: &str| {
            before
                .iter()
                .any(|token| matches!(token, TokenTree::Ident(found) if found == word))
        };
        let is_special = ["unsafe", "extern", "const"].into_iter().any(is_qualified);
        let all: TokenStream = item.rest[at..].iter().cloned().collect();
        Some(Function {
            name,
            is_async: is_qualified("async"),
            returns_unit: match &*returned {
                [] => true,
                [unit] => is_empty(unit),
                _ => false,
            },
            can_be_nested: generics == 0
                && parameters.stream().is_empty()
                && !is_special
                && !mentions(all, "Self"),
            signature,
            parameters_at: at + 1 + generics,
            parameters,
        })
    }

    /// Moves the parameters into variables of the body, so that they are dropped before the lock is
    /// released. Patterns and `self` stay where they are.
    pub(crate) fn moved_parameters(&self) -> TokenStream {
        let moved = names(self.parameters).into_iter().map(|parameter| {
            let Parameter { mutable, name } = parameter;
            let mutable = mutable.map(|(_, mutable)| mutable);
            quote! {
                #[allow(
                    unused_variables,
                    clippy::no_effect_underscore_binding,
                    clippy::used_underscore_binding
                )]
                let #mutable #name = #name;
            }
        });
        moved.collect()
    }

    /// The parameters without the `mut` that their variables in the body have, and where they are.
    pub(crate) fn parameters_of_wrapper(&self) -> (usize, TokenTree) {
        let mutable: Vec<usize> = names(self.parameters)
            .into_iter()
            .filter_map(|parameter| Some(parameter.mutable?.0))
            .collect();
        let tokens = self.parameters.stream().into_iter().enumerate();
        let kept = tokens.filter(|(index, _)| !mutable.contains(index));
        let mut group = Group::new(
            Delimiter::Parenthesis,
            kept.map(|(_, token)| token).collect(),
        );
        group.set_span(self.parameters.span());
        (self.parameters_at, group.into())
    }
}

/// A parameter that is a name.
struct Parameter {
    /// Its `mut`, and the position of that token.
    mutable: Option<(usize, Ident)>,
    name: Ident,
}

/// The number of tokens in the generics after a name.
fn generics(tokens: &[TokenTree]) -> usize {
    let mut depth = 0;
    let mut before = ' ';
    for (index, token) in tokens.iter().enumerate() {
        let mark = match token {
            TokenTree::Punct(mark) => mark.as_char(),
            _ => ' ',
        };
        match mark {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return if mark == '>' { index + 1 } else { 0 };
        }
        before = mark;
    }
    0
}

/// The parameters that are a name.
fn names(parameters: &Group) -> Vec<Parameter> {
    let tokens: Vec<TokenTree> = parameters.stream().into_iter().collect();
    let mut names = Vec::new();
    let mut depth = 0;
    let mut is_begin = true;
    let mut rest = &*tokens;
    while let [first, after @ ..] = rest {
        if is_begin {
            let _ = attributes(&mut rest);
            names.extend(name(rest, tokens.len() - rest.len()));
            is_begin = false;
            continue;
        }
        rest = after;
        if let TokenTree::Punct(mark) = first {
            match mark.as_char() {
                '<' => depth += 1,
                '>' => depth -= 1,
                ',' if depth == 0 => is_begin = true,
                // The arrow of a function type.
                '-' => rest = after.get(1..).unwrap_or_default(),
                _ => {}
            }
        }
    }
    names
}

/// The name with which these tokens begin, if they are `name: Type` or `mut name: Type`.
fn name(tokens: &[TokenTree], at: usize) -> Option<Parameter> {
    let (mutable, rest) = match tokens {
        [TokenTree::Ident(word), rest @ ..] if word == "mut" => (Some((at, word.clone())), rest),
        _ => (None, tokens),
    };
    match rest {
        [TokenTree::Ident(name), TokenTree::Punct(colon), ..]
            if colon.as_char() == ':' && name != "self" && name != "_" =>
        {
            let name = name.clone();
            Some(Parameter { mutable, name })
        }
        _ => None,
    }
}
