//! `#[test_context]`: wraps the body in the setup and teardown of a context.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, Result};

use crate::attribute::Attribute;
use crate::check;
use crate::function::{self, Function, flat, is_lone};
use crate::isolated::Isolated;

const ONE_CONTEXT: &str = "expected one context type: `#[test_context(Context)]`";

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match function::function(item, "#[test_context]") {
        Ok(function) => function,
        Err(error) => return error.to_compile_error(),
    };
    test(arguments, &function).unwrap_or_else(|error| check::refused(&error, Some(&function)))
}

fn test(arguments: TokenStream, function: &Function) -> Result<TokenStream> {
    // The path that `test-context` generates too.
    let krate = quote!(::test_context);
    let arguments = Arguments::read(arguments, &function.name)?;
    let (parameter, others) = Parameter::split(function, &arguments.context)?;
    let mut wrapper = function.clone();
    wrapper.parameters = Group::new(Delimiter::Parenthesis, others);
    wrapper.parameters.set_span(function.parameters.span());
    let body = arguments.around(&krate, function, &parameter)?;
    wrapper.body = Group::new(Delimiter::Brace, body);
    wrapper.body.set_span(function.body.span());
    if !function.is_test() || function.attributes.iter().any(Attribute::is_isolated) {
        let (attributes, signature, body) =
            (&wrapper.attributes, wrapper.signature(), &wrapper.body);
        return Ok(quote!(#(#attributes)* #signature #body));
    }
    let isolated = Isolated {
        krate: &krate,
        arguments: TokenStream::new(),
    };
    Ok(isolated.plain(&wrapper, &TokenStream::new()))
}

/// The arguments of the attribute.
struct Arguments {
    context: TokenStream,
    skips_teardown: bool,
}

impl Arguments {
    fn read(tokens: TokenStream, place: &Ident) -> Result<Arguments> {
        let (mut context, mut skips_teardown) = (None, false);
        for piece in pieces(tokens) {
            let first = piece.first().map_or_else(|| place.span(), TokenTree::span);
            match piece.as_slice() {
                [TokenTree::Ident(word)] if word == "skip_teardown" && !skips_teardown => {
                    skips_teardown = true;
                }
                [TokenTree::Ident(word)] if word == "skip_teardown" => {
                    return Err(Error::new(first, "duplicate `skip_teardown`; remove one"));
                }
                _ if context.is_some() => return Err(Error::new(first, ONE_CONTEXT)),
                _ => context = Some(piece.into_iter().collect()),
            }
        }
        Ok(Arguments {
            context: context.ok_or_else(|| Error::new(place.span(), ONE_CONTEXT))?,
            skips_teardown,
        })
    }

    /// The new body of the function.
    fn around(
        &self,
        krate: &TokenStream,
        function: &Function,
        parameter: &Parameter,
    ) -> Result<TokenStream> {
        let Arguments {
            context,
            skips_teardown,
        } = self;
        let Parameter { pattern, ty, mode } = parameter;
        let (inner_attributes, body) = function.split_body();
        if *skips_teardown {
            let (maker, dot_await) = if function.is_async {
                (quote!(AsyncTestContext), Some(quote!(.await)))
            } else {
                (quote!(TestContext), None)
            };
            let made = quote!(<#context as #krate::#maker>::setup() #dot_await);
            let made = match mode {
                Mode::Owned => made,
                Mode::Shared => quote!(&#made),
                Mode::Mutable => quote!(&mut #made),
            };
            return Ok(quote! {
                #inner_attributes
                let #pattern: #ty = #made;
                #body
            });
        }
        let with = match (mode, function.is_async) {
            (Mode::Owned, _) => {
                let message = "cannot take the context by value, because `teardown` consumes it; write `&mut`, or add \
                               `skip_teardown`";
                return Err(Error::new_spanned(ty, message));
            }
            (Mode::Mutable, false) => quote!(with),
            (Mode::Shared, false) => quote!(with_shared),
            (Mode::Mutable, true) => quote!(with_async),
            (Mode::Shared, true) => quote!(with_shared_async),
        };
        // A closure has no `where` clause.
        let output = function.output.clone().into_iter();
        let output: TokenStream = output.take_while(|token| !is_where(token)).collect();
        let asyncness = function.is_async.then(|| quote!(async));
        let dot_await = function.is_async.then(|| quote!(.await));
        Ok(quote! {
            #inner_attributes
            #krate::__private::#with::<#context, _>(
                #asyncness |#pattern: #ty| #output { #body }
            ) #dot_await
        })
    }
}

fn is_where(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if word == "where")
}

/// The parameter that takes the context.
struct Parameter {
    pattern: TokenStream,
    ty: TokenStream,
    mode: Mode,
}

enum Mode {
    Owned,
    Shared,
    Mutable,
}

impl Parameter {
    /// Splits the parameters into the one of this type and the others.
    fn split(function: &Function, context: &TokenStream) -> Result<(Parameter, TokenStream)> {
        let (mut found, mut others) = (Vec::new(), TokenStream::new());
        for piece in pieces(function.parameters.stream()) {
            if let Some(parameter) = Parameter::read(&piece, context) {
                found.push(parameter);
            } else {
                let piece = piece.into_iter().collect::<TokenStream>();
                others.extend(quote!(#piece,));
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(parameter), true) => Ok((parameter, others)),
            (Some(second), false) => {
                let message = "more than one parameter takes the context; remove all but one";
                Err(Error::new_spanned(second.ty, message))
            }
            (None, _) => {
                let message =
                    format!("no parameter has the context's type; add `context: &mut {context}`");
                Err(Error::new(function.name.span(), message))
            }
        }
    }

    fn read(tokens: &[TokenTree], context: &TokenStream) -> Option<Parameter> {
        let is_colon = |index: &usize| {
            let is_mark = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
            let is_path =
                is_mark(tokens.get(index + 1)) || (*index > 0 && is_mark(tokens.get(index - 1)));
            is_lone(&tokens[*index], ':') && !is_path
        };
        let colon = (0..tokens.len()).find(is_colon)?;
        let ty = tokens[colon + 1..].iter().cloned().collect();
        let (mode, rest) = mode(&flat(ty));
        is_same(&rest, &flat(context.clone())).then(|| {
            let rest = rest.into_iter().collect::<TokenStream>();
            // Without the lifetime, because the context lives no longer than the body.
            let ty = match mode {
                Mode::Owned => rest,
                Mode::Shared => quote!(&#rest),
                Mode::Mutable => quote!(&mut #rest),
            };
            let pattern = tokens[..colon].iter().cloned().collect();
            Parameter { pattern, ty, mode }
        })
    }
}

/// The mode of the parameter, and its type without the reference.
fn mode(ty: &[TokenTree]) -> (Mode, Vec<TokenTree>) {
    match ty {
        [TokenTree::Punct(mark), rest @ ..] if mark.as_char() == '&' => {
            let rest = match rest {
                [TokenTree::Punct(mark), TokenTree::Ident(_), rest @ ..]
                    if mark.as_char() == '\'' =>
                {
                    rest
                }
                rest => rest,
            };
            match rest {
                [TokenTree::Ident(word), rest @ ..] if word == "mut" => {
                    (Mode::Mutable, rest.to_vec())
                }
                rest => (Mode::Shared, rest.to_vec()),
            }
        }
        _ => (Mode::Owned, ty.to_vec()),
    }
}

/// Whether two types are the same. As in `test-context`, paths are compared by their last segment
/// without its arguments, so one may be longer than the other.
fn is_same(left: &[TokenTree], right: &[TokenTree]) -> bool {
    let text = |tokens: &[TokenTree]| tokens.iter().cloned().collect::<TokenStream>().to_string();
    match (last_segment(left), last_segment(right)) {
        (Some(left), Some(right)) => left == right,
        _ => text(left) == text(right),
    }
}

/// The last segment of a path.
fn last_segment(ty: &[TokenTree]) -> Option<&Ident> {
    let mut last = None;
    for token in ty {
        match token {
            TokenTree::Ident(word) if word == "dyn" || word == "impl" => return None,
            TokenTree::Ident(word) => last = Some(word),
            TokenTree::Punct(mark) if mark.as_char() == ':' => {}
            TokenTree::Punct(mark) if mark.as_char() == '<' => break,
            _ => return None,
        }
    }
    last
}

/// Splits a list at its commas, except those between `<` and `>`.
fn pieces(list: TokenStream) -> Vec<Vec<TokenTree>> {
    let (mut pieces, mut piece, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    let mut is_arrow = false;
    for token in list {
        if let TokenTree::Punct(mark) = &token {
            match mark.as_char() {
                '<' => depth += 1,
                '>' if !is_arrow => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    pieces.push(std::mem::take(&mut piece));
                    continue;
                }
                _ => {}
            }
        }
        is_arrow = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '-');
        piece.push(token);
    }
    pieces.push(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
