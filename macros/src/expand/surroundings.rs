//! The subprocess of a test: its part of the spec, and the closure that evaluates the user's
//! expressions before the subprocess starts.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::Ident;

use super::call::{Writer, lent_maker};
use super::spec::option;
use super::{at, hygienic, start};
use crate::mention::mentions;
use crate::model::{Cwd, Kind, Refused, Resource, Run, Surroundings, Timeout};

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
        let surroundings = hygienic("surroundings");
        let (bindings, uses_context) = self.mentioned();
        let statements = self.statements(&surroundings);
        if statements.is_empty() {
            let private = &self.private;
            return quote!(#private::as_here);
        }
        let is_in_cwd = self.model.wanted.directory_to_work_in().is_some();
        let context = if uses_context || is_in_cwd {
            context.to_token_stream()
        } else {
            quote!(_)
        };
        quote!(|#context, #surroundings| { #bindings #statements })
    }

    fn statements(&self, target: &impl ToTokens) -> TokenStream {
        let context = &self.context;
        let wanted = &self.model.wanted.surroundings;
        let mut statements = TokenStream::new();
        if wanted.variables.is_clear {
            statements.extend(quote!(#target.clear();));
        }
        for variable in &wanted.variables.list {
            let name = &variable.name;
            let value = variable.value.as_ref().map(|value| self.lent(value));
            statements.extend(value.map_or_else(
                || quote!(#target.unset(#name);),
                |value| quote!(#target.set(#name, #value);),
            ));
        }
        if let Some(directory) = self.model.wanted.directory_to_work_in() {
            let directory = Literal::usize_unsuffixed(directory);
            statements.extend(quote!(#target.cwd(#context.tmpdir(#directory));));
        }
        if let Some(Cwd::Given(directory)) = &wanted.cwd {
            let directory = self.lent(directory);
            statements.extend(quote!(#target.cwd(#directory);));
        }
        if let Some(Timeout::Given(limit)) = &wanted.timeout {
            let private = &self.private;
            let limit = at(start(limit), quote!(#private::expr!(#limit)));
            statements.extend(quote!(#target.timeout(#limit);));
        }
        statements
    }

    /// Borrows a value, because the body may need it too. A type mismatch is shown at the value.
    fn lent(&self, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        at(start(value), quote!(&#private::expr!(#value)))
    }

    /// Variables for the names in the expressions, and whether one of them is a resource.
    fn mentioned(&self) -> (TokenStream, bool) {
        let wanted = &self.model.wanted;
        let is_mentioned = |name: &Ident| {
            let mut expressions = wanted.surroundings.expressions();
            expressions.any(|expression| mentions(expression, name))
        };
        // A static item is outside the function that otherwise contains the makers.
        let mut bindings = if self.model.run == Run::Around {
            self.makers(|resource| is_mentioned(&resource.name))
        } else {
            TokenStream::new()
        };
        let mut uses_context = false;
        let resources = wanted.resources.iter().enumerate();
        for (index, resource) in resources.filter(|(_, resource)| is_mentioned(&resource.name)) {
            let name = &resource.name;
            let (ty, value) = self.lent_resource(index, resource);
            let colon = ty.as_ref().map(|_| quote!(:));
            uses_context = true;
            // The name may mean something else, as in `Server { port: 80 }`. This use avoids a
            // warning about an unused variable.
            bindings.extend(quote!(let #name #colon #ty = #value; let _ = &#name;));
        }
        if let Some(namesake) = self.namesake() {
            let name = &self.function.name;
            if is_mentioned(name) {
                bindings.extend(quote!(let #name = &#namesake; let _ = #name;));
            }
        }
        (bindings, uses_context)
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
