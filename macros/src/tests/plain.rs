//! `#[isolated_test::test(...)]`: our attribute and `#[test]` in one.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{expanded, messages, messages_in, printed, tokens};

fn in_one(arguments: &str, item: &str) -> TokenStream {
    crate::isolate_test(tokens(arguments), &tokens(item))
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
        printed(crate::isolate_test(tokens("port"), &grouped)),
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
    #[isolated_test::test(port, inherited(tmpdir))]
    fn serves() {}
    #[isolated_test::test(inherited(tmpdir))]
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
            "fn serves() { ::isolated_test::__private::run_plain() }",
            "write all arguments into one of them, or do not import `test`",
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
    let twice = messages("port", "#[isolated_test::test(tmpdir)] fn serves() { }");
    assert_eq!(
        twice,
        ["duplicate attribute `#[isolated]`; write all arguments into one"]
    );
}
