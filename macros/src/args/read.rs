//! Reads a list of arguments one at a time, so that a mistake in one argument does not hide a
//! mistake in the next.

use proc_macro2::{Group, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use super::names::{names, suggested_name};
use super::{Arg, Args, Row, Value};
use crate::errors::{Errors, list};
use crate::scan;

impl Args {
    /// Reads the arguments and reports every mistake in them.
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Args {
        let mut reader = Reader {
            args: Args::default(),
            errors,
        };
        for piece in scan::expressions(tokens) {
            match piece.comma {
                Some(comma) if piece.tokens.is_empty() => {
                    reader.errors.at(comma, "expected an argument before `,`");
                }
                _ => reader.piece(piece.tokens),
            }
        }
        reader.args
    }
}

pub(super) struct Reader<'e> {
    args: Args,
    pub(super) errors: &'e mut Errors,
}

impl Reader<'_> {
    fn piece(&mut self, tokens: TokenStream) {
        let whole = tokens.clone();
        let content = |input: ParseStream<'_>| {
            self.argument(&whole, input);
            // Mistakes in the remaining tokens have been reported already.
            input.parse::<TokenStream>()
        };
        if let Err(error) = content.parse2(tokens) {
            self.errors.push(error);
        }
    }

    fn argument(&mut self, whole: &TokenStream, input: ParseStream<'_>) {
        let Ok(name) = input.call(Ident::parse_any) else {
            return self.not_a_name(whole);
        };
        if input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>]) {
            let _equals = input.parse::<Token![=]>();
            let value = input.parse().unwrap_or_default();
            return self.assigned(name, value);
        }
        let group = if input.peek(token::Paren) {
            input.parse::<Group>().ok()
        } else {
            None
        };
        let is_list = group.is_some();
        if input.is_empty() || input.peek(Ident::peek_any) {
            match group {
                None => self.bare(name.clone()),
                Some(group) => self.listed(name.clone(), &group),
            }
            if !input.is_empty() {
                let rest: TokenStream = input.parse().unwrap_or_default();
                let written = if is_list {
                    format!("{name}(...)")
                } else {
                    name.to_string()
                };
                self.errors.at(
                    scan::first(&rest),
                    format!("expected `,` after `{written}`"),
                );
                self.piece(rest);
            }
        } else if input.peek(Token![::])
            || is_list
            || input.peek(Token![.])
            || input.peek(token::Brace)
            || input.peek(Token![!])
        {
            self.nameless(&name, whole, "...");
        } else {
            let rest: TokenStream = input.parse().unwrap_or_default();
            self.failed(&name, rest, format!("expected `,` or `=` after `{name}`"));
        }
    }

    fn not_a_name(&mut self, whole: &TokenStream) {
        let found = scan::first(whole).map_or(String::new(), |token| token.to_string());
        let way_out = if found.starts_with('"') {
            format!("write `serial = {found}` for a lock on that key")
        } else {
            format!("write one of {}", list(names()))
        };
        let message = format!("expected the name of an argument, found `{found}`; {way_out}");
        self.errors.at(whole, message);
    }

    /// Reports a resource without a name.
    pub(super) fn nameless(&mut self, word: &Ident, place: impl ToTokens, value: &str) {
        let name = suggested_name(word);
        let message = format!("expected a name for this resource; write `{name} = {value}`");
        self.failed(word, place, message);
    }

    pub(super) fn failed(&mut self, name: &Ident, place: impl ToTokens, message: String) {
        self.errors.at(place, message);
        self.args.failed.push(name.unraw().to_string());
    }

    pub(super) fn add_if(&mut self, name: Ident, row: Option<&'static Row>, value: Option<Value>) {
        match value {
            Some(value) => self.add(name, row, value),
            None => self.args.failed.push(name.unraw().to_string()),
        }
    }

    pub(super) fn add(&mut self, name: Ident, row: Option<&'static Row>, value: Value) {
        let again = row.map_or(Some("give the second a name of its own"), |row| row.again);
        if let Some(again) = again {
            if self
                .args
                .list
                .iter()
                .any(|other| other.name.unraw() == name.unraw())
            {
                let message = format!("duplicate argument `{}`; {again}", name.unraw());
                return self.errors.at(name, message);
            }
        }
        self.args.list.push(Arg { name, row, value });
    }
}
