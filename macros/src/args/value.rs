//! Reads what follows the name of an argument: options, keys, a limit, a path.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Lit, LitInt, LitStr, Token};

use super::names::find;
use super::{Choice, Form, Key, Row, Setting, Takes, Value, Word, clock, needless};
use crate::errors::{Errors, expected, list};
use crate::scan;

/// The highest limit, and the most items of a pool. Equals `MOST` of the runtime, which this crate does
/// not depend on. Tests check both.
pub(super) const MOST: usize = 256;

/// The message that shows the correct form of an argument after a mistake.
pub(super) fn wrong(row: &Row) -> String {
    let Row { name, usage, .. } = row;
    let kind = match row.takes {
        Takes::Keys => "a string",
        Takes::KeyAndNumber => "a key and a number",
        Takes::KeyAndItems => "a key and a list of items",
        Takes::Variables => "a list of variables",
        Takes::Directory(_) => "a directory",
        Takes::Duration | Takes::Clock(_) => "a time",
        Takes::Number { .. } => "a number",
        Takes::Reason => "a reason",
        Takes::PerhapsReason => {
            return format!(
                "expected `{name}` to say who calls the function: `{name} = \"called by ...\"`"
            );
        }
        Takes::Path => "a path",
        Takes::Expression => "one expression",
        Takes::Nothing | Takes::Options(_) | Takes::Inherited => "a word",
    };
    format!("expected `{name}` to be {kind}: `{usage}`")
}

/// The place to report: the tokens, or the name if there are no tokens.
pub(super) fn place(tokens: &TokenStream, name: impl ToTokens) -> TokenStream {
    if tokens.is_empty() {
        name.into_token_stream()
    } else {
        tokens.clone()
    }
}

pub(super) fn keys(
    row: &Row,
    name: &Ident,
    tokens: &TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let Some(group) = scan::only_group(tokens, Delimiter::Bracket) else {
        return key(row, name, tokens, errors).map(|key| Value::Keys(vec![key]));
    };
    let pieces = scan::expressions(group.stream());
    if pieces.is_empty() {
        errors.at(
            group,
            format!(
                "expected at least one key in the list; write `{}` for a lock without a name",
                row.name
            ),
        );
        return None;
    }
    let keys: Vec<_> = pieces
        .iter()
        .map(|piece| key(row, &piece.comma, &piece.tokens, errors))
        .collect();
    keys.into_iter().collect::<Option<_>>().map(Value::Keys)
}

fn key(row: &Row, name: impl ToTokens, tokens: &TokenStream, errors: &mut Errors) -> Option<Key> {
    if let Ok(text) = syn::parse2::<LitStr>(tokens.clone()) {
        return Some(Key::Text(text));
    }
    if tokens.is_empty() || syn::parse2::<Lit>(tokens.clone()).is_ok() {
        errors.at(place(tokens, name), wrong(row));
        return None;
    }
    Some(Key::Expression(tokens.clone()))
}

pub(super) fn limit(row: &Row, group: &Group, errors: &mut Errors) -> Option<Value> {
    let (key, number) = key_and_more(row, group, errors)?;
    let is_number = match syn::parse2::<Lit>(number.clone()) {
        Ok(Lit::Int(number)) => number
            .base10_parse::<usize>()
            .is_ok_and(|number| (1..=MOST).contains(&number)),
        Ok(_) => false,
        Err(_) => !number.is_empty(),
    };
    if !is_number {
        let message = format!(
            "expected the number of `{}` to be from 1 to {MOST}: `{}`",
            row.name, row.usage
        );
        errors.at(place(&number, group), message);
        return None;
    }
    Some(Value::Limit(key?, number))
}

/// Reads a key and something else in parentheses: the key, unless it has a mistake, and the tokens
/// of the other.
pub(super) fn key_and_more(
    row: &Row,
    group: &Group,
    errors: &mut Errors,
) -> Option<(Option<Key>, TokenStream)> {
    let pieces = scan::expressions(group.stream());
    let [first, second] = pieces.as_slice() else {
        errors.at(group, wrong(row));
        return None;
    };
    let key = key(row, group, &first.tokens, errors);
    Some((key, second.tokens.clone()))
}

pub(super) fn directory(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    if tokens.is_empty() {
        errors.at(name, wrong(row));
        return None;
    }
    Some(Value::Expression(tokens))
}

