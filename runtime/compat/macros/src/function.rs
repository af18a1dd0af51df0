//! A function, split into its parts and otherwise unchanged.

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Error, Result};

use crate::attribute::{Attribute, ShouldPanic};

/// A test function as written.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    /// Visibility, `async` and so on.
    pub(crate) qualifiers: TokenStream,
    pub(crate) fn_token: Ident,
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    pub(crate) generics: TokenStream,
    pub(crate) parameters: Group,
    /// Everything between the parameters and the body.
    pub(crate) output: TokenStream,
    pub(crate) body: Group,
}

/// Parses a list of functions.
pub(crate) fn functions(tokens: TokenStream) -> Result<Vec<Function>> {
    let mut rest = flat(tokens).into_iter().peekable();
    let mut functions = Vec::new();
    while rest.peek().is_some() {
        functions.push(Function::read(&mut rest)?);
    }
    Ok(functions)
}

/// Parses the function below an attribute.
pub(crate) fn function(tokens: TokenStream, attribute: &str) -> Result<Function> {
    let mut rest = flat(tokens).into_iter().peekable();
    let function = Function::read(&mut rest).map_err(|error| {
        Error::new(error.span(), format!("`{attribute}` belongs on a function"))
    })?;
    match rest.next() {
        None => Ok(function),
        Some(token) => Err(Error::new(token.span(), "expected one function")),
    }
}

/// Unwraps the invisible groups in which a `macro_rules!` macro passes its matches.
/// A type stays in its group.
pub(crate) fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let mut all = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                all.extend(flat(group.stream()));
            }
            token => all.push(token),
        }
    }
    all
}

impl Function {
    fn read(tokens: &mut impl Iterator<Item = TokenTree>) -> Result<Function> {
        let mut attributes = Vec::new();
        let mut qualifiers = Vec::new();
        let fn_token = loop {
            match next(tokens, "a function")? {
                TokenTree::Punct(pound) if pound.as_char() == '#' && qualifiers.is_empty() => {
                    match next(tokens, "an attribute")? {
                        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                            attributes.push(Attribute::new(pound, group));
                        }
                        token => return Err(unexpected(&token, "an attribute")),
                    }
                }
                TokenTree::Ident(word) if word == "fn" => break word,
                TokenTree::Ident(word) if is_qualifier(&word) => {
                    qualifiers.push(TokenTree::Ident(word));
                }
                // `pub(crate)`, `extern "C"`.
                token @ (TokenTree::Group(_) | TokenTree::Literal(_)) if !qualifiers.is_empty() => {
                    qualifiers.push(token);
                }
                token => return Err(unexpected(&token, "a test function")),
            }
        };
        let is_async = qualifiers
            .iter()
            .any(|token| matches!(token, TokenTree::Ident(word) if word == "async"));
        let name = match next(tokens, "the name of the function")? {
            TokenTree::Ident(name) => name,
            token => return Err(unexpected(&token, "the name of the function")),
        };
        let mut generics = TokenStream::new();
        let parameters = loop {
            match next(tokens, "the parameters of the function")? {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    break group;
                }
                token => token.to_tokens(&mut generics),
            }
        };
        let mut output = TokenStream::new();
        let (mut depth, mut is_arrow) = (0_usize, false);
        let body = loop {
            let token = next(tokens, "the body of the function")?;
            match &token {
                // A block between `<` and `>` is a constant.
                TokenTree::Group(group) if is_body(group) && depth == 0 => break group.clone(),
                TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
                TokenTree::Punct(mark) if mark.as_char() == '>' && !is_arrow => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            is_arrow = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '-');
            token.to_tokens(&mut output);
        };
        Ok(Function {
            attributes,
            qualifiers: qualifiers.into_iter().collect(),
            fn_token,
            name,
            is_async,
            generics,
            parameters,
            output,
            body,
        })
    }

    /// Everything before the return type, except the attributes.
    pub(crate) fn head(&self) -> TokenStream {
        let Function {
            qualifiers,
            fn_token,
            name,
            generics,
            parameters,
            ..
        } = self;
        quote!(#qualifiers #fn_token #name #generics #parameters)
    }

    /// Everything before the body, except the attributes.
    pub(crate) fn signature(&self) -> TokenStream {
        let (head, output) = (self.head(), &self.output);
        quote!(#head #output)
    }

    /// Whether one of the attributes makes it a test.
    pub(crate) fn is_test(&self) -> bool {
        self.attributes.iter().any(Attribute::is_test)
    }

    /// Whether the function declares a return type.
    pub(crate) fn has_value(&self) -> bool {
        !self.output.is_empty()
    }

    /// The `#[should_panic]`, if there is one.
    pub(crate) fn should_panic(&self) -> Option<ShouldPanic> {
        self.attributes.iter().find_map(Attribute::should_panic)
    }

    /// The inner attributes at the beginning of the body, and what follows.
    pub(crate) fn split_body(&self) -> (TokenStream, TokenStream) {
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        let mut rest = tokens.as_slice();
        while let [
            TokenTree::Punct(pound),
            TokenTree::Punct(bang),
            TokenTree::Group(_),
            after @ ..,
        ] = rest
        {
            if pound.as_char() != '#' || bang.as_char() != '!' {
                break;
            }
            rest = after;
        }
        let attributes = tokens[..tokens.len() - rest.len()].iter().cloned();
        (attributes.collect(), rest.iter().cloned().collect())
    }

    /// The name as text, without `r#`.
    pub(crate) fn label(&self) -> String {
        let name = self.name.to_string();
        name.strip_prefix("r#").unwrap_or(&name).to_owned()
    }
}

fn next(tokens: &mut impl Iterator<Item = TokenTree>, what: &str) -> Result<TokenTree> {
    tokens
        .next()
        .ok_or_else(|| Error::new(Span::call_site(), format!("expected {what}")))
}

fn unexpected(token: &TokenTree, what: &str) -> Error {
    Error::new(token.span(), format!("expected {what}, found `{token}`"))
}

fn is_qualifier(word: &Ident) -> bool {
    ["pub", "async", "const", "unsafe", "extern"]
        .iter()
        .any(|qualifier| word == qualifier)
}

fn is_body(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
}

/// Whether a token is only this mark: `=`, but neither `==` nor `=>`.
pub(crate) fn is_lone(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct)
        if punct.as_char() == mark && punct.spacing() == Spacing::Alone)
}
