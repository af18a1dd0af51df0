//! The names that a module uses for this crate and its attributes, and those of its own macros.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Ident;
use syn::ext::IdentExt;

use crate::attribute::Attribute;

/// The names of our attributes, and those of the macros that a module defines.
#[derive(Default)]
pub(crate) struct Names {
    /// The last segments of paths to this crate.
    crates: Vec<String>,
    /// Aliases of `isolated`.
    isolated: Vec<String>,
    /// Aliases of `isolated_test::test`.
    tests: Vec<String>,
    macros: Vec<String>,
}

impl Names {
    /// Starts with the crate as `isolated_test` and by the last segment of this path.
    pub(crate) fn new(krate: TokenStream) -> Names {
        let mut names = Names::default();
        names.crates.push("isolated_test".to_owned());
        if let Some(TokenTree::Ident(word)) = krate.into_iter().last() {
            names.crates.push(word.unraw().to_string());
        }
        names
    }

    /// Adds the names that are introduced outside functions. Names in a body count only there, so
    /// they are skipped.
    pub(crate) fn collect(&mut self, items: TokenStream) {
        self.collect_in(items, false);
    }

    fn collect_in(&mut self, tokens: TokenStream, is_in_our_crate: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut is_in_function = false;
        for (index, token) in tokens.iter().enumerate() {
            let before = &tokens[..index];
            match token {
                TokenTree::Ident(word) => {
                    is_in_function |= word == "fn";
                    if let Some(names) = self.names_behind(before, is_in_our_crate) {
                        names.push(word.unraw().to_string());
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => is_in_function = false,
                TokenTree::Group(group) if is_in_function => {
                    is_in_function = group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Group(group) => {
                    self.collect_in(group.stream(), self.is_our_crate(before));
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// The list for the word after these tokens: `isolated_test::test as`, `macro_rules!`.
    fn names_behind(
        &mut self,
        before: &[TokenTree],
        is_in_our_crate: bool,
    ) -> Option<&mut Vec<String>> {
        match before {
            [.., TokenTree::Ident(word), TokenTree::Punct(mark)]
                if word == "macro_rules" && mark.as_char() == '!' =>
            {
                Some(&mut self.macros)
            }
            [path @ .., TokenTree::Ident(name), TokenTree::Ident(keyword)] if keyword == "as" => {
                let begins =
                    !matches!(path.last(), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
                let is_ours = self.is_our_crate(path) || (begins && is_in_our_crate);
                match name.unraw().to_string().as_str() {
                    "isolated" => Some(&mut self.isolated),
                    "test" if is_ours => Some(&mut self.tests),
                    "self" if is_ours => Some(&mut self.crates),
                    name if self.crates.iter().any(|krate| krate == name) => Some(&mut self.crates),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether these tokens end in a path into this crate.
    fn is_our_crate(&self, path: &[TokenTree]) -> bool {
        let [
            ..,
            TokenTree::Ident(word),
            TokenTree::Punct(colon),
            TokenTree::Punct(_),
        ] = path
        else {
            return false;
        };
        colon.as_char() == ':' && self.crates.iter().any(|krate| word.unraw() == krate)
    }

    /// Replaces aliases in the paths of our attributes by our own names.
    pub(crate) fn recognise(&self, attributes: &mut [Attribute]) {
        for attribute in attributes {
            let ours: &[&str] = match attribute.words.as_slice() {
                [word] if self.isolated.contains(word) => &["isolated"],
                [word] if self.tests.contains(word) => &["isolated_test", "test"],
                [.., krate, word] if word == "test" && self.crates.contains(krate) => {
                    &["isolated_test", "test"]
                }
                _ => &[],
            };
            if !ours.is_empty() {
                attribute.words = ours.iter().copied().map(str::to_owned).collect();
            }
            if let Some((_, inside)) = &mut attribute.conditional {
                self.recognise(inside);
            }
        }
    }

    /// Whether the module defines a macro of this name.
    pub(crate) fn has_macro(&self, name: &Ident) -> bool {
        self.macros.iter().any(|known| name.unraw() == known)
    }
}
