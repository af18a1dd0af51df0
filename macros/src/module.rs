//! An annotated module, which passes its arguments on to every test in it by rewriting attributes
//! only.
//!
//! The tokens are scanned for attributes followed by a `fn` or a `mod`, and for macros, which
//! [`made`] handles. Everything else in a module, including bodies, is passed through unchanged.

mod made;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use self::made::Call;
use crate::args::Inherited;
use crate::attribute::Attribute;
use crate::generics::read_visibility;
use crate::harness;
use crate::names::Names;
use crate::next::Next;
use crate::test_fn::TestFn;

/// A module as written.
pub(crate) struct Module {
    attributes: Vec<Attribute>,
    /// Everything between the attributes and the body, including the name.
    head: TokenStream,
    pub(crate) name: Ident,
    /// `None` for `mod name;`.
    pub(crate) body: Option<Group>,
}

/// The arguments that the tests of a module inherit.
#[derive(Clone, Copy)]
pub(crate) struct Inheritance<'a> {
    /// The path of the crate `isolated-test`.
    pub(crate) krate: &'a TokenStream,
    /// The arguments of the module's attribute, as written.
    pub(crate) arguments: &'a TokenStream,
    /// The number of modules between the attribute and the tests.
    pub(crate) modules: usize,
    /// The names that the module uses.
    pub(crate) names: &'a Names,
}

