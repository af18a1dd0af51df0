//! One attribute of an item, parsed only as far as needed: its path and the tokens after it.

use proc_macro2::{Delimiter, Group, Punct, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use crate::scan;

/// An attribute as written.
#[derive(Clone)]
pub(crate) struct Attribute {
    pound: Punct,
    group: Group,
    /// The path, as written.
    pub(crate) path: TokenStream,
    /// The segments of the path, without `r#`. Replaced by our own names if the path leads to this
    /// crate.
    pub(crate) words: Vec<String>,
    /// The tokens after the path: none, a group, or `= value`.
    pub(crate) rest: TokenStream,
    /// The condition of a `cfg_attr` and the attributes that it contains.
    pub(crate) conditional: Option<(TokenStream, Vec<Attribute>)>,
}

impl Attribute {
    /// Reads the attributes that come next, if any.
    pub(crate) fn all(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
        let mut attributes = Vec::new();
        while input.peek(Token![#]) && input.peek2(token::Bracket) {
            attributes.push(Attribute::read(input.parse()?, input.parse()?)?);
        }
        Ok(attributes)
    }

    pub(crate) fn read(pound: Punct, group: Group) -> syn::Result<Attribute> {
        let content = |input: ParseStream<'_>| {
            let (mut path, mut words) = (TokenStream::new(), Vec::new());
            while input.peek(Token![::]) || input.peek(Ident::peek_any) {
                if let Some(colons) = input.parse::<Option<Token![::]>>()? {
                    colons.to_tokens(&mut path);
                }
                if input.peek(Ident::peek_any) {
                    let word = input.call(Ident::parse_any)?;
                    words.push(word.unraw().to_string());
                    word.to_tokens(&mut path);
                }
                if !input.peek(Token![::]) {
                    break;
                }
            }
            Ok((path, words, input.parse::<TokenStream>()?))
        };
        let (path, words, rest) = content.parse2(group.stream())?;
        let mut attribute = Attribute {
            pound,
            group,
            path,
            words,
            rest,
            conditional: None,
        };
        attribute.conditional = attribute.read_conditional();
        Ok(attribute)
    }

    fn read_conditional(&self) -> Option<(TokenStream, Vec<Attribute>)> {
        if !self.is("cfg_attr") {
            return None;
        }
        let mut pieces = scan::expressions(self.arguments()?)
            .into_iter()
            .map(|piece| piece.tokens);
        let condition = pieces.next()?;
        let attributes = pieces.filter_map(|content| {
            let mut group = Group::new(Delimiter::Bracket, content);
            group.set_span(self.group.span());
            Attribute::read(self.pound.clone(), group).ok()
        });
        Some((condition, attributes.collect()))
    }

    /// The last segment of the path, which identifies the attribute however it is imported.
    pub(crate) fn name(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name() == name
    }

    /// Whether this is `#[isolated]` or `#[isolated_test::test]`.
    pub(crate) fn is_isolated(&self) -> bool {
        self.is("isolated")
            || self
                .words
                .ends_with(&["isolated_test".to_owned(), "test".to_owned()])
    }

    /// Whether this is our own attribute, directly or inside a `cfg_attr`.
    pub(crate) fn mentions_isolated(&self) -> bool {
        self.flattened().iter().any(Attribute::is_isolated)
    }

    /// Whether this is an attribute of that name, directly or inside a `cfg_attr`.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.flattened().iter().any(|attribute| attribute.is(name))
    }

    /// The tokens in the parentheses after the path.
    pub(crate) fn arguments(&self) -> Option<TokenStream> {
        scan::only_group(&self.rest, Delimiter::Parenthesis).map(|group| group.stream())
    }

    /// This attribute, or the attributes inside it if it is a `cfg_attr`.
    pub(crate) fn flattened(&self) -> Vec<Attribute> {
        match &self.conditional {
            Some((_, inside)) => inside.iter().flat_map(Attribute::flattened).collect(),
            None => vec![self.clone()],
        }
    }

    /// The `cfg` condition of the item in this attribute, if any. Drops everything else inside a
    /// `cfg_attr`.
    pub(crate) fn only_cfg(&self) -> Option<TokenStream> {
        let Some((condition, inside)) = &self.conditional else {
            return self.is("cfg").then(|| self.content());
        };
        let inside: Vec<_> = inside.iter().filter_map(Attribute::only_cfg).collect();
        (!inside.is_empty()).then(|| quote!(cfg_attr(#condition, #(#inside),*)))
    }

    /// The tokens between the brackets.
    pub(crate) fn content(&self) -> TokenStream {
        self.group.stream()
    }

    /// Whether it is valid on any function or parameter: conditions, docs, lint levels and
    /// deprecation.
    pub(crate) fn is_neutral(&self) -> bool {
        const NEUTRAL: [&str; 8] = [
            "cfg",
            "doc",
            "allow",
            "warn",
            "deny",
            "forbid",
            "expect",
            "deprecated",
        ];
        self.flattened()
            .iter()
            .all(|attribute| NEUTRAL.contains(&attribute.name()))
    }

    /// Whether it certainly does not turn a function into a test, which is known only of
    /// `#[isolated]` and of built-in attributes.
    pub(crate) fn makes_no_test(&self) -> bool {
        const BUILT_IN: [&str; 9] = [
            "ignore",
            "should_panic",
            "inline",
            "cold",
            "must_use",
            "track_caller",
            "no_mangle",
            "isolated",
            "target_feature",
        ];
        let is_built_in =
            |attribute: &Attribute| BUILT_IN.contains(&attribute.name()) || attribute.is_neutral();
        self.flattened().iter().all(is_built_in)
    }

    /// The same attribute with different content between its brackets.
    pub(crate) fn with(&self, content: TokenStream) -> TokenStream {
        let pound = &self.pound;
        let mut group = Group::new(Delimiter::Bracket, content);
        group.set_span(self.group.span());
        quote!(#pound #group)
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pound.to_tokens(tokens);
        self.group.to_tokens(tokens);
    }
}
