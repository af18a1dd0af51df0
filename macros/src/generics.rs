//! The visibility and the generic parameters of a function, carried as raw tokens.
//!
//! `syn` could parse both, but only with a feature that adds a second to every user's build.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use crate::attribute::Attribute;
use crate::scan;

/// The generic parameters of a function, including the angle brackets.
#[derive(Default)]
pub(crate) struct Generics {
    tokens: TokenStream,
    /// The names of the type and const parameters, without lifetimes.
    pub(crate) names: Vec<Ident>,
}

impl Generics {
    pub(crate) fn read(input: ParseStream<'_>) -> syn::Result<Generics> {
        if !input.peek(Token![<]) {
            return Ok(Generics::default());
        }
        let open = input.parse::<TokenTree>()?;
        let (mut list, mut depth, mut is_arrow) = (TokenStream::new(), 1_usize, false);
        loop {
            let token = input.parse::<TokenTree>()?;
            if let TokenTree::Punct(mark) = &token {
                match mark.as_char() {
                    '<' => depth += 1,
                    '>' if !is_arrow => depth -= 1,
                    _ => {}
                }
                is_arrow = mark.as_char() == '-' && mark.spacing() == Spacing::Joint;
            } else {
                is_arrow = false;
            }
            if depth == 0 {
                let names = scan::parameters(list.clone())
                    .into_iter()
                    .filter_map(|piece| name.parse2(piece.tokens).ok().flatten());
                return Ok(Generics {
                    names: names.collect(),
                    tokens: quote!(#open #list #token),
                });
            }
            list.extend([token]);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}

impl ToTokens for Generics {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// The name of one generic parameter; `None` for a lifetime.
fn name(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    let _attributes = Attribute::all(input)?;
    let _const = input.parse::<Option<Token![const]>>()?;
    let name = if input.peek(Ident::peek_any) {
        Some(input.call(Ident::parse_any)?)
    } else {
        None
    };
    let _bounds = input.parse::<TokenStream>()?;
    Ok(name)
}

/// Reads an optional visibility, such as `pub` or `pub(crate)`.
pub(crate) fn read_visibility(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    // A `$vis` that matched nothing arrives as an empty invisible group.
    let nothing = |cursor: Cursor<'_>| match cursor.group(Delimiter::None) {
        Some((content, _, _)) => content.eof(),
        None => false,
    };
    if nothing(input.cursor()) {
        input.step(|cursor| match cursor.group(Delimiter::None) {
            Some((_, _, rest)) => Ok(((), rest)),
            None => Ok(((), *cursor)),
        })?;
        return Ok(TokenStream::new());
    }
    let Some(keyword) = input.parse::<Option<Token![pub]>>()? else {
        return Ok(TokenStream::new());
    };
    let mut visibility = keyword.into_token_stream();
    if input.peek(token::Paren) {
        visibility.extend([input.parse::<TokenTree>()?]);
    }
    Ok(visibility)
}
