//! Reads environment variables: `NAME = value`, `unset(NAME)` and `clear`.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token, token};

use super::value::{place, wrong};
use super::{Row, Value};
use crate::errors::{Errors, alike, expected};
use crate::scan;

/// The environment variables of a test.
#[derive(Default)]
pub(crate) struct Variables {
    /// Whether all other variables are removed.
    pub(crate) is_clear: bool,
    pub(crate) list: Vec<Variable>,
}

pub(crate) struct Variable {
    pub(crate) name: String,
    /// `None` if the variable is unset.
    pub(crate) value: Option<TokenStream>,
}

const WORDS: [&str; 2] = ["unset", "clear"];

pub(super) fn read(row: &Row, group: &Group, errors: &mut Errors) -> Option<Value> {
    let pieces = scan::expressions(group.stream());
    if pieces.is_empty() {
        errors.at(group, wrong(row));
        return None;
    }
    let mut reader = Reader {
        row,
        errors,
        found: Variables::default(),
        all_well: true,
    };
    for piece in pieces {
        match piece.comma {
            Some(comma) if piece.tokens.is_empty() => {
                reader.mistake(comma, "expected a variable before `,`");
            }
            _ => reader.piece(piece.tokens),
        }
    }
    reader.all_well.then_some(Value::Variables(reader.found))
}

struct Reader<'e> {
    row: &'e Row,
    errors: &'e mut Errors,
    found: Variables,
    all_well: bool,
}

impl Reader<'_> {
    fn mistake(&mut self, place: impl ToTokens, message: impl std::fmt::Display) {
        self.all_well = false;
        self.errors.at(place, message);
    }

    fn piece(&mut self, tokens: TokenStream) {
        let whole = tokens.clone();
        let content = |input: ParseStream<'_>| {
            self.variable(&whole, input);
            // Mistakes in the remaining tokens have been reported already.
            input.parse::<TokenStream>()
        };
        if let Err(error) = content.parse2(tokens) {
            self.all_well = false;
            self.errors.push(error);
        }
    }

    fn variable(&mut self, whole: &TokenStream, input: ParseStream<'_>) {
        let ahead = input.fork();
        if let Ok(word) = ahead.call(Ident::parse_any) {
            let list = if ahead.peek(token::Paren) {
                ahead.parse::<Group>().ok()
            } else {
                None
            };
            if ahead.is_empty() || ahead.peek(Ident::peek_any) || ahead.peek(LitStr) {
                self.word(&word, list.as_ref());
                let rest: TokenStream = ahead.parse().unwrap_or_default();
                if !rest.is_empty() {
                    self.mistake(scan::first(&rest), format!("expected `,` after `{word}`"));
                    self.piece(rest);
                }
                return;
            }
        }
        let (left, value) = assignment(whole);
        match value {
            Some(value) => self.assigned(&left, value),
            None => match syn::parse2::<LitStr>(left) {
                Ok(name) => self.without_value(&name, &name.token().to_string()),
                Err(_) => self.mistake(
                    whole,
                    format!("expected a variable, found `{whole}`; write `NAME = ...`, `unset(NAME)` or `clear`"),
                ),
            },
        }
    }

    fn word(&mut self, word: &Ident, list: Option<&Group>) {
        match (word.to_string().as_str(), list) {
            ("clear", None) if self.found.is_clear => {
                self.mistake(word, "duplicate option `clear`; remove one");
            }
            ("clear", None) => self.found.is_clear = true,
            ("clear", Some(list)) => {
                self.mistake(list, "`clear` takes no value; write `clear`");
            }
            ("unset", list) => self.unset(word, list),
            (written, None) if !WORDS.iter().any(|known| alike(written, known)) => {
                self.without_value(word, &word.unraw().to_string());
            }
            (written, _) => {
                let expected = expected("option", written, WORDS.into_iter());
                let message = format!(
                    "unknown option `{written}` of `{}`; {expected}",
                    self.row.name
                );
                self.mistake(word, message);
            }
        }
    }

    fn unset(&mut self, word: &Ident, list: Option<&Group>) {
        let pieces = list.map_or_else(Vec::new, |list| scan::expressions(list.stream()));
        if pieces.is_empty() {
            let place = list.map_or_else(|| word.to_token_stream(), ToTokens::to_token_stream);
            return self.mistake(
                place,
                "expected the name of at least one variable: `unset(NAME)`",
            );
        }
        for piece in pieces {
            let place = place(&piece.tokens, &piece.comma);
            let (left, value) = assignment(&piece.tokens);
            if value.is_some() {
                let message = format!("`unset` takes no values; write `unset({})`", written(&left));
                self.mistake(place, message);
                continue;
            }
            let name = self.name(&left, &place, |quoted| format!("unset({quoted})"));
            if let Some(name) = name {
                self.add(name, &place, None);
            }
        }
    }

    fn assigned(&mut self, left: &TokenStream, value: TokenStream) {
        let place = place(left, &value);
        if let Some(TokenTree::Ident(word)) = scan::only(left) {
            if let Some(message) = meant_as_an_option(&word, &value) {
                return self.mistake(word, message);
            }
        }
        let Some(name) = self.name(left, &place, |quoted| format!("{quoted} = ...")) else {
            return;
        };
        if value.is_empty() {
            self.without_value(left, &written(left));
        } else {
            self.add(name, &place, Some(value));
        }
    }

    fn without_value(&mut self, place: impl ToTokens, name: &str) {
        let message =
            format!("expected a value for `{name}`; write `{name} = ...` or `unset({name})`");
        self.mistake(place, message);
    }

    /// Reads a name, which is an identifier or a string.
    fn name(
        &mut self,
        tokens: &TokenStream,
        place: &TokenStream,
        usage: impl Fn(&str) -> String,
    ) -> Option<String> {
        if let Some(TokenTree::Ident(word)) = scan::only(tokens) {
            return Some(word.unraw().to_string());
        }
        if tokens.is_empty() {
            self.mistake(place, "expected the name of a variable");
            return None;
        }
        let Ok(text) = syn::parse2::<LitStr>(tokens.clone()) else {
            let found = written(tokens);
            let way_out = usage(&format!("{:?}", found.replace('"', "")));
            let message =
                format!("expected a name or a string, found `{found}`; write `{way_out}`");
            self.mistake(place, message);
            return None;
        };
        let name = text.value();
        let message = if name.is_empty() {
            format!("expected a name that is not empty: `{}`", usage("\"...\""))
        } else if name.contains('=') {
            "expected a name without `=`, because the system ends it there; remove it".to_owned()
        } else if name.contains('\0') {
            "expected a name without a zero byte, because the system ends it there; remove it"
                .to_owned()
        } else {
            return Some(name);
        };
        self.mistake(text, message);
        None
    }

    fn add(&mut self, name: String, place: &TokenStream, value: Option<TokenStream>) {
        let first = self.found.list.iter().find(|first| first.name == name);
        let Some(first) = first else {
            self.found.list.push(Variable { name, value });
            return;
        };
        let message = if first.value.is_some() == value.is_some() {
            format!("duplicate variable `{name}`; remove one")
        } else {
            format!("cannot have both `{name} = ...` and `unset({name})`; remove one")
        };
        self.mistake(place, message);
    }
}

