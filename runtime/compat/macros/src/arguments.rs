//! The arguments of `#[sealed_test]`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, LitStr, Result, Token};

use crate::function::is_lone;

const KNOWN: [&str; 4] = ["files", "env", "before", "after"];

#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) files: Vec<LitStr>,
    pub(crate) env: Vec<(LitStr, LitStr)>,
    pub(crate) before: Option<TokenStream>,
    pub(crate) after: Option<TokenStream>,
}

impl Arguments {
    pub(crate) fn read(tokens: TokenStream) -> Result<Arguments> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let begins: Vec<usize> = (0..tokens.len())
            .filter(|index| begins_at(&tokens, *index))
            .collect();
        if let (Some(token), true) = (tokens.first(), begins.first() != Some(&0)) {
            let message = "expected an argument: `files = [\"...\"]`, `env = [(\"NAME\", \"value\")]`, \
                           `before = ...` or `after = ...`";
            return Err(Error::new(token.span(), message));
        }
        let mut arguments = Arguments::default();
        let mut seen = Vec::new();
        for (position, begin) in begins.iter().enumerate() {
            let end = begins.get(position + 1).copied().unwrap_or(tokens.len());
            let (TokenTree::Ident(name), value) = (&tokens[*begin], &tokens[begin + 2..end]) else {
                continue;
            };
            let text = name.to_string();
            if seen.contains(&text) {
                return Err(Error::new(
                    name.span(),
                    format!("duplicate argument `{text}`; remove one"),
                ));
            }
            arguments.take(name, without_comma(value))?;
            seen.push(text);
        }
        Ok(arguments)
    }

    fn take(&mut self, name: &Ident, value: &[TokenTree]) -> Result<()> {
        let text = name.to_string();
        match text.as_str() {
            "files" => {
                let usage = "expected `files` to be a list of paths: `files = [\"tests/fixture\"]`";
                self.files = list(name, value, usage, path)?;
                self.files.iter().try_for_each(has_name)?;
            }
            "env" => {
                let usage = "expected `env` to be a list of pairs: `env = [(\"NAME\", \"value\")]`";
                let pairs = list(name, value, usage, pair)?;
                pairs.iter().try_for_each(is_variable)?;
                // The last value wins.
                for (name, value) in pairs {
                    self.env.retain(|(other, _)| other.value() != name.value());
                    self.env.push((name, value));
                }
            }
            "before" => self.before = Some(expression(name, value)?),
            "after" => self.after = Some(expression(name, value)?),
            _ => {
                let message = match text.as_str() {
                    "setup" => "unknown argument `setup`; write `before = ...`".to_owned(),
                    "teardown" => "unknown argument `teardown`; write `after = ...`".to_owned(),
                    _ => format!(
                        "unknown argument `{text}`; expected one of `files`, `env`, `before`, `after`"
                    ),
                };
                return Err(Error::new(name.span(), message));
            }
        }
        Ok(())
    }
}

/// Whether an argument begins at this token: a word and `=`, after a comma or with a known name.
fn begins_at(tokens: &[TokenTree], index: usize) -> bool {
    let (Some(TokenTree::Ident(name)), Some(equals)) = (tokens.get(index), tokens.get(index + 1))
    else {
        return false;
    };
    let is_known = KNOWN.iter().any(|known| name == known);
    let is_separated = match index.checked_sub(1).map(|before| &tokens[before]) {
        None => true,
        Some(TokenTree::Punct(mark)) => mark.as_char() == ',',
        Some(_) => is_known,
    };
    is_lone(equals, '=') && is_separated
}

fn without_comma(value: &[TokenTree]) -> &[TokenTree] {
    match value {
        [value @ .., TokenTree::Punct(mark)] if mark.as_char() == ',' => value,
        value => value,
    }
}

fn list<T>(
    name: &Ident,
    value: &[TokenTree],
    usage: &str,
    item: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let group = match value {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => group,
        [token, ..] => return Err(Error::new(token.span(), usage)),
        [] => return Err(Error::new(name.span(), usage)),
    };
    let parse =
        |input: ParseStream<'_>| Punctuated::<T, Token![,]>::parse_terminated_with(input, item);
    let items = parse
        .parse2(group.stream())
        .map_err(|error| Error::new(error.span(), usage))?;
    Ok(items.into_iter().collect())
}

fn path(input: ParseStream<'_>) -> Result<LitStr> {
    input.parse()
}

fn pair(input: ParseStream<'_>) -> Result<(LitStr, LitStr)> {
    let group: Group = input.parse()?;
    let parse = |input: ParseStream<'_>| {
        let name = input.parse()?;
        let _comma = input.parse::<Token![,]>()?;
        let value = input.parse()?;
        let _trailing = input.parse::<Option<Token![,]>>()?;
        Ok((name, value))
    };
    parse.parse2(group.stream())
}

fn has_name(path: &LitStr) -> Result<()> {
    match std::path::Path::new(&path.value()).file_name() {
        Some(_) => Ok(()),
        None => Err(Error::new(
            path.span(),
            "expected a path that ends in a name, because the copy gets that name",
        )),
    }
}

fn is_variable((name, _): &(LitStr, LitStr)) -> Result<()> {
    let text = name.value();
    if text.is_empty() || text.contains(['=', '\0']) {
        let message = "expected the name of a variable, which is not empty and contains no `=`";
        return Err(Error::new(name.span(), message));
    }
    Ok(())
}

fn expression(name: &Ident, value: &[TokenTree]) -> Result<TokenStream> {
    if value.is_empty() {
        let message = format!("expected `{name}` to be an expression: `{name} = f()`");
        return Err(Error::new(name.span(), message));
    }
    Ok(value.iter().cloned().collect())
}
