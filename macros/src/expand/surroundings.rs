//! The subprocess of a test: its part of the spec, and the closure that evaluates the user's
//! expressions before the subprocess starts.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::Ident;

use super::call::{Writer, lent_maker};
use super::spec::option;
use super::{at, hygienic, start};
use crate::args::Zone;
use crate::mention::mentions;
use crate::model::{
    At, Clock, Cwd, Expression, Kind, Refused, Resource, Run, Surroundings, Timeout, alias,
};

impl Writer<'_> {
    /// The part that is known at compile time.
    pub(super) fn process(&self) -> TokenStream {
        let private = &self.private;
        let surroundings = &self.model.wanted.surroundings;
        let timeout = option(match surroundings.timeout {
            Some(Timeout::Millis(millis)) => {
                let millis = Literal::u64_unsuffixed(millis);
                Some(quote!(::core::time::Duration::from_millis(#millis)))
            }
            _ => None,
        });
        let network = option(surroundings.network.map(|refused| {
            let refused = refused.variant();
            quote!(#private::Refused::#refused)
        }));
        let of_failures = self.of_failures();
        quote!((#timeout, #network #of_failures))
    }

    /// How a failure is handled; `None` if no argument requests anything.
    fn of_failures(&self) -> Option<TokenStream> {
        let Surroundings {
            retries,
            quarantine,
            ..
        } = &self.model.wanted.surroundings;
        if retries.is_none() && quarantine.is_none() {
            return None;
        }
        let wrapped = |word: TokenStream, value: &Option<TokenStream>| {
            let Some(value) = value else {
                return quote!(::core::option::Option::None);
            };
            let (private, constant) = (&self.private, self.constant(value));
            at(start(value), quote!(#private::#word(#constant)))
        };
        let retries = wrapped(quote!(retries), retries);
        let quarantine = wrapped(quote!(quarantine), quarantine);
        Some(quote!(, #retries, #quarantine))
    }

    /// The closure that sets the environment variables, the working directory and the timeout.
    pub(super) fn surround(&self) -> TokenStream {
        let context = &self.context;
        // Only locals are hygienic, and an import brings items into scope before them.
        let surroundings = hygienic("__surrounded");
        let statements = self.statements(&surroundings);
        if statements.is_empty() {
            let private = &self.private;
            return quote!(#private::as_here);
        }
        let resources = self.mentioned_resources();
        let is_in_cwd = self.model.wanted.directory_to_work_in().is_some();
        let context = if is_in_cwd || !resources.is_empty() {
            context.to_token_stream()
        } else {
            quote!(_)
        };
        let (makers, namesake) = (self.mentioned_makers(), self.mentioned_namesake());
        quote!(|#context, #surroundings| { #makers #resources #namesake #statements })
    }

    fn statements(&self, target: &Ident) -> TokenStream {
        let context = &self.context;
        let wanted = &self.model.wanted.surroundings;
        let mut statements = TokenStream::new();
        if wanted.is_clear {
            statements.extend(quote!(#target.clear();));
        }
        for variable in &wanted.variables {
            let name = &variable.name;
            statements.extend(variable.value.as_ref().map_or_else(
                || quote!(#target.unset(#name);),
                |value| {
                    self.evaluated(
                        value,
                        &quote!(&),
                        |value| quote!(#target.set(#name, #value)),
                    )
                },
            ));
        }
        if let Some(directory) = self.model.wanted.directory_to_work_in() {
            let directory = Literal::usize_unsuffixed(directory);
            statements.extend(quote!(#target.cwd(#context.tmpdir(#directory));));
        }
        if let Some(Cwd::Given(directory)) = &wanted.cwd {
            let cwd = |directory: TokenStream| quote!(#target.cwd(#directory));
            statements.extend(self.evaluated(directory, &quote!(&), cwd));
        }
        if let Some(Timeout::Given(limit)) = &wanted.timeout {
            let timeout = |limit: TokenStream| quote!(#target.timeout(#limit));
            statements.extend(self.evaluated(limit, &quote!(), timeout));
        }
        statements.extend(self.clock(target));
        statements
    }

    /// Sets the clock, through a macro that the feature `clock` decides about.
    fn clock(&self, target: &Ident) -> Option<TokenStream> {
        let Clock {
            name,
            at: begin,
            speed,
        } = self.model.wanted.surroundings.clock.as_ref()?;
        let private = &self.private;
        let clock = |time: TokenStream| {
            at(
                name.span(),
                quote!(#private::clock!(#target, #time, #speed)),
            )
        };
        Some(match begin {
            At::Literal(moment) => {
                let seconds = Literal::i64_unsuffixed(moment.seconds);
                let nanos = Literal::u64_unsuffixed(moment.nanos);
                let zone = moment.zone.as_ref().map(|Zone { name, offset }| {
                    let offset = offset.map(Literal::i64_unsuffixed);
                    let offset = offset.map(|offset| quote!(, #offset));
                    quote!(, #name #offset)
                });
                let clock = clock(quote!((#seconds, #nanos #zone)));
                quote!(#clock;)
            }
            At::Given(expression) => self.evaluated(expression, &quote!(), clock),
        })
    }

    /// A statement with the value of an expression, perhaps borrowed because the body may need it
    /// too. A type mismatch is shown at the value.
    fn evaluated(
        &self,
        expression: &Expression,
        borrow: &TokenStream,
        statement: impl Fn(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let Expression { tokens, import } = expression;
        let private = &self.private;
        let statement = statement(at(start(tokens), quote!(#borrow #private::expr!(#tokens))));
        let resources = self.resources().map(|(_, resource)| &resource.name);
        let named = resources.filter(|name| mentions(tokens, name)).map(|name| {
            let alias = alias(name);
            // The name may mean something else, as in `Server { port: 80 }`. This use avoids a warning
            // about an unused variable.
            quote!(let #name = #alias; let _ = &#name;)
        });
        let named: TokenStream = named.collect();
        if import.is_none() && named.is_empty() {
            quote!(#statement;)
        } else {
            quote!({ #import #named #statement; })
        }
    }

    /// Variables for the resources that the expressions name.
    fn mentioned_resources(&self) -> TokenStream {
        let mentioned = self
            .resources()
            .filter(|(_, resource)| self.is_mentioned(&resource.name));
        let variables = mentioned.map(|(index, resource)| {
            let alias = alias(&resource.name);
            let (ty, value) = self.lent_resource(index, resource, &quote!(custom_lent));
            let colon = ty.as_ref().map(|_| quote!(:));
            quote!(let #alias #colon #ty = #value;)
        });
        variables.collect()
    }

    /// The makers of the resources that the expressions name. A static item is outside the function
    /// that otherwise contains the makers.
    fn mentioned_makers(&self) -> Option<TokenStream> {
        let is_static = self.model.run == Run::Around;
        is_static.then(|| self.makers(|resource| self.is_mentioned(&resource.name)))
    }

    /// A variable for the parameter with the name of the function, if an expression names it.
    fn mentioned_namesake(&self) -> Option<TokenStream> {
        let mut expressions = self.model.wanted.surroundings.expressions();
        expressions.find_map(|expression| self.named_namesake(&expression.tokens))
    }

    fn is_mentioned(&self, name: &Ident) -> bool {
        let mut expressions = self.model.wanted.surroundings.expressions();
        expressions.any(|expression| mentions(&expression.tokens, name))
    }

    /// The resources, with their positions in the spec. Values do not exist yet.
    fn resources(&self) -> impl Iterator<Item = (usize, &Resource)> {
        let all = self.model.wanted.resources.iter().enumerate();
        all.filter(|(_, resource)| resource.value().is_none())
    }

    /// A resource as an expression sees it, with its type where that is not clear. `lend` is the
    /// method that lends the handle of a custom resource.
    pub(super) fn lent_resource(
        &self,
        index: usize,
        resource: &Resource,
        lend: &TokenStream,
    ) -> (Option<TokenStream>, TokenStream) {
        let Writer { krate, context, .. } = self;
        let place = Literal::usize_unsuffixed(index);
        match &resource.kind {
            Kind::Port { count: None, .. } => (None, quote!(#context.port(#place))),
            Kind::Port {
                count: Some(count), ..
            } => {
                let count = Literal::u32_unsuffixed(*count);
                (
                    Some(quote!(&[#krate::Port])),
                    quote!(#context.ports::<#count>(#place)),
                )
            }
            Kind::TmpDir { .. } => (None, quote!(#context.tmpdir(#place))),
            Kind::Namespace => (None, quote!(#context.namespace(#place))),
            Kind::Seed => (None, quote!(#context.seed(#place))),
            Kind::Pool(_) => (None, quote!(#context.item(#place))),
            Kind::Custom(expression) => {
                let maker = lent_maker(resource, expression);
                (None, quote!(#context.#lend(#place, #maker)))
            }
            Kind::Value(_) | Kind::Awaited(_) => {
                let alias = alias(&resource.name);
                (None, quote!(&#alias))
            }
        }
    }
}

impl Refused {
    fn variant(self) -> TokenStream {
        match self {
            Refused::Fail => quote!(Fail),
            Refused::Skip => quote!(Skip),
            Refused::Serial => quote!(Serial),
        }
    }
}
