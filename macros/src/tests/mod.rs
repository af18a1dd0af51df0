//! Expansions of the attribute, by examples.

#![expect(clippy::expect_used, reason = "tests panic when they fail")]

mod around;
mod async_resources;
mod built;
mod clock;
mod documentation;
mod duration;
mod expansion;
mod failures;
mod fallback;
mod mention;
mod messages;
mod modules;
mod outside;
mod partial;
mod plain;
mod pool;
mod process;
mod repeating;
mod scanning;
mod values;

use proc_macro2::TokenStream;

/// Expands `#[isolated(arguments)] item` and prints the result the way `rustfmt` would.
fn expanded(arguments: &str, item: &str) -> String {
    printed(crate::isolate(&tokens(arguments), &tokens(item)))
}

fn printed(output: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(output).expect("items of Rust"))
}

/// The messages of all `compile_error!`s in the expansion.
fn messages(arguments: &str, item: &str) -> Vec<String> {
    messages_in(crate::isolate(&tokens(arguments), &tokens(item)))
}

fn messages_in(output: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(output).expect("items of Rust");
    let message = |item: &syn::Item| match item {
        syn::Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            Some(item.mac.parse_body::<syn::LitStr>().ok()?.value())
        }
        _ => None,
    };
    file.items.iter().filter_map(message).collect()
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens of Rust")
}

#[track_caller]
fn assert_expands(arguments: &str, item: &str, expected: &str) {
    let expanded = expanded(arguments, item);
    assert!(
        expanded == expected,
        "expanded to\n{expanded}instead of\n{expected}"
    );
}

/// Checks that the expansion contains all parts, up to whitespace.
#[track_caller]
fn assert_contains(arguments: &str, item: &str, parts: &[&str]) {
    let expanded = expanded(arguments, item);
    let dense = |text: &str| text.replace(char::is_whitespace, "");
    for part in parts {
        assert!(
            dense(&expanded).contains(&dense(part)),
            "no `{part}` in\n{expanded}"
        );
    }
}
