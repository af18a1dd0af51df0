//! The arguments of an attribute.

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use crate::claim::{Claim, Kind};

/// A mistake in an attribute, or in the item below it.
#[derive(Debug)]
pub(crate) struct Mistake {
    at: Span,
    pub(crate) text: String,
}

impl Mistake {
    pub(crate) fn new(at: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        Mistake { at, text }
    }

    pub(crate) fn to_compile_error(&self) -> TokenStream {
        let text = &self.text;
        quote_spanned!(self.at=> ::core::compile_error!(#text);)
    }
}

/// The arguments of an attribute, and those that the attributes above it have passed on.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) claims: Vec<Claim>,
    /// The path to this crate, if given.
    pub(crate) krate: Option<TokenStream>,
    pub(crate) inner_attributes: Vec<TokenStream>,
}

impl Args {
    /// Reads `a, b, path => "...", crate = path, inner_attrs = [...]`.
    pub(crate) fn read(kind: Kind, arguments: TokenStream) -> Result<Self, Mistake> {
        let mut args = Args::default();
        let mut keys: Vec<TokenTree> = Vec::new();
        let mut path = None;
        for argument in split(arguments) {
            let (first, rest) = argument.split_first().ok_or_else(|| {
                Mistake::new(Span::call_site(), "expected an argument before the comma")
            })?;
            let word = match first {
                TokenTree::Ident(word) => word.to_string(),
                TokenTree::Literal(key) if rest.is_empty() && is_text(key) => {
                    keys.push(first.clone());
                    continue;
                }
                _ => return Err(no_argument(first)),
            };
            match (&*word.to_ascii_lowercase(), rest) {
                ("path", rest) => path = Some((read_path(kind, first, rest)?, first.span())),
                ("crate", [TokenTree::Punct(equals), krate @ ..])
                    if equals.as_char() == '=' && is_path(krate) =>
                {
                    args.krate = Some(krate.iter().cloned().collect());
                }
                ("crate", _) => {
                    let text = "expected `crate` to be a path: `crate = wrapper::serial_test`";
                    return Err(Mistake::new(first.span(), text));
                }
                ("inner_attrs", [TokenTree::Punct(equals), TokenTree::Group(group)])
                    if equals.as_char() == '=' && group.delimiter() == Delimiter::Bracket =>
                {
                    let attributes = split(group.stream()).into_iter();
                    args.inner_attributes
                        .extend(attributes.map(TokenStream::from_iter));
                }
                ("inner_attrs", _) => {
                    let text = "expected `inner_attrs` to be a list of attributes: \
                                `inner_attrs = [timeout(1000)]`";
                    return Err(Mistake::new(first.span(), text));
                }
                ("__above", [TokenTree::Group(above)]) => args.read_above(above),
                (_, []) => keys.push(Literal::string(&word).into()),
                _ => return Err(no_argument(first)),
            }
        }
        args.claim(kind, &keys, path)?;
        Ok(args)
    }

    fn claim(
        &mut self,
        kind: Kind,
        keys: &[TokenTree],
        path: Option<(Literal, Span)>,
    ) -> Result<(), Mistake> {
        let mut claim = |is_path, text| {
            self.claims.push(Claim {
                kind,
                is_path,
                text,
            });
        };
        match (path, keys) {
            (Some((_, at)), [_, _, ..]) => {
                let text = "`path` is one lock, so it stands beside one key at most; remove the other \
                            keys, or write one attribute for each";
                return Err(Mistake::new(at, text));
            }
            (Some((path, _)), _) => claim(true, path.to_token_stream()),
            (None, []) => claim(false, TokenStream::new()),
            (None, keys) => keys
                .iter()
                .for_each(|key| claim(false, key.to_token_stream())),
        }
        Ok(())
    }

    /// Reads what an attribute above has passed on.
    fn read_above(&mut self, above: &Group) {
        for claim in split(above.stream()) {
            if let [TokenTree::Ident(kind), rest @ ..] = &*claim {
                let word = kind.to_string();
                let (kind, is_path) = match word.strip_prefix("at_") {
                    Some(kind) => (Kind::named(kind), true),
                    None => (Kind::named(&word), false),
                };
                let text = rest.iter().cloned().collect();
                self.claims.extend(kind.map(|kind| Claim {
                    kind,
                    is_path,
                    text,
                }));
            }
        }
    }

    /// The arguments that pass these on to the attribute below.
    pub(crate) fn handed_on(&self) -> TokenStream {
        let claims = self.claims.iter().map(|claim| {
            let (text, name) = (&claim.text, claim.kind.name());
            let kind = if claim.is_path {
                format_ident!("at_{name}")
            } else {
                format_ident!("{name}")
            };
            quote!(#kind #text)
        });
        let mut handed_on = quote!(__above(#(#claims),*));
        if let Some(krate) = &self.krate {
            handed_on.extend(quote!(, crate = #krate));
        }
        if !self.inner_attributes.is_empty() {
            let attributes = &self.inner_attributes;
            handed_on.extend(quote!(, inner_attrs = [#(#attributes),*]));
        }
        handed_on
    }

    /// The path to this crate.
    pub(crate) fn krate(&self) -> TokenStream {
        self.krate.clone().unwrap_or_else(|| quote!(serial_test))
    }
}

fn read_path(kind: Kind, word: &TokenTree, rest: &[TokenTree]) -> Result<Literal, Mistake> {
    match rest {
        [
            TokenTree::Punct(equals),
            TokenTree::Punct(greater),
            TokenTree::Literal(path),
        ] if equals.as_char() == '=' && greater.as_char() == '>' && is_text(path) => {
            if kind.has_path() {
                return Ok(path.clone());
            }
            let name = kind.name();
            let text = format!("`{name}` locks no file; write `file_{name}`, or remove the `path`");
            Err(Mistake::new(word.span(), text))
        }
        _ => {
            let text = "expected `path` to be a string: `path => \"/tmp/lock\"`";
            Err(Mistake::new(word.span(), text))
        }
    }
}

fn no_argument(token: &TokenTree) -> Mistake {
    let text = "expected a key, `path => \"...\"`, `crate = path` or `inner_attrs = [...]`";
    Mistake::new(token.span(), text)
}

/// Whether tokens look like a path.
fn is_path(tokens: &[TokenTree]) -> bool {
    !tokens.is_empty()
        && tokens.iter().all(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(mark) => mark.as_char() == ':',
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        })
}

/// Whether a literal is a string that is not empty.
fn is_text(literal: &Literal) -> bool {
    let text = literal.to_string();
    (text.starts_with('"') || text.starts_with('r')) && text.len() > 2 && text.ends_with(['"', '#'])
}

/// The pieces between commas. A trailing comma is allowed.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut pieces = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => pieces.push(Vec::new()),
            _ => {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(token);
                }
            }
        }
    }
    if pieces.last().is_some_and(Vec::is_empty) {
        pieces.pop();
    }
    pieces
}
