//! The annotated function: its attributes, the parts of its signature, and its body as raw tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use crate::attribute::Attribute;
use crate::generics::{Generics, read_visibility};
use crate::scan;

/// A function as written.
pub(crate) struct TestFn {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: TokenStream,
    pub(crate) constness: Option<Token![const]>,
    pub(crate) asyncness: Option<Token![async]>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    /// `extern "C"` and the like.
    pub(crate) abi: TokenStream,
    pub(crate) fn_token: Token![fn],
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) parameters: Vec<Parameter>,
    /// The return type after `->`.
    pub(crate) output: Option<TokenStream>,
    pub(crate) where_clause: TokenStream,
    pub(crate) body: TokenTree,
    /// Everything between the visibility and the body, as written.
    pub(crate) signature: TokenStream,
}

/// One parameter, carried as raw tokens.
pub(crate) struct Parameter {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) pattern: TokenStream,
    /// The type after the colon; empty without one.
    pub(crate) ty: TokenStream,
    /// The name, if the pattern is only a name, optionally with `mut` or `ref`.
    pub(crate) name: Option<Ident>,
    pub(crate) is_self: bool,
}

/// The content of `#[should_panic]`, and its condition if it is inside a `cfg_attr`.
pub(crate) struct ShouldPanic {
    pub(crate) condition: Option<TokenStream>,
    pub(crate) message: Option<LitStr>,
    pub(crate) attribute: Attribute,
}

