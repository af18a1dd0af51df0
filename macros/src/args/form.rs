//! The forms of an argument: a name, a name with a list in parentheses, and `name = value`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Ident, Lit, LitBool};

use super::names::{find, names, other_spelling, resource_meant_by, starts_like_a_type};
use super::read::Reader;
use super::{
    Inherited, Row, Takes, Value, clock, duration, literal, needless, pool, value, variables,
};
use crate::errors::{alike, expected};
use crate::scan;

impl Reader<'_> {
    pub(super) fn bare(&mut self, name: Ident) {
        let Some(row) = find(&name) else {
            let is_typo = names().any(|known| alike(&name.to_string(), known));
            if starts_like_a_type(&name) && !is_typo {
                return self.nameless(&name, &name, &name.to_string());
            }
            return self.unknown(&name);
        };
        if row.needs_name() {
            return self.without_its_name(&name, row);
        }
        match row.takes {
            Takes::Nothing | Takes::Options(_) | Takes::Directory(_) | Takes::PerhapsReason => {
                self.add(name, Some(row), Value::Nothing);
            }
            Takes::Keys => self.add(name, Some(row), Value::Keys(Vec::new())),
            Takes::KeyAndNumber
            | Takes::KeyAndItems
            | Takes::Expression
            | Takes::Variables
            | Takes::Duration
            | Takes::Clock(_)
            | Takes::Number { .. }
            | Takes::Reason
            | Takes::Path
            | Takes::Inherited => {
                let message = value::wrong(row);
                self.failed(&name, &name, message);
            }
        }
    }

    pub(super) fn listed(&mut self, name: Ident, group: &Group) {
        match find(&name) {
            Some(row) if row.needs_name() => self.without_its_name(&name, row),
            Some(row) => self.row_with_list(name, row, group),
            None if starts_like_a_type(&name) => {
                self.nameless(&name, &name, &format!("{name}(...)"));
            }
            None => self.unknown(&name),
        }
    }

    fn row_with_list(&mut self, name: Ident, row: &'static Row, group: &Group) {
        let value = match row.takes {
            Takes::Options(settings) | Takes::Directory(settings) => {
                value::options(row, settings, group.stream(), self.errors)
            }
            Takes::Clock(settings) => clock::listed(row, settings, &name, group, self.errors),
            Takes::Expression => value::expression(row, group, self.errors),
            Takes::KeyAndNumber => value::limit(row, group, self.errors),
            Takes::KeyAndItems => pool::pool(row, group, self.errors),
            Takes::Variables => variables::read(row, group, self.errors),
            Takes::Inherited => {
                let read = Inherited::read(group);
                if read.is_none() {
                    self.errors.at(group, value::wrong(row));
                }
                read.map(Value::Inherited)
            }
            Takes::Nothing => {
                self.errors.at(
                    group,
                    format!("`{0}` takes no value; write `{0}`", row.name),
                );
                None
            }
            Takes::Keys
            | Takes::Duration
            | Takes::Number { .. }
            | Takes::Reason
            | Takes::PerhapsReason
            | Takes::Path => {
                self.errors.at(group, value::wrong(row));
                None
            }
        };
        self.add_if(name, Some(row), value);
    }

    pub(super) fn assigned(&mut self, name: Ident, tokens: TokenStream) {
        let row = find(&name).filter(|row| !row.is_hidden() && !row.needs_name());
        match (row, named(&tokens)) {
            // `port = port(udp)` is redundant but clear.
            (Some(row), Some((word, list))) if row.is_resource && word == name => {
                self.named(name, &word, list, tokens);
            }
            (Some(row), _) => self.row_with_value(name, row, tokens),
            (None, word) => self.named_by_the_user(name, word, tokens),
        }
    }

    fn row_with_value(&mut self, name: Ident, row: &'static Row, tokens: TokenStream) {
        let value = match row.takes {
            Takes::Keys => value::keys(row, &name, &tokens, self.errors),
            Takes::Directory(_) => value::directory(row, &name, tokens, self.errors),
            Takes::Duration => duration::read(row, &name, tokens, self.errors),
            Takes::Clock(_) => clock::assigned(row, &name, tokens, self.errors),
            Takes::Number { most } => literal::number(row, most, &name, tokens, self.errors),
            Takes::PerhapsReason => literal::caller(row, &name, tokens, self.errors),
            Takes::Reason => literal::reason(row, &name, tokens, self.errors),
            Takes::Path => value::path(row, &name, tokens, self.errors),
            Takes::Variables => {
                self.errors
                    .at(value::place(&tokens, &name), value::wrong(row));
                None
            }
            Takes::KeyAndNumber
            | Takes::Expression
            | Takes::KeyAndItems
            | Takes::Nothing
            | Takes::Options(_)
            | Takes::Inherited => {
                let message = needless::value(row, &tokens, is_plain_data(&tokens));
                self.errors.at(value::place(&tokens, &name), message);
                None
            }
        };
        self.add_if(name, Some(row), value);
    }

    fn named_by_the_user(&mut self, name: Ident, word: Option<NamedWord>, tokens: TokenStream) {
        if matches!(name.to_string().as_str(), "_" | "self" | "Self" | "super") {
            let message = format!("expected a name that a parameter can have, found `{name}`");
            return self.failed(&name, &name, message);
        }
        if tokens.is_empty() {
            let message = format!(
                "expected a resource after `{name} =`; write `{name} = port` or another one"
            );
            return self.failed(&name, &name, message);
        }
        if is_plain_data(&tokens) {
            return match find(&name).filter(|row| row.needs_name()) {
                Some(row) => self.without_its_name(&name, row),
                None => self.unknown(&name),
            };
        }
        if let Some((row, rest)) = value::after_parentheses(&tokens) {
            let message = format!(
                "expected `,` after `{}(...)`; write `.await` and `?` inside the parentheses",
                row.name
            );
            return self.failed(&name, rest, message);
        }
        match word {
            Some((word, list)) => self.named(name, &word, list, tokens),
            None => self.add(name, None, Value::Expression(tokens)),
        }
    }

    /// Handles `name = word` and `name = word(...)`.
    fn named(&mut self, name: Ident, word: &Ident, list: Option<Group>, tokens: TokenStream) {
        match (find(word), list) {
            (Some(row), None) if row.needs_name() => self.failed(&name, word, value::wrong(row)),
            (Some(row), None) if row.is_resource => self.add(name, Some(row), Value::Nothing),
            (Some(row), Some(group)) if row.is_resource => self.row_with_list(name, row, &group),
            (Some(row), _) => {
                let message = format!(
                    "`{0}` is not a resource and takes no name; write `{1}`",
                    row.name, row.usage
                );
                self.failed(&name, word, message);
            }
            (None, None) => match resource_meant_by(word) {
                Some(message) => self.failed(&name, word, message),
                None => self.add(name, None, Value::Expression(tokens)),
            },
            (None, _) => self.add(name, None, Value::Expression(tokens)),
        }
    }

    /// Reports an argument that needs a name of the user's and has none.
    fn without_its_name(&mut self, word: &Ident, row: &Row) {
        let message = format!("expected a name for `{}`; write `{}`", row.name, row.usage);
        self.failed(word, word, message);
    }

    fn unknown(&mut self, name: &Ident) {
        let written = name.unraw().to_string();
        let message = other_spelling(name).map_or_else(
            || {
                format!(
                    "unknown argument `{written}`; {}",
                    expected("argument", &written, names())
                )
            },
            str::to_owned,
        );
        self.failed(name, name, message);
    }
}

/// A word and the list in parentheses after it, if any.
type NamedWord = (Ident, Option<Group>);

/// The value as a single word, optionally with a list in parentheses; `None` for anything else.
fn named(tokens: &TokenStream) -> Option<NamedWord> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next()?, tokens.next(), tokens.next()) {
        (TokenTree::Ident(word), None, None) => Some((word, None)),
        (TokenTree::Ident(word), Some(TokenTree::Group(group)), None)
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            Some((word, Some(group)))
        }
        _ => None,
    }
}

/// Whether the value is a literal (a string, a number, a boolean) or an array, which is never a
/// resource.
fn is_plain_data(tokens: &TokenStream) -> bool {
    let positive: TokenStream = match scan::first(tokens) {
        Some(TokenTree::Punct(minus)) if minus.as_char() == '-' => {
            tokens.clone().into_iter().skip(1).collect()
        }
        _ => tokens.clone(),
    };
    scan::only_group(tokens, Delimiter::Bracket).is_some()
        || syn::parse2::<Lit>(positive.clone()).is_ok()
        || syn::parse2::<LitBool>(positive).is_ok()
}
