//! Reads a number, a reason or a caller. Numbers and reasons may also be expressions, which the
//! compiler checks.

use proc_macro2::TokenStream;
use syn::{Ident, Lit, LitStr};

use super::value::{place, wrong};
use super::{Row, Value};
use crate::errors::Errors;

pub(super) fn number(
    row: &Row,
    most: u32,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let Row {
        name: word, usage, ..
    } = row;
    let mistake = match syn::parse2::<Lit>(tokens.clone()) {
        Ok(Lit::Int(number)) => match number.base10_parse::<u32>() {
            Ok(number) if number <= most => return Some(Value::Expression(tokens)),
            _ => format!("expected `{word}` to be a number from 0 to {most}: `{usage}`"),
        },
        Err(_) if !tokens.is_empty() => return Some(Value::Expression(tokens)),
        _ => wrong(row),
    };
    errors.at(place(&tokens, name), mistake);
    None
}

pub(super) fn reason(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let mistake = match syn::parse2::<Lit>(tokens.clone()) {
        Ok(Lit::Str(text)) if text.value().trim().is_empty() => format!(
            "expected a reason that is not empty, because it is shown with each failure; \
             write why the test fails or a link: `{}`",
            row.usage
        ),
        Ok(Lit::Str(_)) => return Some(Value::Expression(tokens)),
        Err(_) if !tokens.is_empty() => return Some(Value::Expression(tokens)),
        _ => wrong(row),
    };
    errors.at(place(&tokens, name), mistake);
    None
}

/// Reads the caller of a function that no attribute turns into a test:
/// `test_attribute = "called by main"`.
pub(super) fn caller(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let text = syn::parse2::<LitStr>(tokens.clone());
    if text.is_ok_and(|text| !text.value().trim().is_empty()) {
        return Some(Value::Expression(tokens));
    }
    errors.at(place(&tokens, name), wrong(row));
    None
}
