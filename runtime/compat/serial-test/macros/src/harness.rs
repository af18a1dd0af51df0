//! Known attributes of other crates.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::item::{Attribute, Item, Sort, name_after, path};

/// Crates whose attribute `test` copies the attributes below it to the test that it generates.
const CRATES: [&str; 6] = [
    "actix_rt",
    "actix_web",
    "async_std",
    "sqlx",
    "test_log",
    "tokio",
];

/// Attributes of any crate that do the same. isolated-test puts the first below the attribute of a
/// test.
const ATTRIBUTES: [&str; 5] = [
    "__around",
    "rstest",
    "test_case",
    "test_context",
    "test_matrix",
];

/// Whether the attribute makes a test and copies the attributes below it to that test. Our
/// attribute then belongs below, where it also sees what is generated around the body.
pub(crate) fn copies_attributes(attribute: &Attribute) -> bool {
    match &*attribute.words {
        [.., krate, name] if name == "test" => CRATES.contains(&&**krate),
        [.., name] => ATTRIBUTES.contains(&&**name),
        [] => false,
    }
}

/// Whether the function is a test, judging by its attributes: one of them has `test` in its path, or
/// makes property tests.
pub(crate) fn is_test(function: &Item) -> bool {
    function.attributes.iter().any(|attribute| {
        if attribute.name() != "cfg_attr" {
            return is_of_test(&attribute.words);
        }
        let content = attribute.content().into_iter();
        let Some(TokenTree::Group(group)) = content
            .into_iter()
            .find(|token| matches!(token, TokenTree::Group(_)))
        else {
            return false;
        };
        let tokens: Vec<_> = group.stream().into_iter().collect();
        let pieces = tokens
            .split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
        pieces
            .skip(1)
            .any(|piece| is_of_test(&path(piece.iter().cloned().collect())))
    })
}

fn is_of_test(words: &[String]) -> bool {
    words.iter().any(|word| word.contains("test"))
        || words.last().is_some_and(|name| name == "quickcheck")
}

/// The function inside the test that isolated-test generated around it, and the tokens after it.
///
/// The lock belongs to the inner one: the locks of isolated-test come first, and with `process` the
/// inner one runs in a subprocess.
pub(crate) fn isolated(test: &Item) -> Option<(Item, TokenStream)> {
    let (_, name) = name_after(&test.rest, "fn")?;
    let tokens: Vec<TokenTree> = test.body()?.stream().into_iter().collect();
    let mut rest = &*tokens;
    let inner = Item::next(&mut rest)?;
    let rest: TokenStream = rest.iter().cloned().collect();
    let is_ours = inner.sort == Sort::Function
        && name_after(&inner.rest, "fn")?.1 == name
        && mentions(rest.clone(), "__private");
    is_ours.then_some((inner, rest))
}

/// Whether a group of parentheses is empty.
pub(crate) fn is_empty(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group)
        if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
}

/// Whether a word is anywhere in these tokens.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
