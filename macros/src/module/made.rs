//! Tests that macros generate in an annotated module.
//!
//! Tests of a `macro_rules!` in the module are annotated in its definition. Other macros are
//! expanded later, so their tests are not visible here; a call that may generate tests causes a
//! warning.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Token, token};

use super::Inheritance;
use crate::attribute::Attribute;
use crate::harness;
use crate::names::Names;
use crate::next::Next;

/// An item that is a macro call: `macro_rules! name { ... }`, `path::to::tests! { ... }`.
pub(super) struct Call {
    /// The path, `!`, and the name that `macro_rules!` defines.
    head: TokenStream,
    /// The last segment of the path.
    word: Ident,
    content: Group,
}

impl Call {
    /// Reads a macro call if one comes next.
    pub(super) fn read(input: ParseStream<'_>) -> Option<Call> {
        let ahead = input.fork();
        let mut head = ahead
            .parse::<Option<Token![::]>>()
            .ok()?
            .into_token_stream();
        let mut word = ahead.call(Ident::parse_any).ok()?;
        word.to_tokens(&mut head);
        while let Some(colons) = ahead.parse::<Option<Token![::]>>().ok()? {
            word = ahead.call(Ident::parse_any).ok()?;
            head.extend(quote!(#colons #word));
        }
        ahead.parse::<Token![!]>().ok()?.to_tokens(&mut head);
        if word == "macro_rules" {
            ahead.parse::<Ident>().ok()?.to_tokens(&mut head);
        }
        let content = ahead.parse::<Group>().ok()?;
        // Consume the tokens that `ahead` has read.
        let taken = head.clone().into_iter().count() + 1;
        for _ in 0..taken {
            input.parse::<TokenTree>().ok()?;
        }
        Some(Call {
            head,
            word,
            content,
        })
    }

    /// Whether the call may generate tests, judging by its name or by tests in its input.
    fn may_make_tests(&self, names: &Names) -> bool {
        // `cargo-isolated/src/source/macros.rs` has the same list, in a crate that shares no code.
        const WORDS: [&str; 8] = [
            "test",
            "tests",
            "testcase",
            "testcases",
            "case",
            "cases",
            "proptest",
            "quickcheck",
        ];
        let name = self.word.unraw().to_string().to_lowercase();
        let mut words = name.split(|letter: char| !letter.is_alphabetic());
        words.any(|word| WORDS.contains(&word)) || contains_tests(self.content.stream(), names)
    }
}

fn allows_deprecated(attribute: &Attribute) -> bool {
    let mut words = attribute.arguments().into_iter().flatten();
    (attribute.is("allow") || attribute.is("expect"))
        && words.any(|word| word.to_string() == "deprecated")
}

fn contains_tests(tokens: TokenStream, names: &Names) -> bool {
    let content = |input: ParseStream<'_>| {
        let mut found = false;
        while !input.is_empty() {
            let mut attributes = Attribute::all(input)?;
            names.recognise(&mut attributes);
            found |= harness::is_test(&attributes);
            if let Ok(TokenTree::Group(group)) = input.parse() {
                found |= contains_tests(group.stream(), names);
            }
        }
        Ok(found)
    };
    content.parse2(tokens).unwrap_or(false)
}

impl Inheritance<'_> {
    /// Passes the inherited arguments on to the tests in a `macro_rules!`, and adds a warning to a
    /// call that may generate tests. Also returns the number of tests in a definition.
    pub(super) fn hand_on_to_macro(
        &self,
        attributes: &[Attribute],
        call: &Call,
    ) -> (TokenStream, usize) {
        let Call {
            head,
            word,
            content,
        } = call;
        if word == "macro_rules" {
            let (rules, tests) = self.rules(content.stream());
            let mut group = Group::new(content.delimiter(), rules);
            group.set_span(content.span());
            return (quote!(#(#attributes)* #head #group), tests);
        }
        // On a macro call, `allow(deprecated)` has no other meaning, so it is removed.
        let (allowed, attributes): (Vec<&Attribute>, Vec<_>) = attributes
            .iter()
            .partition(|attribute| allows_deprecated(attribute));
        if self.names.has_macro(word) || !allowed.is_empty() || !call.may_make_tests(self.names) {
            return (quote!(#(#attributes)* #head #content), 0);
        }
        let conditions = attributes.iter().copied().filter_map(Attribute::only_cfg);
        let note = format!(
            "`{word}!` may make tests, and those are not isolated, because it is expanded after `#[isolated]`; \
             annotate them inside that macro, or write `#[allow(deprecated)]` above this call if it makes none"
        );
        let used = Ident::new(
            "TESTS_THAT_ARE_NOT_ISOLATED",
            Span::call_site().located_at(word.span()),
        );
        let output = quote! {
            #(#[#conditions])*
            const _: () = {
                #[deprecated(note = #note)]
                const TESTS_THAT_ARE_NOT_ISOLATED: () = ();
                #used
            };
            #(#attributes)* #head #content
        };
        (output, 0)
    }

    /// Rewrites the rules of a macro: the group after each arrow contains items.
    fn rules(&self, rules: TokenStream) -> (TokenStream, usize) {
        let (mut output, mut tests) = (TokenStream::new(), 0);
        let mut is_behind_an_arrow = false;
        for token in rules {
            let is_arrowhead = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '>');
            match token {
                TokenTree::Group(group) if is_behind_an_arrow => {
                    let (items, found) = self.items(group.stream());
                    tests += found;
                    let mut rewritten = Group::new(group.delimiter(), items);
                    rewritten.set_span(group.span());
                    output.extend([TokenTree::from(rewritten)]);
                }
                token => output.extend([token]),
            }
            is_behind_an_arrow = is_arrowhead;
        }
        (output, tests)
    }

    /// Rewrites items that a macro generates, at any depth. `$name` and `$( ... )*` may stand
    /// between them.
    fn items(&self, items: TokenStream) -> (TokenStream, usize) {
        let scan = |input: ParseStream<'_>| {
            let (mut output, mut tests, mut is_input) = (TokenStream::new(), 0, false);
            while !input.is_empty() {
                let mut attributes = Attribute::all(input)?;
                self.names.recognise(&mut attributes);
                let own = attributes.iter().any(Attribute::mentions_isolated);
                if (own || harness::is_test(&attributes)) && is_function(&input.fork()) {
                    tests += 1;
                    output.extend(self.inherit(&attributes));
                } else {
                    output.extend(quote!(#(#attributes)*));
                }
                let Ok(token) = input.parse::<TokenTree>() else {
                    break;
                };
                let is_bang = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '!');
                match token {
                    TokenTree::Group(group) if !is_input => {
                        let (inside, found) = self.items(group.stream());
                        tests += found;
                        let mut rewritten = Group::new(group.delimiter(), inside);
                        rewritten.set_span(group.span());
                        output.extend([TokenTree::from(rewritten)]);
                    }
                    token => output.extend([token]),
                }
                is_input = is_bang;
            }
            Ok((output, tests))
        };
        scan.parse2(items.clone()).unwrap_or((items, 0))
    }
}

/// Whether a function comes next, after fragments that a macro may put before it: `$vis`,
/// `$(#[$meta])*`.
fn is_function(ahead: ParseStream<'_>) -> bool {
    while ahead.parse::<Token![$]>().is_ok() {
        if ahead.peek(token::Paren) {
            let repeated = ahead.parse::<Group>().is_ok();
            if !repeated || ahead.parse::<TokenTree>().is_err() {
                return false;
            }
        } else if ahead.call(Ident::parse_any).is_err() {
            return false;
        }
    }
    matches!(Next::in_front_of(ahead), Next::Function)
}
