//! Reads a pool: `device = pool("devices", ["a", "b"])`.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;
use syn::Lit;

use super::value::{MOST, key_and_more, place, wrong};
use super::{Items, Row, Value};
use crate::errors::Errors;
use crate::scan;

pub(super) fn pool(row: &Row, group: &Group, errors: &mut Errors) -> Option<Value> {
    let (key, items) = key_and_more(row, group, errors)?;
    let items = self::items(row, group, &items, errors);
    Some(Value::Pool(key?, items?))
}

fn items(row: &Row, group: &Group, tokens: &TokenStream, errors: &mut Errors) -> Option<Items> {
    let Some(list) = scan::only_group(tokens, Delimiter::Bracket) else {
        if tokens.is_empty() || syn::parse2::<Lit>(tokens.clone()).is_ok() {
            errors.at(place(tokens, group), wrong(row));
            return None;
        }
        let (tokens, is_literal) = (tokens.clone(), false);
        return Some(Items { tokens, is_literal });
    };
    let pieces = scan::expressions(list.stream());
    if pieces.is_empty() {
        let message = "expected at least one item in the list, because a pool without items admits no test; list \
                       the things that the tests share";
        errors.at(&list, message);
        return None;
    }
    if pieces.len() > MOST {
        let found = pieces.len();
        let message = format!("expected at most {MOST} items, found {found}; make two pools");
        errors.at(&list, message);
        return None;
    }
    let (mut seen, mut is_literal, mut all_well) = (Vec::new(), true, true);
    for piece in pieces {
        let mistake = match syn::parse2::<Lit>(piece.tokens.clone()) {
            Ok(Lit::Str(text)) => mistake(text.value(), &mut seen),
            Err(_) if !piece.tokens.is_empty() => {
                is_literal = false;
                None
            }
            _ => Some(format!(
                "expected the items of `{}` to be strings: `{}`",
                row.name, row.usage
            )),
        };
        if let Some(mistake) = mistake {
            all_well = false;
            errors.at(place(&piece.tokens, &piece.comma), mistake);
        }
    }
    let tokens = quote!(&#list);
    all_well.then_some(Items { tokens, is_literal })
}

/// The mistake in an item, given those before it.
fn mistake(item: String, seen: &mut Vec<String>) -> Option<String> {
    if item.is_empty() {
        return Some("expected an item that is not empty, because messages name it".to_owned());
    }
    if item.contains(char::is_control) {
        let message =
            "expected an item without control characters, because it is printed; remove them";
        return Some(message.to_owned());
    }
    if seen.contains(&item) {
        return Some(format!(
            "duplicate item `{item:?}`, because two tests could have it at the same time; remove one"
        ));
    }
    seen.push(item);
    None
}
