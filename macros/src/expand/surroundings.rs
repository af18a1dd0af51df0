//! The subprocess of a test: its part of the spec, and the closure that evaluates the user's
//! expressions before the subprocess starts.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::Ident;

use super::call::{Writer, lent_maker};
use super::spec::option;
use super::{at, hygienic, start};
use crate::args::Expression;
use crate::mention::mentions;
use crate::model::{Cwd, Kind, Refused, Resource, Run, Surroundings, Timeout, alias};

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
        // Only locals are hygienic, and a moved expression imports items before them.
        let surroundings = hygienic("__surrounded");
        let moved = self.statements(&surroundings, true);
        let statements = self.statements(&surroundings, false);
        if moved.is_empty() && statements.is_empty() {
            let private = &self.private;
            return quote!(#private::as_here);
        }
        let (moved_resources, resources) = (self.mentioned(true), self.mentioned(false));
        let is_in_cwd = self.model.wanted.directory_to_work_in().is_some();
        let uses_context = is_in_cwd || !moved_resources.is_empty() || !resources.is_empty();
        let context = if uses_context {
            context.to_token_stream()
        } else {
            quote!(_)
        };
        let (makers, namesake) = (self.mentioned_makers(), self.mentioned_namesake());
        quote!(|#context, #surroundings| {
            #makers #moved_resources #moved #resources #namesake #statements
        })
    }

    /// The statements for the expressions that were written in the attribute of a module, or all
    /// others.
    fn statements(&self, target: &Ident, is_moved: bool) -> TokenStream {
        let context = &self.context;
        let wanted = &self.model.wanted.surroundings;
        let mut statements = TokenStream::new();
        if wanted.variables.is_clear && !is_moved {
            statements.extend(quote!(#target.clear();));
        }
        for variable in &wanted.variables.list {
            let name = &variable.name;
            match &variable.value {
                Some(value) if value.is_moved() == is_moved => statements.extend(self.evaluated(
                    value,
                    &quote!(&),
                    |value| quote!(#target.set(#name, #value)),
                )),
                None if !is_moved => statements.extend(quote!(#target.unset(#name);)),
                _ => {}
            }
        }
        let directory = self.model.wanted.directory_to_work_in();
        if let Some(directory) = directory.filter(|_| !is_moved) {
            let directory = Literal::usize_unsuffixed(directory);
            statements.extend(quote!(#target.cwd(#context.tmpdir(#directory));));
        }
        match &wanted.cwd {
            Some(Cwd::Given(directory)) if directory.is_moved() == is_moved => statements
                .extend(self.evaluated(directory, &quote!(&), |value| quote!(#target.cwd(#value)))),
            _ => {}
        }
        match &wanted.timeout {
            Some(Timeout::Given(limit)) if limit.is_moved() == is_moved => statements
                .extend(self.evaluated(limit, &quote!(), |value| quote!(#target.timeout(#value)))),
            _ => {}
        }
        statements
    }

    /// A statement with the value of an expression, perhaps borrowed because the body may need it
    /// too. A type mismatch is shown at the value.
    fn evaluated(
        &self,
        expression: &Expression,
        borrow: &TokenStream,
        statement: impl Fn(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let Expression { tokens, scope } = expression;
        let private = &self.private;
        let statement = statement(at(start(tokens), quote!(#borrow #private::expr!(#tokens))));
        if expression.is_moved() {
            quote!({ #scope #statement; })
        } else {
            quote!(#statement;)
        }
    }

    /// Variables for the resources that these expressions name.
    fn mentioned(&self, is_moved: bool) -> TokenStream {
        let wanted = &self.model.wanted;
        let is_mentioned = |name: &Ident| {
            let expressions = wanted.surroundings.expressions();
            let mut expressions = expressions.filter(|value| value.is_moved() == is_moved);
            expressions.any(|value| mentions(&value.tokens, name))
        };
        let resources = wanted.resources.iter().enumerate();
        let mentioned = resources.filter(|(_, resource)| is_mentioned(&resource.name));
        let variables = mentioned.map(|(index, resource)| {
            let name = if is_moved {
                alias(&resource.name)
            } else {
                resource.name.clone()
            };
            let (ty, value) = self.lent_resource(index, resource);
            let colon = ty.as_ref().map(|_| quote!(:));
            // The name may mean something else, as in `Server { port: 80 }`. This use avoids a
            // warning about an unused variable.
            quote!(let #name #colon #ty = #value; let _ = &#name;)
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
        let name = &self.function.name;
        let namesake = self.namesake().filter(|_| self.is_mentioned(name))?;
        Some(quote!(let #name = &#namesake; let _ = #name;))
    }

    fn is_mentioned(&self, name: &Ident) -> bool {
        let mut expressions = self.model.wanted.surroundings.expressions();
        expressions.any(|expression| mentions(&expression.tokens, name))
    }

    fn lent_resource(
        &self,
        index: usize,
        resource: &Resource,
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
            Kind::Custom(expression) => {
                let maker = lent_maker(resource, expression);
                (None, quote!(#context.custom_lent(#place, #maker)))
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