impl TestFn {
    /// Reads a function whose attributes have been read.
    pub(crate) fn read(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<TestFn> {
        let visibility = read_visibility(input)?;
        let rest: Vec<TokenTree> = input.fork().parse::<TokenStream>()?.into_iter().collect();
        let (constness, asyncness, unsafety) = (input.parse()?, input.parse()?, input.parse()?);
        let abi = read_abi(input)?;
        let fn_token = input.parse()?;
        let name = input.call(Ident::parse_any)?;
        let generics = Generics::read(input)?;
        let parameters = read_parameters(input)?;
        let mut tail: Vec<TokenTree> = input.parse::<TokenStream>()?.into_iter().collect();
        let body = match tail.pop() {
            Some(body) if is_body(&body) => body,
            _ => {
                return Err(syn::Error::new_spanned(
                    name,
                    "expected a body, because a test runs it; write `{ ... }`",
                ));
            }
        };
        let bounds = tail.iter().position(is_where).unwrap_or(tail.len());
        let where_clause = tail.drain(bounds..).collect();
        // The arrow is two tokens.
        let output = (tail.len() > 2).then(|| tail.drain(2..).collect());
        let signature = rest.iter().take(rest.len() - 1).cloned().collect();
        Ok(TestFn {
            attributes,
            visibility,
            constness,
            asyncness,
            unsafety,
            abi,
            fn_token,
            name,
            generics,
            parameters,
            output,
            where_clause,
            body,
            signature,
        })
    }

    /// The function without our attribute.
    pub(crate) fn as_written(&self) -> TokenStream {
        let attributes = &self.attributes;
        self.under(&quote!(#(#attributes)*))
    }

    /// The function as written, but with other attributes.
    pub(crate) fn under(&self, attributes: &TokenStream) -> TokenStream {
        let TestFn {
            visibility,
            signature,
            body,
            ..
        } = self;
        quote!(#attributes #visibility #signature #body)
    }

    /// The name as text, without `r#`.
    pub(crate) fn plain_name(&self) -> String {
        self.name.unraw().to_string()
    }

    /// Whether the return type is something other than `()` and `!`.
    pub(crate) fn returns_a_value(&self) -> bool {
        self.output.as_ref().is_some_and(|output| {
            let is_unit = scan::only_group(output, Delimiter::Parenthesis)
                .is_some_and(|group| group.stream().is_empty());
            !is_unit && !self.never_returns()
        })
    }

    /// Whether the function returns plain data, such as a number or a string, which is neither
    /// success nor failure.
    pub(crate) fn returns_plain_data(&self) -> bool {
        const PLAIN: [&str; 17] = [
            "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
            "u32", "u64", "u128", "usize", "String",
        ];
        let Some(output) = &self.output else {
            return false;
        };
        match (scan::first(output), scan::only(output)) {
            (_, Some(TokenTree::Ident(word))) => PLAIN.iter().any(|plain| word == plain),
            (_, Some(TokenTree::Group(list))) => !list.stream().is_empty(),
            (Some(TokenTree::Ident(word)), _) => word == "Option" || word == "Vec",
            (Some(TokenTree::Punct(mark)), _) => mark.as_char() == '&',
            _ => false,
        }
    }

    /// Whether the function returns `!`.
    pub(crate) fn never_returns(&self) -> bool {
        let only = self.output.as_ref().and_then(scan::only);
        matches!(only, Some(TokenTree::Punct(mark)) if mark.as_char() == '!')
    }

    /// Whether the return type can be written anywhere, which excludes `impl Trait` and `!`.
    pub(crate) fn returns_a_named_type(&self) -> bool {
        let output = self.output.clone().unwrap_or_default();
        !self.never_returns() && !scan::contains_word(output, "impl")
    }

    /// Whether this is the expansion of a test that another `#[isolated]` has isolated.
    pub(crate) fn is_a_wrapper(&self) -> bool {
        matches!(&self.body, TokenTree::Group(body) if is_wrapper_of(&self.name, body.stream()))
    }

    pub(crate) fn should_panic(&self) -> Option<ShouldPanic> {
        self.attributes
            .iter()
            .find_map(|attribute| should_panic(attribute, None))
    }

    /// Whether `rstest` passes a future of the type and not a value of it.
    pub(crate) fn gets_a_future(&self, parameter: &Parameter) -> bool {
        let is_awaited =
            |attributes: &[Attribute]| attributes.iter().any(|attribute| attribute.is("awt"));
        let is_future =
            |attribute: &Attribute| attribute.is("future") && attribute.arguments().is_none();
        parameter.attributes.iter().any(is_future)
            && !is_awaited(&self.attributes)
            && !is_awaited(&parameter.attributes)
    }
}

impl Parameter {
    fn read(input: ParseStream<'_>) -> syn::Result<Parameter> {
        let attributes = Attribute::all(input)?;
        let mut pattern = TokenStream::new();
        while !input.is_empty() && (!input.peek(Token![:]) || input.peek(Token![::])) {
            match input.parse::<Option<Token![::]>>()? {
                Some(colons) => colons.to_tokens(&mut pattern),
                None => input.parse::<TokenTree>()?.to_tokens(&mut pattern),
            }
        }
        let _colon = input.parse::<Option<Token![:]>>()?;
        let ty = input.parse()?;
        let is_self = pattern
            .clone()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(word) if word == "self"));
        let name = simple_name.parse2(pattern.clone()).ok();
        Ok(Parameter {
            attributes,
            pattern,
            ty,
            name,
            is_self,
        })
    }

    /// Whether the type is a reference.
    pub(crate) fn is_reference(&self) -> bool {
        self.starts_with_ampersand().is_some()
    }

    /// Whether the type is `&mut T`.
    pub(crate) fn is_mutable_reference(&self) -> bool {
        let first = self.behind_the_reference().into_iter().next();
        self.is_reference() && matches!(first, Some(TokenTree::Ident(word)) if word == "mut")
    }

    /// Whether the parameter needs the resource for itself: by value or as `&mut`.
    pub(crate) fn is_exclusive(&self) -> bool {
        !self.is_reference() || self.is_mutable_reference()
    }

    /// The name of the lifetime of `&'name T`.
    pub(crate) fn lifetime(&self) -> Option<Ident> {
        match self.starts_with_ampersand()?.as_slice() {
            [TokenTree::Punct(mark), TokenTree::Ident(name), ..] if mark.as_char() == '\'' => {
                Some(name.clone())
            }
            _ => None,
        }
    }

    /// Whether the type is `&dyn Trait`, `&[T]`, or a type that only the compiler knows.
    pub(crate) fn is_lent_unsized(&self) -> bool {
        match self.behind_the_reference().first() {
            Some(TokenTree::Ident(word)) => word == "dyn",
            Some(TokenTree::Group(_)) | None => true,
            Some(_) => false,
        }
    }

    /// The type, or `T` of `&T`.
    pub(crate) fn behind_the_reference(&self) -> Vec<TokenTree> {
        let whole = || self.ty.clone().into_iter().collect();
        let Some(mut rest) = self.starts_with_ampersand() else {
            return whole();
        };
        if self.lifetime().is_some() {
            rest.drain(..2);
        }
        rest
    }

    fn starts_with_ampersand(&self) -> Option<Vec<TokenTree>> {
        let mut tokens: Vec<TokenTree> = self.ty.clone().into_iter().collect();
        while let [TokenTree::Group(group)] = tokens.as_slice() {
            if group.delimiter() != Delimiter::None {
                break;
            }
            tokens = group.stream().into_iter().collect();
        }
        match tokens.first() {
            Some(TokenTree::Punct(mark)) if mark.as_char() == '&' => Some(tokens.split_off(1)),
            _ => None,
        }
    }
}

impl ToTokens for Parameter {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Parameter {
            attributes,
            pattern,
            ty,
            ..
        } = self;
        tokens.extend(quote!(#(#attributes)* #pattern));
        if !ty.is_empty() {
            tokens.extend(quote!(: #ty));
        }
    }
}

fn read_abi(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let Some(token) = input.parse::<Option<Token![extern]>>()? else {
        return Ok(TokenStream::new());
    };
    let name = input.parse::<Option<LitStr>>()?;
    Ok(quote!(#token #name))
}

fn read_parameters(input: ParseStream<'_>) -> syn::Result<Vec<Parameter>> {
    let group: Group = input.parse()?;
    scan::parameters(group.stream())
        .into_iter()
        .map(|piece| Parameter::read.parse2(piece.tokens))
        .collect()
}

fn simple_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    let _reference = input.parse::<Option<Token![ref]>>()?;
    let _mutability = input.parse::<Option<Token![mut]>>()?;
    input.parse()
}

fn is_body(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            scan::only_group(&group.stream(), Delimiter::Brace).is_some()
        }
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

/// Whether a function of this name is followed by a call to the runtime. If a parameter has that
/// name too, both are inside a block, which comes last.
fn is_wrapper_of(name: &Ident, body: TokenStream) -> bool {
    let is_word =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(found) if found == word);
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let inner = tokens.windows(2).position(|pair| {
        is_word(&pair[0], "fn") && matches!(&pair[1], TokenTree::Ident(found) if found == name)
    });
    match (inner, tokens.last()) {
        (Some(inner), _) => tokens[inner..]
            .iter()
            .any(|token| is_word(token, "__private")),
        (None, Some(TokenTree::Group(block))) => is_wrapper_of(name, block.stream()),
        _ => false,
    }
}

fn is_where(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if word == "where")
}

fn should_panic(attribute: &Attribute, condition: Option<TokenStream>) -> Option<ShouldPanic> {
    if let Some((inner, attributes)) = &attribute.conditional {
        let both = condition.map_or(inner.clone(), |outer| quote!(all(#outer, #inner)));
        return attributes
            .iter()
            .find_map(|attribute| should_panic(attribute, Some(both.clone())));
    }
    if !attribute.is("should_panic") {
        return None;
    }
    let assigned = |input: ParseStream<'_>| {
        let _name = input.parse::<Option<Ident>>()?;
        let _equals = input.parse::<Token![=]>()?;
        input.parse::<LitStr>()
    };
    let value = attribute
        .arguments()
        .unwrap_or_else(|| attribute.rest.clone());
    Some(ShouldPanic {
        condition,
        message: assigned.parse2(value).ok(),
        attribute: attribute.clone(),
    })
}
