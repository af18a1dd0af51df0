//! `#[isolated_test::test(...)]`: our attribute and `#[test]` in one.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;

use super::{expanded, messages, messages_in, printed, tokens};

fn in_one(arguments: &str, item: &str) -> TokenStream {
    crate::isolate_test(&tokens(arguments), &tokens(item))
}

#[test]
fn means_both_attributes() {
    let item = "#[cold] pub fn serves(port: Port) -> Result<(), Error> { }";
    let in_two = expanded("port", &format!("#[::core::prelude::v1::test] {item}"));
    assert_eq!(printed(in_one("port", item)), in_two);

    // `macro_rules!` may put an invisible group around the item.
    let group = Group::new(Delimiter::None, tokens(item));
    let grouped = TokenStream::from(TokenTree::Group(group));
    assert_eq!(
        printed(crate::isolate_test(&tokens("port"), &grouped)),
        in_two
    );
}

#[test]
fn inherits_from_its_module() {
    let module = expanded(
        "tmpdir",
        "mod tests { #[isolated_test::test(port)] fn serves() { } #[isolated_test::test] fn stops() { } }",
    );
    assert_eq!(
        module,
        "mod tests {
    #[isolated_test::test(port, __inherited(1, tmpdir))]
    fn serves() {}
    #[isolated_test::test(__inherited(1, tmpdir))]
    fn stops() {}
}
"
    );
}

/// Each says what to write instead.
#[test]
fn mistakes() {
    for (item, end) in [
        (
            "#[tokio::test] async fn serves() { }",
            "write `#[isolated(...)]` instead of that, or remove this one",
        ),
        (
            "#[test] fn serves() { }",
            "write `#[isolated(...)]` instead of that, or remove this one",
        ),
        (
            "mod tests { #[test] fn serves() { } }",
            "write `#[isolated(...)]` above it, which isolates every test in it",
        ),
        (
            "async fn serves() { }",
            "or the argument `test_attribute` if an attribute here does",
        ),
        (
            "#[isolated(port)] fn serves() { }",
            "write all arguments into one",
        ),
    ] {
        let messages = messages_in(in_one("", item));
        assert_eq!(messages.len(), 1, "{item}: {messages:?}");
        let message = &messages[0];
        assert!(message.ends_with(end), "{item}: {message}");
    }
    for item in [
        "#[test] fn serves() { }",
        "#[rstest] fn serves(serves: u16) { }",
    ] {
        let messages = messages_in(in_one("", &wrapper(item)));
        let end = "write all arguments into one of them, or do not import `test`";
        assert!(
            messages.iter().any(|message| message.ends_with(end)),
            "{item}: {messages:?}"
        );
    }
    let twice = messages("port", "#[isolated_test::test(tmpdir)] fn serves() { }");
    assert_eq!(
        twice,
        ["duplicate attribute `#[isolated]`; write all arguments into one"]
    );
}

/// An item that cannot be a test does not become one.
#[test]
fn other_items() {
    for item in ["pub struct Server;\n", "const N: u32 = 1;\n"] {
        let output = printed(in_one("port", item));
        let error = "::core::compile_error! {
    \"not expected here; `#[isolated_test::test]` belongs on a function\"
}
";
        assert_eq!(output, format!("{error}{item}"));
    }
}

/// Code of the user may name whatever it likes.
#[test]
fn bodies_that_look_like_wrappers() {
    let none: [&str; 0] = [];
    for item in [
        "fn parses() { my_crate::__private::parse(1) }",
        "fn parses() { fn helper() { } my_crate::__private::parse(1) }",
        "fn parses() { my_crate::__private::parse(1); fn parses() { } }",
        "fn parses() { { my_crate::__private::parse(1) } }",
    ] {
        assert_eq!(messages_in(in_one("port", item)), none, "{item}");
        assert_eq!(messages("port", &format!("#[test] {item}")), none, "{item}");
    }
}

/// The expansion of a test, without the attributes above it.
fn wrapper(item: &str) -> String {
    let file: syn::File = syn::parse_str(&expanded("port", item)).expect("items of Rust");
    let function = file.items.into_iter().find_map(|item| match item {
        syn::Item::Fn(function) => Some(function),
        _ => None,
    });
    let mut function = function.expect("a function");
    function.attrs.clear();
    function.into_token_stream().to_string()
}
