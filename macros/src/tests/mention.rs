//! Which expressions name a variable.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::Ident;

use super::tokens;
use crate::mention::mentions;

fn mentions_port(expression: &TokenStream) -> bool {
    mentions(expression, &Ident::new("port", Span::call_site()))
}

#[test]
fn by_name() {
    for expression in [
        "port",
        "&port",
        "port.addr()",
        "f(a, [port])",
        "0..port",
        "0..=port",
        "r#port",
        "Fields { port }",
        "|| { port }",
        "format!(\"{}\", port)",
    ] {
        assert!(mentions_port(&tokens(expression)), "{expression}");
    }
    for expression in [
        "",
        "ports",
        "server.port",
        "server.port()",
        "server . port . number",
        "port::number()",
        "config::port",
        "::port",
    ] {
        assert!(!mentions_port(&tokens(expression)), "{expression}");
    }
}

#[test]
fn in_a_format() {
    for expression in [
        r#"format!("{port}")"#,
        r#"format!("localhost:{port:?}")"#,
        r#"format!("{a} {port:>5}")"#,
        r##"format!(r#"{{"a": {port}}}"#)"##,
        r#"format!("{:>port$}", 3)"#,
        r#"format!("{a:>1$.port$}", 3)"#,
        r#"Some(format!("{port}"))"#,
    ] {
        assert!(mentions_port(&tokens(expression)), "{expression}");
    }
    for expression in [
        r#""port""#,
        r#""{port}""#,
        r#"f("port")"#,
        r#"format!("port {ports}")"#,
        r#"format!("{a} port")"#,
        r#"f(b"{port}")"#,
        r#"format!("{{port}}")"#,
        r#"format!("{a:port}")"#,
        r##"parse(r#"{"port": 3}"#)"##,
    ] {
        assert!(!mentions_port(&tokens(expression)), "{expression}");
    }
}

/// `macro_rules!` puts fragments into groups that nobody sees.
#[test]
fn in_invisible_groups() {
    let grouped =
        |text| TokenStream::from(TokenTree::from(Group::new(Delimiter::None, tokens(text))));
    assert!(mentions_port(&grouped("port")));
    assert!(!mentions_port(&grouped(r#""{port}""#)));
}
