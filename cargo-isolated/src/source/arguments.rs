//! The arguments of an attribute, with their ranges.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::LitStr;

use super::items::Content;

/// An argument: `word`, `word = value`, `word => value` or `word(...)`.
#[derive(Debug)]
pub(crate) struct Argument {
    /// Its first word; empty if it begins with anything else.
    pub(crate) name: String,
    pub(crate) range: Range<usize>,
    /// The value after `=`, or the content of the parentheses.
    pub(crate) value: Option<Value>,
    tokens: Vec<TokenTree>,
}

/// The value of an argument.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) range: Range<usize>,
    /// Whether it is in parentheses.
    pub(crate) is_list: bool,
    tokens: Vec<TokenTree>,
    base: usize,
}

/// Reads the arguments, which commas separate.
pub(crate) fn read(content: &Content) -> Vec<Argument> {
    split(content.tokens.clone())
        .into_iter()
        .filter_map(|tokens| argument(tokens, content.base))
        .collect()
}

fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut pieces = vec![Vec::new()];
    for token in tokens {
        if is_mark(&token, ',') {
            pieces.push(Vec::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(token);
        }
    }
    pieces
}

fn is_mark(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted)
}

fn range_of(tokens: &[TokenTree], base: usize) -> Option<Range<usize>> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let begin = match first {
        TokenTree::Group(group) => group.span_open().byte_range().start,
        token => token.span().byte_range().start,
    };
    let end = match last {
        TokenTree::Group(group) => group.span_close().byte_range().end,
        token => token.span().byte_range().end,
    };
    Some(base + begin..base + end)
}

fn argument(tokens: Vec<TokenTree>, base: usize) -> Option<Argument> {
    let range = range_of(&tokens, base)?;
    let name = match &tokens[0] {
        TokenTree::Ident(word) => word.to_string(),
        _ => String::new(),
    };
    let value = match &tokens[1..] {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => Some(Value {
            range: base + group.span_open().byte_range().end
                ..base + group.span_close().byte_range().start,
            is_list: true,
            tokens: group.stream().into_iter().collect(),
            base,
        }),
        [mark, rest @ ..] if is_mark(mark, '=') => {
            let arrow = rest.first().is_some_and(|token| is_mark(token, '>'));
            let rest = if arrow { &rest[1..] } else { rest };
            range_of(rest, base).map(|range| Value {
                range,
                is_list: false,
                tokens: rest.to_vec(),
                base,
            })
        }
        _ => None,
    };
    Some(Argument {
        name,
        range,
        value,
        tokens,
    })
}

impl Argument {
    /// The argument as a string literal alone, or a single word.
    pub(crate) fn word_or_string(&self) -> Option<String> {
        match self.tokens.as_slice() {
            [TokenTree::Ident(word)] => Some(word.to_string()),
            [TokenTree::Literal(_)] => string(&self.tokens),
            _ => None,
        }
    }

    /// The argument with normalized whitespace.
    pub(crate) fn normal(&self) -> String {
        self.tokens
            .iter()
            .cloned()
            .collect::<TokenStream>()
            .to_string()
    }
}

impl Value {
    /// The elements of `[a, b]` or `(a, b)`; or else the value alone.
    pub(crate) fn elements(&self) -> Vec<Element> {
        let pieces = match self.tokens.as_slice() {
            _ if self.is_list => split(self.tokens.iter().cloned().collect()),
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => {
                split(group.stream())
            }
            tokens => vec![tokens.to_vec()],
        };
        let pieces = pieces.into_iter();
        pieces
            .filter_map(|piece| Element::of(piece, self.base))
            .collect()
    }
}

/// An element of a list.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) range: Range<usize>,
    tokens: Vec<TokenTree>,
    base: usize,
}

impl Element {
    /// `None` without tokens.
    fn of(tokens: Vec<TokenTree>, base: usize) -> Option<Self> {
        let range = range_of(&tokens, base)?;
        Some(Self {
            range,
            tokens,
            base,
        })
    }

    /// The value, if it is a string literal.
    pub(crate) fn string(&self) -> Option<String> {
        string(&self.tokens)
    }

    /// The ranges of the two elements of `(a, b)`.
    pub(crate) fn pair(&self) -> Option<(Element, Element)> {
        let [TokenTree::Group(group)] = self.tokens.as_slice() else {
            return None;
        };
        let mut pieces = split(group.stream());
        pieces.retain(|piece| !piece.is_empty());
        let [first, second] = <[_; 2]>::try_from(pieces).ok()?;
        Some((
            Element::of(first, self.base)?,
            Element::of(second, self.base)?,
        ))
    }
}

fn string(tokens: &[TokenTree]) -> Option<String> {
    let tokens: TokenStream = tokens.iter().cloned().collect();
    Some(syn::parse2::<LitStr>(tokens).ok()?.value())
}
