//! One attribute of a function, parsed no further than necessary.

use proc_macro2::{Delimiter, Group, Punct, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::LitStr;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token};

use crate::function::flat;

/// The last path segments of attributes that make a function a test.
const TESTS: [&str; 8] = [
    "test",
    "rstest",
    "apply",
    "test_case",
    "test_matrix",
    "gtest",
    "dir_test",
    "wasm_bindgen_test",
];

/// An attribute as written.
#[derive(Clone)]
pub(crate) struct Attribute {
    pound: Punct,
    group: Group,
    /// The segments of the path, without `r#`.
    words: Vec<String>,
    /// The tokens after the path.
    rest: TokenStream,
}

/// A `#[should_panic]`.
pub(crate) struct ShouldPanic {
    /// The text that the panic must contain.
    pub(crate) expected: Option<LitStr>,
}

impl Attribute {
    pub(crate) fn new(pound: Punct, group: Group) -> Attribute {
        let content = flat(group.stream());
        let mut words = Vec::new();
        let mut rest = TokenStream::new();
        for token in content {
            match token {
                TokenTree::Ident(word) if rest.is_empty() => words.push(word.unraw().to_string()),
                TokenTree::Punct(mark) if rest.is_empty() && mark.as_char() == ':' => {}
                token => token.to_tokens(&mut rest),
            }
        }
        Attribute {
            pound,
            group,
            words,
            rest,
        }
    }

    fn ends_with(&self, name: &str) -> bool {
        self.words.last().is_some_and(|word| word == name)
    }

    /// Whether it makes a function a test.
    pub(crate) fn is_test(&self) -> bool {
        TESTS.iter().any(|name| self.ends_with(name))
    }

    /// Whether it is `#[test]` itself, under any path.
    pub(crate) fn is_plain_test(&self) -> bool {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        matches!(words.as_slice(), ["test"] | [_, "prelude", _, "test"])
    }

    /// Whether it already isolates the function.
    pub(crate) fn is_isolated(&self) -> bool {
        ["isolated", "__around"]
            .iter()
            .any(|name| self.ends_with(name))
    }

    /// Whether it marks a benchmark.
    pub(crate) fn is_bench(&self) -> bool {
        self.ends_with("bench")
    }

    /// Whether it is a `#[cfg(...)]`.
    pub(crate) fn is_condition(&self) -> bool {
        self.words == ["cfg"]
    }

    /// Reads `#[should_panic]`, `#[should_panic = "..."]` and `#[should_panic(expected = "...")]`.
    pub(crate) fn should_panic(&self) -> Option<ShouldPanic> {
        if self.words != ["should_panic"] {
            return None;
        }
        let mut rest = self.rest.clone();
        if let Some(TokenTree::Group(group)) = self.rest.clone().into_iter().next() {
            if group.delimiter() == Delimiter::Parenthesis {
                rest = group.stream();
            }
        }
        let assigned = |input: ParseStream<'_>| {
            let _name = input.parse::<Option<Ident>>()?;
            let _equals = input.parse::<Token![=]>()?;
            let text = input.parse::<LitStr>()?;
            let _comma = input.parse::<Option<Token![,]>>()?;
            Ok(text)
        };
        Some(ShouldPanic {
            expected: assigned.parse2(rest).ok(),
        })
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        if self.is_plain_test() {
            // The user may have imported another attribute under this name.
            let mut group = Group::new(Delimiter::Bracket, quote!(::core::prelude::v1::test));
            group.set_span(self.group.span());
            self.pound.to_tokens(tokens);
            group.to_tokens(tokens);
            return;
        }
        self.pound.to_tokens(tokens);
        self.group.to_tokens(tokens);
    }
}
