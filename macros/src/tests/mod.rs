//! What the attribute turns into, told by examples.

#![expect(clippy::expect_used, reason = "tests panic when they fail")]

mod around;
mod built;
mod documentation;
mod duration;
mod expansion;
mod failures;
mod fallback;
mod mention;
mod messages;
mod modules;
mod partial;
mod process;
mod repeating;
mod scanning;

use proc_macro2::TokenStream;

/// Expands `#[isolated(arguments)] item` and prints the result the way `rustfmt` would.
fn expanded(arguments: &str, item: &str) -> String {
    let file =
        syn::parse2(crate::isolate(tokens(arguments), &tokens(item))).expect("items of Rust");
    prettyplease::unparse(&file)
}

/// The messages of all `compile_error!`s in the expansion.
fn messages(arguments: &str, item: &str) -> Vec<String> {
    let output = crate::isolate(tokens(arguments), &tokens(item));
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
