//! The values and asynchronous resources of a test, made in the closure that calls the user's
//! function. They are its local variables, so they are dropped in reverse order before the runtime
//! releases anything else.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use super::call::{Writer, lent_maker};
use super::{at, hygienic, start};
use crate::mention::mentions;
use crate::model::{Expression, Kind, Resource, alias};
use crate::test_fn::Parameter;

impl Writer<'_> {
    /// The call after one statement for each value, in source order. An asynchronous resource puts
    /// all that follows into a future, after which it is released.
    pub(super) fn after_values(&self, call: TokenStream) -> TokenStream {
        let Writer { private, .. } = self;
        let resources = &self.model.wanted.resources;
        let taken = resources.iter().enumerate().filter_map(|(index, one)| {
            let Kind::Custom(expression) = &one.kind else {
                return None;
            };
            let (context, maker) = (&self.context, lent_maker(one, expression));
            let place = Literal::usize_unsuffixed(index);
            let variable = self.variable(index, one);
            self.is_taken_after_values(one)
                .then(|| quote!(let #variable = #context.custom_value(#place, #maker);))
        });
        let taken: TokenStream = taken.collect();
        let value = hygienic("value");
        let is_judged =
            !self.function.never_returns() && resources.iter().any(Resource::is_awaited);
        let release = if is_judged {
            quote!(release_after)
        } else {
            quote!(release_after_panic)
        };
        let mut content = call;
        if is_judged {
            let judged = quote!(#private::Returned::new(&#value).passed());
            content = quote!(let #value = #content; (#judged, #value));
        }
        for (index, one) in resources.iter().enumerate().rev() {
            let Some(expression) = one.value() else {
                continue;
            };
            let made = self.value(index, expression, one);
            let variable = self.variable(index, one);
            content = if one.is_awaited() {
                let (resource, handle) = (hygienic("resource"), alias(&one.name));
                quote! {
                    let (#resource, #handle) = #made;
                    #resource.#release(async { let #variable = #handle; #content }).await
                }
            } else {
                quote!(let #variable = #made; #content)
            };
        }
        if is_judged {
            content = quote!(let (_, #value) = { #content }; #value);
        }
        quote!({ #taken #content })
    }

    fn value(&self, index: usize, expression: &Expression, one: &Resource) -> TokenStream {
        let Writer {
            private, context, ..
        } = self;
        let Expression { tokens, import } = expression;
        let earlier = self.model.wanted.resources.iter().enumerate().take(index);
        let named = earlier.filter(|(_, one)| mentions(tokens, &one.name));
        let named = named.map(|(index, one)| {
            let (name, (ty, lent)) = (&one.name, self.lent_to_a_value(index, one));
            let colon = ty.as_ref().map(|_| quote!(:));
            // The name may mean something else, as in `Server { port: 80 }`. This use avoids a
            // warning about an unused variable.
            quote!(let #name #colon #ty = #lent; let _ = &#name;)
        });
        let named: TokenStream = named.chain(self.named_namesake(tokens)).collect();
        let text = one.name.unraw().to_string();
        let ok = quote!(::core::result::Result::Ok::<_, #private::NotMade>);
        let content = quote!(#import #named #ok(#private::expr!(#tokens)));
        let made = if one.is_awaited() {
            quote!(#context.provision(#text, async { #content }).await)
        } else if self.function.asyncness.is_some() {
            quote!(#context.make_async(#text, async { #content }).await)
        } else {
            quote!(#context.make(#text, || { #content }))
        };
        at(start(tokens), made)
    }

    /// A variable for the parameter with the name of the function, if the expression names it.
    pub(super) fn named_namesake(&self, expression: &TokenStream) -> Option<TokenStream> {
        let name = &self.function.name;
        let namesake = self.namesake().filter(|_| mentions(expression, name))?;
        Some(quote!(let #name = &#namesake; let _ = #name;))
    }

    /// A resource or an earlier value, as a parameter would borrow it.
    fn lent_to_a_value(&self, index: usize, one: &Resource) -> (Option<TokenStream>, TokenStream) {
        match &one.kind {
            Kind::Custom(_) if self.is_taken_after_values(one) => {
                let alias = alias(&one.name);
                (None, quote!(&#alias))
            }
            _ => self.lent_resource(index, one, &quote!(custom_ref)),
        }
    }

    /// The variable of a value, or of a handle that values borrow.
    fn variable(&self, index: usize, one: &Resource) -> TokenStream {
        let is_mutable = self
            .pairs()
            .any(|(_, parameter, bound)| bound == Some(index) && parameter.is_mutable_reference());
        let mutability = is_mutable.then(|| quote!(mut));
        let alias = alias(&one.name);
        quote!(#mutability #alias)
    }

    /// Whether the expression of a value names the resource.
    pub(super) fn makes_a_value(&self, resource: &Resource) -> bool {
        let mut values = self.model.wanted.values();
        values.any(|(_, value)| mentions(&value.tokens, &resource.name))
    }

    /// Whether a parameter takes the handle of a custom resource for itself, but values borrow it
    /// first.
    pub(super) fn is_taken_after_values(&self, resource: &Resource) -> bool {
        let mut given = self.model.wanted.resources.iter().zip(&self.model.given);
        given.any(|(other, given)| *given && other.has_name(&resource.name))
            && self.makes_a_value(resource)
    }
}

/// The argument for a parameter that gets a value. A type mismatch is shown where the user wrote the
/// type.
pub(super) fn made(one: &Resource, parameter: &Parameter) -> TokenStream {
    let mut alias = alias(&one.name);
    alias.set_span(Span::mixed_site().located_at(start(&parameter.ty)));
    let borrow = match (parameter.is_reference(), parameter.is_mutable_reference()) {
        (false, _) => quote!(),
        (true, false) => quote!(&),
        (true, true) => quote!(&mut),
    };
    let borrow = at(start(&parameter.ty), borrow);
    quote!(#borrow #alias)
}
