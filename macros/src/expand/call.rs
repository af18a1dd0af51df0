//! The call to the runtime: its arguments, and how the user's function gets its own.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::values::made;
use super::{at, foreign_name, hygienic, start};
use crate::model::{Kind, Model, Resource, Run};
use crate::test_fn::{Parameter, TestFn};

/// Generates the parts of one wrapper.
pub(super) struct Writer<'a> {
    pub(super) model: &'a Model,
    pub(super) function: &'a TestFn,
    pub(super) krate: TokenStream,
    pub(super) private: TokenStream,
    pub(super) context: Ident,
}

impl<'a> Writer<'a> {
    pub(super) fn new(model: &'a Model, function: &'a TestFn) -> Self {
        let krate = model.wanted.krate();
        let private = quote!(#krate::__private);
        let context = hygienic("cx");
        Writer {
            model,
            function,
            krate,
            private,
            context,
        }
    }

    /// The parameters with their positions and the resources that they are bound to.
    pub(super) fn pairs(
        &self,
    ) -> impl Iterator<Item = (usize, &'a Parameter, Option<usize>)> + use<'a> {
        let bindings = self.model.bindings.iter().copied();
        let pairs = self.function.parameters.iter().zip(bindings).enumerate();
        pairs.map(|(index, (parameter, bound))| (index, parameter, bound))
    }

    /// The custom resources with the expressions that make them.
    pub(super) fn custom(&self) -> impl Iterator<Item = (&'a Resource, &'a TokenStream)> + use<'a> {
        let resources = self.model.wanted.resources.iter();
        resources.filter_map(|resource| match &resource.kind {
            Kind::Custom(expression) => Some((resource, expression)),
            _ => None,
        })
    }

    /// The replacement name for a foreign parameter with the name of the function, if there is one.
    pub(super) fn namesake(&self) -> Option<Ident> {
        let name = Some(&self.function.name);
        let is_namesake = |parameter: &Parameter| parameter.name.as_ref() == name;
        let found = self
            .pairs()
            .any(|(_, parameter, bound)| bound.is_none() && is_namesake(parameter));
        found.then(|| hygienic("namesake"))
    }

    /// One closure for each custom resource that is needed here, so that the runtime evaluates the
    /// expression when the resource is due.
    pub(super) fn makers(&self, is_needed: impl Fn(&Resource) -> bool) -> TokenStream {
        let private = &self.private;
        let needed = self.custom().filter(|(resource, _)| is_needed(resource));
        let makers = needed.map(|(resource, expression)| {
            let maker = maker(resource);
            quote!(let #maker = || #private::expr!(#expression);)
        });
        makers.collect()
    }

    /// Whether a parameter takes this resource.
    pub(super) fn is_bound(&self, resource: &Resource) -> bool {
        let bound = self.model.bindings.iter().flatten();
        let mut bound = bound.filter_map(|index| self.model.wanted.resources.get(*index));
        bound.any(|other| other.has_name(&resource.name))
    }

    pub(super) fn call(&self) -> TokenStream {
        let Writer {
            private, function, ..
        } = self;
        let (spec, custom, body) = (self.spec(), self.lent_custom(), self.body());
        let is_async = function.asyncness.is_some();
        let dot_await = is_async.then(|| quote!(.await));
        let begun = match self.model.run {
            Run::Around => return self.inside(),
            Run::Apart => {
                let surround = self.surround();
                quote!(#private::prepare(&#spec, #custom, &mut #surround))
            }
            Run::Here { warns: true } if is_async => {
                quote!(#private::test_inside(&#spec, #custom))
            }
            Run::Here { .. } | Run::Returning => {
                quote!(#private::test(&#spec, #custom))
            }
        };
        let run = match (self.model.run, is_async) {
            (Run::Returning, false) => quote!(.run_returning(#body)),
            (Run::Returning, true) => quote!(.run_returning_async(#body)),
            (_, true) => quote!(.run_async(#body)),
            (_, false) if self.is_bare() => {
                let name = self.name_at_the_value();
                quote!(.run_function(#name))
            }
            (_, false) if self.is_plain() => {
                let body = self.plain_body();
                quote!(.run_plain(#body))
            }
            (_, false) => quote!(.run(#body)),
        };
        // An error about a value that no test may return is shown at its type.
        let output = function.output.as_ref();
        let run = output.map_or(run.clone(), |output| at(start(output), run));
        quote!(#begun #run #dot_await)
    }

    /// The name of the function with the span of the return type, because an error in the call is
    /// about that type.
    fn name_at_the_value(&self) -> Ident {
        let mut name = self.function.name.clone();
        if let Some(output) = &self.function.output {
            name.set_span(name.span().located_at(start(output)));
        }
        name
    }

    fn lent_custom(&self) -> TokenStream {
        let private = &self.private;
        let custom = self.custom().map(|(resource, expression)| {
            let maker = lent_maker(resource, expression);
            at(
                start(expression),
                quote!(#private::Maker::new(#maker).custom()),
            )
        });
        quote!(&mut [#(#custom),*])
    }

    /// Whether a closure can call the function without moving anything out. Such a closure can be
    /// called again, and if it is synchronous, the runtime needs no generic code for it.
    fn is_plain(&self) -> bool {
        self.model.bindings.iter().all(Option::is_some) && !self.function.never_returns()
    }

    /// Whether the runtime can call the function directly, which saves the compiler a closure.
    fn is_bare(&self) -> bool {
        let function = self.function;
        let is_ordinary = function.unsafety.is_none() && function.abi.is_empty();
        self.is_plain() && is_ordinary && function.parameters.is_empty() && !self.has_values()
    }

    /// Whether something is made before the function is called.
    fn has_values(&self) -> bool {
        self.model.wanted.values().next().is_some()
    }

    /// The closure that calls the user's function and judges its value.
    fn plain_body(&self) -> TokenStream {
        let Writer { private, .. } = self;
        let (context, call) = self.closure();
        quote!(&mut |#context| #private::passed(#call))
    }

    /// The closure that calls the user's function.
    pub(super) fn body(&self) -> TokenStream {
        let asyncness = &self.function.asyncness;
        let (context, call) = self.closure();
        quote!(#asyncness |#context| #call)
    }

    /// The parameter and the body of a closure that calls the user's function.
    fn closure(&self) -> (TokenStream, TokenStream) {
        let TestFn {
            name, asyncness, ..
        } = self.function;
        let arguments = self
            .pairs()
            .map(|(index, parameter, bound)| self.argument(index, parameter, bound));
        let has_values = self.has_values();
        let is_used = has_values || self.model.bindings.iter().any(Option::is_some);
        let context = if is_used {
            self.context.to_token_stream()
        } else {
            quote!(_)
        };
        let dot_await = asyncness.as_ref().map(|_| quote!(.await));
        let call = quote!(#name(#(#arguments),*) #dot_await);
        let call = if has_values {
            self.after_values(call)
        } else {
            call
        };
        (context, call)
    }

    fn argument(&self, index: usize, parameter: &Parameter, bound: Option<usize>) -> TokenStream {
        let conditions = parameter
            .attributes
            .iter()
            .filter(|attribute| attribute.is("cfg"));
        let resource =
            bound.and_then(|bound| Some((bound, self.model.wanted.resources.get(bound)?)));
        let value = resource.map_or_else(
            || self.passed_on(index, parameter).into_token_stream(),
            |(index, resource)| self.bound(index, resource, parameter),
        );
        quote!(#(#conditions)* #value)
    }

    fn passed_on(&self, index: usize, parameter: &Parameter) -> Ident {
        let name = foreign_name(index, parameter);
        if name == self.function.name {
            self.namesake().unwrap_or(name)
        } else {
            name
        }
    }

    fn bound(&self, index: usize, resource: &Resource, parameter: &Parameter) -> TokenStream {
        let Writer {
            private, context, ..
        } = self;
        // A type mismatch is shown where the user wrote the type.
        let span = Span::mixed_site().located_at(start(&parameter.ty));
        let index = Literal::usize_unsuffixed(index);
        let from = |form: TokenStream, handle: TokenStream| {
            at(start(&parameter.ty), quote!(#private::#form(#handle)))
        };
        match &resource.kind {
            Kind::Port {
                protocol,
                count: None,
                ..
            } => {
                let protocol = protocol.marker();
                from(
                    quote!(FromPort::<#private::#protocol>::from_port),
                    quote_spanned!(span=> #context.port(#index)),
                )
            }
            Kind::Port {
                protocol,
                count: Some(count),
                ..
            } => {
                let protocol = protocol.marker();
                let count = Literal::u32_unsuffixed(*count);
                from(
                    quote!(FromPorts::<#private::#protocol, #count>::from_ports),
                    quote_spanned!(span=> #context.ports(#index)),
                )
            }
            Kind::TmpDir { .. } => from(
                quote!(FromTmpDir::from_tmpdir),
                quote_spanned!(span=> #context.tmpdir(#index)),
            ),
            Kind::Namespace => from(
                quote!(FromNamespace::from_namespace),
                quote_spanned!(span=> #context.namespace(#index)),
            ),
            Kind::Seed => from(
                quote!(FromSeed::from_seed),
                quote_spanned!(span=> #context.seed(#index)),
            ),
            Kind::Value(_) | Kind::Awaited(_) => made(resource, parameter),
            Kind::Custom(_) if self.is_taken_after_values(resource) => made(resource, parameter),
            Kind::Pool(_) => from(
                quote!(FromItem::from_item),
                quote_spanned!(span=> #context.item(#index)),
            ),
            Kind::Custom(expression) => {
                let maker = lent_maker(resource, expression);
                if parameter.is_exclusive() {
                    let borrow = parameter.is_mutable_reference().then(|| quote!(&mut));
                    let borrow = at(start(&parameter.ty), borrow.into_token_stream());
                    let value = quote_spanned!(span=> #context.custom_value(#index, #maker));
                    quote!(#borrow #value)
                } else {
                    let lent = quote_spanned!(span=> #context.custom_ref(#index, #maker));
                    // No trait describes the compiler's coercions.
                    if parameter.is_lent_unsized() {
                        return lent;
                    }
                    let lent = at(start(&parameter.ty), lent);
                    at(start(&parameter.ty), quote!(#private::Lent::lend(#lent)))
                }
            }
        }
    }
}

/// The closure that makes a resource. An error about an expression that is no resource is shown at
/// the expression.
pub(super) fn lent_maker(resource: &Resource, expression: &TokenStream) -> TokenStream {
    let maker = maker(resource);
    at(start(expression), quote!(&#maker))
}

/// The local name of the closure that makes a resource.
fn maker(resource: &Resource) -> Ident {
    let span = Span::mixed_site().located_at(resource.name.span());
    format_ident!("make_{}", resource.name.unraw(), span = span)
}
