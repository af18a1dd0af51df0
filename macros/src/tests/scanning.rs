//! Where one expression or parameter ends and the next begins.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;

use super::tokens;
use crate::scan;

fn pieces(of: fn(TokenStream) -> Vec<scan::Piece>, list: &str) -> Vec<String> {
    let text = |piece: scan::Piece| piece.tokens.to_string().replace(' ', "");
    of(tokens(list)).into_iter().map(text).collect()
}

#[test]
fn commas_inside_of_expressions() {
    let whole = [
        "f(a, b)",
        "Db::<A, B>::new()",
        "Db::<A, Vec<B>, fn(C) -> D, E>::new()",
        "<Db as Make<A, B>>::make()",
        "-<Db as Make<A, B>>::make()",
        "|a, b| a + b",
        "move |a: A, (b, c)| a",
        "x as Map<A, B>",
        "a || b",
        "x=|a, b| c",
        "(|| 1)()",
        "a.b::<C, D>()",
        "f()?.g::<A, B>()",
        "if a { |b, c| d } else { e }",
    ];
    for expression in whole {
        let list = format!("{expression}, last");
        let expected = [expression.replace(' ', ""), "last".to_owned()];
        assert_eq!(pieces(scan::expressions, &list), expected, "{list}");
    }
}

#[test]
fn commas_between_expressions() {
    assert_eq!(pieces(scan::expressions, "a < b, c > d"), ["a<b", "c>d"]);
    assert_eq!(
        pieces(scan::expressions, "a << b, c >> d"),
        ["a<<b", "c>>d"]
    );
    assert_eq!(pieces(scan::expressions, "a | b, c | d"), ["a|b", "c|d"]);
    assert_eq!(pieces(scan::expressions, "|| a, || b"), ["||a", "||b"]);
    assert_eq!(
        pieces(scan::expressions, "|a| -> A { b }, c"),
        ["|a|->A{b}", "c"]
    );
    assert_eq!(pieces(scan::expressions, "a, , b,"), ["a", "", "b"]);
}

#[test]
fn commas_in_types() {
    assert_eq!(
        pieces(
            scan::parameters,
            "a: Map<A, B>, (b, c): (B, C), d: Box<dyn Fn(A) -> Vec<B>>, e: &'a F<fn() -> G, H>,"
        ),
        [
            "a:Map<A,B>",
            "(b,c):(B,C)",
            "d:Box<dynFn(A)->Vec<B>>",
            "e:&'aF<fn()->G,H>"
        ]
    );
}

/// `macro_rules!` puts fragments into groups that nobody sees.
#[test]
fn invisible_groups() {
    let inner = Group::new(Delimiter::None, tokens("&str"));
    let outer = TokenStream::from(TokenTree::from(Group::new(
        Delimiter::None,
        inner.to_token_stream(),
    )));
    assert_eq!(
        scan::first(&outer)
            .map(|token| token.to_string())
            .as_deref(),
        Some("&")
    );
    assert!(scan::only(&outer).is_none());
    let body = TokenStream::from(TokenTree::from(Group::new(
        Delimiter::None,
        tokens("{ a }"),
    )));
    assert!(scan::only_group(&body, Delimiter::Brace).is_some());
}
