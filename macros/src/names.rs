//! What a module calls our attribute and its own macros.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt;

/// The names that a module gives, wherever in it they are given.
#[derive(Default)]
pub(crate) struct Names {
    /// The other names of our attribute.
    pub(crate) aliases: Vec<String>,
    /// The macros that the module defines.
    pub(crate) macros: Vec<String>,
}

impl Names {
    /// Collects the names outside of functions: what a body names counts only there.
    pub(crate) fn collect(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut is_in_function = false;
        for (index, token) in tokens.iter().enumerate() {
            let before = &tokens[..index];
            match token {
                TokenTree::Ident(word) if ends_with(before, &["isolated", "as"]) => {
                    self.aliases.push(word.unraw().to_string());
                }
                TokenTree::Ident(word) if ends_with(before, &["macro_rules", "!"]) => {
                    self.macros.push(word.to_string());
                }
                TokenTree::Ident(word) => is_in_function |= word == "fn",
                TokenTree::Punct(mark) if mark.as_char() == ';' => is_in_function = false,
                TokenTree::Group(group) if is_in_function => {
                    is_in_function = group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

/// Whether the last tokens are these words and marks.
fn ends_with(tokens: &[TokenTree], end: &[&str]) -> bool {
    let is = |(token, expected): (&TokenTree, &&str)| match token {
        TokenTree::Ident(word) => word == expected,
        TokenTree::Punct(mark) => expected.starts_with(mark.as_char()),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    tokens.len() >= end.len() && tokens.iter().rev().zip(end.iter().rev()).all(is)
}
