//! Messages for values of arguments that take no value. Most such values are meant for another
//! argument, which the message names.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Lit, LitInt, Token};

use super::value::wrong;
use super::{MOST_PORTS, Row, Takes, Word};

/// The message for `name = value` where the argument takes no such value.
pub(super) fn value(row: &Row, tokens: &TokenStream, is_plain_data: bool) -> String {
    let Row { name, usage, .. } = row;
    if let Some(message) = fixed_port(row, tokens) {
        return message;
    }
    if row.is_resource && !is_plain_data && !tokens.is_empty() {
        return format!(
            "`{name}` is a built-in resource; give yours another name: `my_{name} = ...`"
        );
    }
    match (row.word, syn::parse2::<Lit>(tokens.clone())) {
        (Word::Seed, Ok(Lit::Int(number))) => format!(
            "`seed` takes no value, because it is new each run; write `seed` and repeat a run with \
             `ISOLATED_SEED={}`",
            number.base10_digits()
        ),
        (Word::TmpDir, Ok(Lit::Str(text))) => format!(
            "`tmpdir` takes no value; write `tmpdir(from = {})` for a copy of that directory",
            text.token()
        ),
        (Word::Network, Ok(Lit::Str(text))) if ["skip", "serial"].contains(&&*text.value()) => {
            format!(
                "`network` takes no value; write `network(or = {})`",
                text.token()
            )
        }
        (Word::Limit, Ok(Lit::Int(number))) => format!(
            "expected `limit` to be a key and a number, found a number; write `limit(\"...\", {})`",
            number.base10_digits()
        ),
        (Word::Limit, Ok(Lit::Str(text))) => format!(
            "expected `limit` to be a key and a number, found a key; write `limit({}, 4)`",
            text.token()
        ),
        _ if matches!(row.takes, Takes::KeyAndNumber) => wrong(row),
        _ => format!("`{name}` takes no value; write `{usage}`"),
    }
}

/// The message for a misspelt fixed port number, such as `port = 8080` or `port(8080)`. A number up
/// to [`MOST_PORTS`], as in `port(3)`, is taken for a count of ports instead.
pub(super) fn fixed_port(row: &Row, tokens: &TokenStream) -> Option<String> {
    const NAMES: [&str; 4] = ["port", "fixed", "value", "n"];
    if row.word != Word::Port {
        return None;
    }
    let number = |input: ParseStream<'_>| {
        if input.peek(Ident::peek_any) {
            let name = input.call(Ident::parse_any)?;
            let _equals = input.parse::<Token![=]>()?;
            if !NAMES.iter().any(|known| name == known) {
                return Err(input.error("another option"));
            }
        }
        input.parse::<LitInt>()
    };
    let number = number.parse2(tokens.clone()).ok()?;
    let digits = number.base10_digits();
    if (1..=MOST_PORTS).contains(&number.base10_parse().unwrap_or(0)) {
        return Some(format!(
            "several ports are written `port(count = {digits})`"
        ));
    }
    Some(format!(
        "a `port` is a free one; write `port` and use the number that it gets, `network` for a network in \
         which {digits} is free, or `port(number = {digits})` to wait for that number"
    ))
}
