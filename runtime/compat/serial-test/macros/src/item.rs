//! The parts of an item: its attributes, what it is, and where its body is.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;

/// An outer attribute.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pound: TokenTree,
    brackets: Group,
    /// The segments of its path.
    pub(crate) words: Vec<String>,
}

impl Attribute {
    fn read(pound: &TokenTree, brackets: &Group) -> Self {
        Attribute {
            pound: pound.clone(),
            brackets: brackets.clone(),
            words: path(brackets.stream()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The tokens between the brackets.
    pub(crate) fn content(&self) -> TokenStream {
        self.brackets.stream()
    }

    /// The same attribute with other tokens between the brackets.
    pub(crate) fn with(&self, content: TokenStream) -> Self {
        let mut brackets = Group::new(Delimiter::Bracket, content);
        brackets.set_span(self.brackets.span());
        Attribute::read(&self.pound, &brackets)
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pound.to_tokens(tokens);
        self.brackets.to_tokens(tokens);
    }
}

/// The segments of the path with which these tokens begin.
pub(crate) fn path(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Punct(colon) if colon.as_char() == ':' => {}
            _ => break,
        }
    }
    words
}

/// The kinds of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Function,
    /// A module with its items in braces.
    Module,
    Other,
}

/// An item, with its attributes apart from the rest.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) rest: Vec<TokenTree>,
    pub(crate) sort: Sort,
}

impl Item {
    /// Takes the next item from the front of these tokens.
    pub(crate) fn next(tokens: &mut &[TokenTree]) -> Option<Self> {
        let attributes = attributes(tokens);
        let mut sort = Sort::Other;
        let mut ends_with_braces = true;
        let mut is_known = false;
        let mut end = 0;
        while let Some(token) = tokens.get(end) {
            end += 1;
            match token {
                TokenTree::Ident(word) if !is_known => {
                    (is_known, ends_with_braces) = match &*word.to_string() {
                        "fn" => {
                            sort = Sort::Function;
                            (true, true)
                        }
                        "mod" => {
                            sort = Sort::Module;
                            (true, true)
                        }
                        // `const fn` and `extern "C" fn` are known by the word `fn`.
                        "const" | "static" | "extern" if !begins_function(&tokens[end..]) => {
                            (true, is_block(tokens.get(end), tokens.get(end + 1)))
                        }
                        "use" | "type" => (true, false),
                        "pub" | "crate" | "default" | "unsafe" | "async" | "const" | "extern"
                        | "safe" => (false, true),
                        _ => (true, true),
                    };
                }
                TokenTree::Punct(end) if end.as_char() == ';' => break,
                TokenTree::Group(group)
                    if group.delimiter() == Delimiter::Brace && ends_with_braces =>
                {
                    break;
                }
                _ => {}
            }
        }
        let (rest, after) = tokens.split_at(end);
        *tokens = after;
        let ends_in_braces = matches!(rest.last(), Some(TokenTree::Group(_)));
        let item = Item {
            attributes,
            rest: rest.to_vec(),
            sort: if ends_in_braces { sort } else { Sort::Other },
        };
        (!item.rest.is_empty() || !item.attributes.is_empty()).then_some(item)
    }

    /// The last token, if the item ends in braces.
    pub(crate) fn body(&self) -> Option<&Group> {
        match self.rest.last() {
            Some(TokenTree::Group(body)) => Some(body),
            _ => None,
        }
    }

    /// Replaces the content of the braces at the end.
    pub(crate) fn set_body(&mut self, content: TokenStream) {
        if let Some(TokenTree::Group(body)) = self.rest.last_mut() {
            let mut new = Group::new(Delimiter::Brace, content);
            new.set_span(body.span());
            *body = new;
        }
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        tokens.extend(self.rest.iter().cloned());
    }
}

/// Whether what follows `const`, `static` or `extern` is the rest of a function.
fn begins_function(after: &[TokenTree]) -> bool {
    after
        .iter()
        .take_while(|token| match token {
            TokenTree::Ident(word) => ["async", "unsafe", "extern", "fn"]
                .iter()
                .any(|known| word == known),
            TokenTree::Literal(_) => true, // The name of an ABI.
            _ => false,
        })
        .any(|token| matches!(token, TokenTree::Ident(word) if word == "fn"))
}

/// Whether what follows is `extern "C" {}` or `extern {}`, which no semicolon ends.
fn is_block(first: Option<&TokenTree>, second: Option<&TokenTree>) -> bool {
    let is_brace = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
    is_brace(first) || matches!(first, Some(TokenTree::Literal(_))) && is_brace(second)
}

/// Takes the attributes from the front of these tokens.
pub(crate) fn attributes(tokens: &mut &[TokenTree]) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    while let [
        pound @ TokenTree::Punct(mark),
        TokenTree::Group(brackets),
        rest @ ..,
    ] = tokens
    {
        if mark.as_char() != '#' || brackets.delimiter() != Delimiter::Bracket {
            break;
        }
        attributes.push(Attribute::read(pound, brackets));
        *tokens = rest;
    }
    attributes
}

/// Moves inner attributes from the beginning of a body in front of its item.
pub(crate) fn hoist_inner_attributes(item: &mut Item) {
    let Some(body) = item.body() else { return };
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut rest = &*tokens;
    let mut hoisted = Vec::new();
    while let [
        pound @ TokenTree::Punct(mark),
        TokenTree::Punct(bang),
        TokenTree::Group(brackets),
        after @ ..,
    ] = rest
    {
        if mark.as_char() != '#' || bang.as_char() != '!' {
            break;
        }
        hoisted.push(Attribute::read(pound, brackets));
        rest = after;
    }
    if !hoisted.is_empty() {
        let rest = rest.iter().cloned().collect();
        item.set_body(rest);
        item.attributes.extend(hoisted);
    }
}

/// Puts the content of invisible groups, which `macro_rules` leaves around fragments, in place.
pub(crate) fn without_invisible_groups(tokens: TokenStream) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flat.extend(without_invisible_groups(group.stream()));
            }
            token => flat.push(token),
        }
    }
    flat
}

/// The name of a function or module: what follows the keyword.
pub(crate) fn name_after<'t>(tokens: &'t [TokenTree], keyword: &str) -> Option<(usize, &'t Ident)> {
    let at = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(word) if word == keyword))?;
    match tokens.get(at + 1) {
        Some(TokenTree::Ident(name)) => Some((at + 1, name)),
        _ => None,
    }
}