/// Reads the expression of `name = value(expression)` or `name = awaited(expression)`.
pub(super) fn expression(row: &Row, group: &Group, errors: &mut Errors) -> Option<Value> {
    let pieces = scan::expressions(group.stream());
    match pieces.as_slice() {
        [only] if !only.tokens.is_empty() => Some(Value::Expression(only.tokens.clone())),
        [_, second, ..] => {
            let name = row.name;
            // A tuple is a value, but no resource.
            let tuple = match row.word {
                Word::Value => ", or a tuple: `pool = value((..., ...))`",
                _ => "",
            };
            let message = format!(
                "expected one expression in `{name}(...)`; write `a = {name}(...), b = {name}(...)`{tuple}"
            );
            errors.at(place(&second.tokens, group), message);
            None
        }
        _ => {
            errors.at(group, wrong(row));
            None
        }
    }
}

/// The row of `value(...)` or `awaited(...)` and the tokens after it, if these are an `.await` or a
/// `?`.
pub(super) fn after_parentheses(tokens: &TokenStream) -> Option<(&'static Row, TokenStream)> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let [TokenTree::Ident(word), TokenTree::Group(list), rest @ ..] = tokens.as_slice() else {
        return None;
    };
    let is_list = list.delimiter() == Delimiter::Parenthesis;
    let is_meant = match rest {
        [TokenTree::Punct(mark), ..] if mark.as_char() == '?' => true,
        [TokenTree::Punct(_), TokenTree::Ident(next), ..] => next == "await",
        _ => false,
    };
    let row = find(word).filter(|row| matches!(row.takes, Takes::Expression))?;
    (is_list && is_meant).then(|| (row, rest.iter().cloned().collect()))
}

pub(super) fn path(
    row: &Row,
    name: &Ident,
    tokens: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    if plain_path.parse2(tokens.clone()).is_ok() {
        return Some(Value::Path(tokens));
    }
    errors.at(place(&tokens, name), wrong(row));
    None
}