impl Module {
    /// Reads a module whose attributes have been read.
    pub(crate) fn read(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Module> {
        let module = Module::read_inline(attributes, input)?;
        let _semicolon = input.parse::<TokenStream>()?;
        Ok(module)
    }

    /// Reads a module that other items may follow.
    fn read_inline(attributes: Vec<Attribute>, input: ParseStream<'_>) -> syn::Result<Module> {
        let visibility = read_visibility(input)?;
        let unsafety: Option<Token![unsafe]> = input.parse()?;
        let keyword: Token![mod] = input.parse()?;
        let name: Ident = input.parse()?;
        let head = quote!(#visibility #unsafety #keyword #name);
        let body = if input.peek(token::Brace) {
            Some(input.parse()?)
        } else {
            None
        };
        Ok(Module {
            attributes,
            head,
            name,
            body,
        })
    }

    /// The module with its arguments passed on to its tests, and the number of tests in it.
    pub(crate) fn rewrite(&self, inheritance: Inheritance<'_>) -> (TokenStream, usize) {
        let Module { head, body, .. } = self;
        // A second attribute is reported, and must not expand again.
        let attributes: Vec<_> = self
            .attributes
            .iter()
            .filter(|attribute| !attribute.mentions_isolated())
            .collect();
        match body {
            Some(body) => {
                let (body, tests) = inheritance.hand_on(body);
                (quote!(#(#attributes)* #head #body), tests)
            }
            None => (quote!(#(#attributes)* #head;), 0),
        }
    }

    /// The module with nothing passed on.
    pub(crate) fn as_written(&self) -> TokenStream {
        let Module {
            attributes,
            head,
            body,
            ..
        } = self;
        let semicolon = body.is_none().then(|| quote!(;));
        quote!(#(#attributes)* #head #body #semicolon)
    }

    /// Another `#[isolated]` above the module, if any.
    pub(crate) fn second_attribute(&self) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.mentions_isolated())
    }
}

/// Moves the inherited arguments into the function's own `#[isolated]`, if that became visible only
/// when a macro was expanded.
pub(crate) fn hand_on_below(
    arguments: &TokenStream,
    krate: &TokenStream,
    function: &TestFn,
) -> Option<TokenStream> {
    let is_own = |attribute: &Attribute| attribute.mentions_isolated();
    let Inherited { modules, arguments } = Inherited::alone(arguments)?;
    let inheritance = Inheritance {
        krate,
        arguments: &arguments,
        modules,
        names: &Names::default(),
    };
    let attributes = &function.attributes;
    let has_own = attributes.iter().any(is_own);
    has_own.then(|| function.under(&inheritance.inherit(attributes)))
}

/// Reads the attribute of a file, and the items of the file after it.
pub(crate) fn read_file(input: ParseStream<'_>) -> syn::Result<(Attribute, TokenStream)> {
    let missing =
        "expected `#![isolated]` or `#![isolated(...)]` first: what all tests of the file request";
    if !(input.peek(Token![#]) && input.peek2(Token![!])) {
        return Err(input.error(missing));
    }
    let (pound, _): (_, Token![!]) = (input.parse()?, input.parse()?);
    let attribute = Attribute::read(pound, input.parse()?)?;
    if !attribute.is_isolated() {
        return Err(syn::Error::new_spanned(&attribute, missing));
    }
    Ok((attribute, input.parse()?))
}

impl Inheritance<'_> {
    /// The items with the arguments passed on to the tests among them, and the number of those.
    pub(crate) fn hand_on_to(&self, items: TokenStream) -> (TokenStream, usize) {
        let scan = |input: ParseStream<'_>| self.scan(input);
        // Scanning accepts any token, so it cannot fail. If it did, the items would stay as they are.
        scan.parse2(items.clone()).unwrap_or((items, 0))
    }

    fn hand_on(&self, body: &Group) -> (TokenStream, usize) {
        let (content, tests) = self.hand_on_to(body.stream());
        let mut group = Group::new(Delimiter::Brace, content);
        group.set_span(body.span());
        (group.into_token_stream(), tests)
    }

    fn scan(&self, input: ParseStream<'_>) -> syn::Result<(TokenStream, usize)> {
        let (mut output, mut tests) = (TokenStream::new(), 0);
        let mut item_next = true;
        while !input.is_empty() {
            let mut attributes = Attribute::all(input)?;
            self.names.recognise(&mut attributes);
            let own = attributes.iter().any(Attribute::mentions_isolated);
            match Next::in_front_of(input) {
                Next::Function if own || harness::is_test(&attributes) => {
                    tests += 1;
                    output.extend(self.inherit(&attributes));
                }
                Next::Module => {
                    let module = Module::read_inline(attributes, input)?;
                    let (tokens, inside) = module.rewrite(Inheritance {
                        modules: self.modules + 1,
                        ..*self
                    });
                    tests += inside;
                    if own {
                        // The nested module passes on its own arguments together with these when
                        // its attribute expands.
                        let attributes = self.inherit(&module.attributes);
                        let Module { head, body, .. } = module;
                        output.extend(quote!(#attributes #head #body));
                    } else {
                        output.extend(tokens);
                    }
                }
                _ => {
                    if let Some(call) = item_next.then(|| Call::read(input)).flatten() {
                        let (tokens, inside) = self.hand_on_to_macro(&attributes, &call);
                        tests += inside;
                        output.extend(tokens);
                        continue;
                    }
                    output.extend(quote!(#(#attributes)*));
                    if let Ok(token) = input.parse::<TokenTree>() {
                        item_next = ends_an_item(&token);
                        output.extend([token]);
                    }
                }
            }
        }
        Ok((output, tests))
    }

    /// The argument that passes these on.
    fn argument(&self) -> Inherited {
        Inherited {
            modules: self.modules,
            arguments: self.arguments.clone(),
        }
    }

    /// The attributes of a test, with the inherited arguments in an `#[isolated]` on top.
    fn inherit(&self, attributes: &[Attribute]) -> TokenStream {
        let (krate, argument) = (self.krate, self.argument());
        let (mut top, mut rest) = (TokenStream::new(), TokenStream::new());
        // Whether nothing makes the function a test where the condition excludes our own test
        // attribute.
        let is_no_test_elsewhere =
            |ours: &Attribute| !ours.mentions("isolated") && !makes_a_test(attributes);
        for attribute in attributes {
            let Some(content) = self.extended(attribute) else {
                attribute.to_tokens(&mut rest);
                continue;
            };
            top.extend(attribute.with(content));
            if let (Some((condition, _)), false) =
                (&attribute.conditional, is_no_test_elsewhere(attribute))
            {
                top.extend(quote!(#[cfg_attr(not(#condition), #krate::isolated(#argument))]));
            }
        }
        if top.is_empty() {
            top.extend(quote!(#[#krate::isolated(#argument)]));
        }
        quote!(#top #rest)
    }

    /// The content of our own attribute with the inherited arguments added; `None` for any other
    /// attribute.
    fn extended(&self, attribute: &Attribute) -> Option<TokenStream> {
        if let Some((condition, inside)) = &attribute.conditional {
            let inside = inside.iter().map(|inner| match self.extended(inner) {
                Some(content) => (content, true),
                None => (inner.content(), false),
            });
            let (contents, found): (Vec<_>, Vec<_>) = inside.unzip();
            return found
                .contains(&true)
                .then(|| quote!(cfg_attr(#condition, #(#contents),*)));
        }
        if !attribute.is_isolated()
            || (!attribute.rest.is_empty() && attribute.arguments().is_none())
        {
            return None;
        }
        let (path, theirs) = (&attribute.path, attribute.arguments().unwrap_or_default());
        let ends_in_comma = theirs
            .clone()
            .into_iter()
            .last()
            .is_some_and(|token| token.to_string() == ",");
        let comma = (!theirs.is_empty() && !ends_in_comma).then(|| quote!(,));
        let argument = self.argument();
        Some(quote!(#path(#theirs #comma #argument)))
    }
}

/// Whether an attribute of another crate makes this a test.
fn makes_a_test(attributes: &[Attribute]) -> bool {
    let theirs = attributes
        .iter()
        .filter(|attribute| !attribute.mentions_isolated());
    harness::is_test(&theirs.cloned().collect::<Vec<_>>())
}

/// Whether another item may begin after the token.
fn ends_an_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}
