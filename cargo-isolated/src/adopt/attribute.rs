//! The text of an attribute.

use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Meta, Token};

use super::needs::Needs;

/// Writes the arguments: `serial = "port-7835", process`.
pub(super) fn arguments(needs: &Needs) -> Vec<String> {
    let mut arguments = Vec::new();
    for (name, keys) in [("serial", &needs.serial), ("shared", &needs.shared)] {
        if !keys.is_empty() {
            let keys: Vec<_> = keys.iter().map(|key| literal(key)).collect();
            arguments.push(key_list(name, &keys));
        }
    }
    arguments.extend(needs.arguments.iter().cloned());
    arguments
}

/// Writes a string as a literal.
pub(super) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// Writes `serial = "a"` or `serial = ["a", "b"]`.
pub(super) fn key_list(name: &str, keys: &[String]) -> String {
    match keys {
        [key] => format!("{name} = {key}"),
        keys => format!("{name} = [{}]", keys.join(", ")),
    }
}

/// The style of the lines around an attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'a> {
    /// `None` if the attribute shares its line with other text.
    pub(super) indentation: Option<&'a str>,
    pub(super) line_ending: &'a str,
}

/// Writes a new attribute and the whitespace after it.
pub(super) fn new(path: &str, arguments: &[String], style: Style<'_>) -> String {
    let list = broken(arguments, style).unwrap_or_else(|| arguments.join(", "));
    match style.indentation {
        Some(indentation) => format!("#[{path}({list})]{}{indentation}", style.line_ending),
        None => format!("#[{path}({list})] "),
    }
}

/// The arguments on their own lines, if rustfmt would write them so.
pub(super) fn broken(arguments: &[String], style: Style<'_>) -> Option<String> {
    let indentation = style.indentation?;
    if !is_broken_by_rustfmt(&arguments.join(", "), arguments.len()) {
        return None;
    }
    let unit = if indentation.contains('\t') {
        "\t"
    } else {
        "    "
    };
    let end = style.line_ending;
    let list = arguments.join(&format!(",{end}{indentation}{unit}"));
    Some(format!("{end}{indentation}{unit}{list}{end}{indentation}"))
}

/// Whether rustfmt would write each argument on its own line.
fn is_broken_by_rustfmt(arguments: &str, count: usize) -> bool {
    /// `attr_fn_like_width` of rustfmt.
    const WIDTH: usize = 70;
    count > 1 && arguments.len() > WIDTH && is_formatted_by_rustfmt(arguments)
}

/// Whether rustfmt can format the arguments. It leaves the others unchanged.
fn is_formatted_by_rustfmt(arguments: &str) -> bool {
    fn is_known(meta: &Meta) -> bool {
        match meta {
            Meta::Path(_) => true,
            Meta::NameValue(pair) => matches!(pair.value, Expr::Lit(_)),
            Meta::List(list) => list
                .parse_args_with(Punctuated::<Element, Token![,]>::parse_terminated)
                .is_ok_and(|list| list.iter().all(|element| element.0)),
        }
    }

    /// A literal or a meta item, and whether rustfmt knows it.
    struct Element(bool);

    impl Parse for Element {
        fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
            if input.peek(Lit) {
                return input.parse::<Lit>().map(|_| Element(true));
            }
            input.parse().map(|meta| Element(is_known(&meta)))
        }
    }

    let list = Punctuated::<Element, Token![,]>::parse_terminated;
    list.parse_str(arguments)
        .is_ok_and(|list| list.iter().all(|element| element.0))
}