/// The message for `unset = ...` and `clear = ...`, which would set variables of these names.
fn meant_as_an_option(word: &Ident, value: &TokenStream) -> Option<String> {
    let (written, way_out) = match word.to_string().as_str() {
        "unset" => {
            let name = match syn::parse2::<LitStr>(value.clone()) {
                Ok(name) if syn::parse_str::<Ident>(&name.value()).is_ok() => name.value(),
                Ok(name) => name.token().to_string(),
                Err(_) => "NAME".to_owned(),
            };
            ("unset", format!("write `unset({name})` to remove one"))
        }
        "clear" => ("clear", "write `clear` to remove all others".to_owned()),
        _ => return None,
    };
    Some(format!(
        "`{written} = ...` would set a variable of that name; {way_out}, or `\"{written}\" = ...` to set it"
    ))
}

/// Splits at the first `=`, ignoring `==` and `=>`. The right side is `None` if there is no `=`.
fn assignment(tokens: &TokenStream) -> (TokenStream, Option<TokenStream>) {
    let content = |input: ParseStream<'_>| {
        let mut left = TokenStream::new();
        while !input.is_empty() {
            let is_longer = input.peek(Token![==]) || input.peek(Token![=>]);
            if !is_longer && input.parse::<Option<Token![=]>>()?.is_some() {
                return Ok((left, Some(input.parse()?)));
            }
            left.extend([input.parse::<TokenTree>()?]);
            if is_longer {
                left.extend([input.parse::<TokenTree>()?]);
            }
        }
        Ok((left, None))
    };
    content
        .parse2(tokens.clone())
        .unwrap_or_else(|_| (tokens.clone(), None))
}

/// The tokens as text without spaces.
fn written(tokens: &TokenStream) -> String {
    tokens.to_string().replace(' ', "")
}