pub(super) fn options(
    row: &Row,
    known: &'static [Setting],
    content: TokenStream,
    errors: &mut Errors,
) -> Option<Value> {
    let mut options: Vec<(&'static str, Choice)> = Vec::new();
    let mut all_well = true;
    for piece in scan::expressions(content) {
        let tokens = place(&piece.tokens, &piece.comma);
        match option(row, known, &options, piece.tokens) {
            Ok(option) => options.push(option),
            Err((place, message)) => {
                all_well = false;
                errors.at(if place.is_empty() { tokens } else { place }, message);
            }
        }
    }
    all_well.then_some(Value::Options(options))
}

type Mistake = (TokenStream, String);

fn option(
    row: &Row,
    known: &'static [Setting],
    earlier: &[(&str, Choice)],
    tokens: TokenStream,
) -> Result<(&'static str, Choice), Mistake> {
    let names = || known.iter().map(|setting| setting.name);
    let content = |input: ParseStream<'_>| {
        let name = input.call(Ident::parse_any)?;
        let equals = input.parse::<Option<Token![=]>>()?;
        Ok((name, equals.is_some(), input.parse::<TokenStream>()?))
    };
    if let Some(message) = needless::fixed_port(row, &tokens) {
        return Err((tokens, message));
    }
    let Ok((name, assigned, value)) = content.parse2(tokens.clone()) else {
        let found = scan::first(&tokens).map_or(",".to_owned(), |token| token.to_string());
        let way_out = path_meant(row, known, &tokens)
            .unwrap_or_else(|| format!("write one of {}", list(names())));
        let message = format!(
            "expected an option of `{}`, found `{found}`; {way_out}",
            row.name
        );
        return Err((tokens, message));
    };
    let Some(setting) = known.iter().find(|setting| name == setting.name) else {
        let written = name.unraw().to_string();
        let message = format!(
            "unknown option `{written}` of `{}`; {}",
            row.name,
            expected("option", &written, names())
        );
        return Err((quote!(#name), message));
    };
    if earlier.iter().any(|(other, _)| *other == setting.name) {
        return Err((
            quote!(#name),
            format!("duplicate option `{name}`; remove one"),
        ));
    }
    let is_other = |name: &str| earlier.iter().any(|(other, _)| *other == name);
    if setting.name == "number" && is_other("count")
        || setting.name == "count" && is_other("number")
    {
        let message =
            "a `port` has either a `count` or a `number`; write one `port(number = ...)` for each";
        return Err((quote!(#name), message.to_owned()));
    }
    let choice = choice(setting, &value).filter(|_| assigned != value.is_empty());
    let choice = choice.ok_or_else(|| (place(&value, &name), shape(row, setting)))?;
    Ok((setting.name, choice))
}

/// The suggested spelling for a path that was written in place of an option.
fn path_meant(row: &Row, known: &[Setting], tokens: &TokenStream) -> Option<String> {
    let is_path = |setting: &&Setting| matches!(setting.form, Form::Paths);
    let from = known.iter().find(is_path)?.name;
    let path = syn::parse2::<LitStr>(tokens.clone()).ok()?.value();
    let Row { name, takes, .. } = row;
    Some(match takes {
        Takes::Directory(_) => format!(
            "write `{name} = {path:?}` to work in that directory, or `{name}({from} = {path:?})` for a copy of it"
        ),
        _ => format!("write `{name}({from} = {path:?})`"),
    })
}

fn choice(setting: &Setting, value: &TokenStream) -> Option<Choice> {
    match setting.form {
        Form::Flag => value.is_empty().then_some(Choice::Flag),
        Form::Number { least, most } => {
            let literal: LitInt = syn::parse2(value.clone()).ok()?;
            let number = literal.base10_parse().ok();
            number
                .filter(|number| (least..=most).contains(number))
                .map(Choice::Number)
        }
        Form::PortNumber => {
            let is_number = match syn::parse2::<Lit>(value.clone()) {
                Ok(Lit::Int(number)) => number.base10_parse::<u16>().is_ok_and(|number| number > 0),
                Ok(_) => false,
                Err(_) => !value.is_empty(),
            };
            is_number.then(|| Choice::Constant(value.clone()))
        }
        Form::Time => (!value.is_empty()).then(|| Choice::Constant(value.clone())),
        Form::Speed => clock::speed(value).map(Choice::Speed),
        Form::Paths => {
            let list = scan::only_group(value, Delimiter::Bracket);
            let paths = match list {
                Some(list) => scan::expressions(list.stream())
                    .into_iter()
                    .map(|piece| piece.tokens)
                    .collect(),
                None => vec![value.clone()],
            };
            let path = |tokens| syn::parse2::<LitStr>(tokens).ok();
            let paths: Vec<LitStr> = paths.into_iter().map(path).collect::<Option<_>>()?;
            let is_path = |path: &LitStr| !path.value().is_empty();
            (!paths.is_empty() && paths.iter().all(is_path)).then_some(Choice::Paths(paths))
        }
        Form::Choice(known) => {
            let text = syn::parse2::<LitStr>(value.clone()).ok()?.value();
            known
                .iter()
                .find(|known| **known == text)
                .map(|known| Choice::OneOf(known))
        }
    }
}

/// The message that shows the correct form of an option after a mistake.
fn shape(row: &Row, setting: &Setting) -> String {
    let Setting { name, .. } = setting;
    match setting.form {
        Form::Flag => format!("`{name}` takes no value; write `{}({name})`", row.name),
        Form::Number { least, most } => {
            format!(
                "expected `{name}` to be a number from {least} to {most}: `{}({name} = 3)`",
                row.name
            )
        }
        Form::PortNumber => format!(
            "expected `{name}` to be a number from 1 to 65535 or a constant: `{}({name} = 8080)`",
            row.name
        ),
        Form::Time => format!(
            "expected `{name}` to be a time: `{}({name} = \"2026-02-28T23:59:59Z\")`",
            row.name
        ),
        Form::Speed => format!(
            "expected `{name}` to be a number above zero and at most 100,000,000, because {name} 60 makes an hour of a \
             minute: `{}(at = ..., {name} = 60)`",
            row.name
        ),
        Form::Paths => format!(
            "expected `{name}` to be a string that is not empty, or a list of these: `{}({name} = \"...\")`",
            row.name
        ),
        Form::Choice(known) => {
            let quoted: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
            format!(
                "expected `{name}` to be one of {}",
                list(quoted.iter().map(String::as_str))
            )
        }
    }
}

/// Reads a path without generic arguments.
fn plain_path(input: ParseStream<'_>) -> syn::Result<()> {
    let _leading = input.parse::<Option<Token![::]>>()?;
    input.call(Ident::parse_any)?;
    while input.parse::<Option<Token![::]>>()?.is_some() {
        input.call(Ident::parse_any)?;
    }
    Ok(())
}
