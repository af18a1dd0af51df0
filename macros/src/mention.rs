//! Detects whether an expression names a local variable, without parsing it.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Ident, LitStr};

use crate::scan;

/// Whether the expression may name this variable. Errs on the side of `true`.
pub(crate) fn mentions(expression: &TokenStream, name: &Ident) -> bool {
    search(expression.clone(), &name.unraw().to_string(), false)
}

fn search(tokens: TokenStream, name: &str, in_group: bool) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(index, token)| match token {
        TokenTree::Ident(word) => {
            word.unraw() == name && !is_field_or_path(&tokens[..index], &tokens[index + 1..])
        }
        TokenTree::Group(group) => {
            let in_group = in_group || group.delimiter() != Delimiter::None;
            search(group.stream(), name, in_group)
        }
        // Only inside the delimiters of a macro call can a string be a format string.
        TokenTree::Literal(_) if in_group => {
            let text = syn::parse2::<LitStr>(TokenStream::from(token.clone()));
            text.is_ok_and(|text| formats(&text.value(), name))
        }
        TokenTree::Literal(_) | TokenTree::Punct(_) => false,
    })
}

/// Whether the word between these tokens is a field, a method, or part of a path.
fn is_field_or_path(before: &[TokenTree], behind: &[TokenTree]) -> bool {
    let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == '.');
    let mut last = before.iter().rev();
    let is_field = is_dot(last.next()) && !is_dot(last.next());
    is_field || scan::ends_in_colons(before) || scan::begins_with_colons(behind)
}

/// Whether a format string names the variable in its braces, as the value or as a parameter of its
/// format: `{a:>name$}`.
fn formats(text: &str, name: &str) -> bool {
    let text = text.replace("{{", "");
    text.split('{').skip(1).any(|piece| {
        let inside = piece.split('}').next().unwrap_or_default();
        let (what, how) = inside.split_once(':').unwrap_or((inside, ""));
        let mut parameters = how
            .split_inclusive('$')
            .filter_map(|end| end.strip_suffix('$'));
        what.trim() == name || parameters.any(|parameter| last_word(parameter) == name)
    })
}

fn last_word(text: &str) -> &str {
    let is_part = |letter: char| letter == '_' || letter.is_alphanumeric();
    text.rsplit(|letter| !is_part(letter))
        .next()
        .unwrap_or_default()
}
