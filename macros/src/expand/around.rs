//! Isolation around a test that another attribute generates: a static item with what the test
//! requests, a hidden attribute that is copied to the generated function, and the expansion of
//! both.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

use super::call::Writer;
use super::{at, start};
use crate::attribute::Attribute;
use crate::harness;
use crate::item::Item;
use crate::model::Run;
use crate::scan;
use crate::test_fn::TestFn;

impl Writer<'_> {
    /// The name of the static item. Generated modules import it together with the function.
    ///
    /// No lint checks a name of this form, so it needs no `allow`, which the user's code may
    /// forbid.
    fn recipe_name(&self) -> Ident {
        let mut name = "__ISOLATED_".to_owned();
        for letter in self.function.plain_name().chars() {
            if letter.is_uppercase() {
                name.push_str("__"); // Names of tests may differ in case only.
            }
            name.extend(letter.to_uppercase());
        }
        Ident::new(&name, Span::call_site())
    }

    fn is_around(&self) -> bool {
        self.model.run == Run::Around
    }

    /// The static item with what the test requests.
    pub(super) fn recipe(&self) -> Option<TokenStream> {
        self.is_around().then(|| {
            let (private, name, spec) = (&self.private, self.recipe_name(), self.spec());
            let (custom, surround) = (self.static_custom(), self.surround());
            let attributes = self.function.attributes.iter();
            let conditions = attributes.filter_map(Attribute::only_cfg);
            quote! {
                #(#[#conditions])*
                #[doc(hidden)]
                static #name: #private::Recipe = #private::Recipe {
                    spec: #spec,
                    custom: #custom,
                    surround: #surround,
                };
            }
        })
    }

    fn static_custom(&self) -> TokenStream {
        let private = &self.private;
        let mut custom = self.custom().peekable();
        if custom.peek().is_none() {
            return quote!(#private::no_custom);
        }
        let custom = custom.map(|(_, expression)| {
            let maker = quote!(#private::Maker::new(&|| #private::expr!(#expression)).custom());
            at(start(expression), maker)
        });
        quote!(|| #private::customs([#(#custom),*]))
    }

    /// The hidden attribute, below all others.
    pub(super) fn around(&self) -> Option<TokenStream> {
        let (krate, recipe) = (&self.krate, self.recipe_name());
        self.is_around()
            .then(|| quote!(#[#krate::__around(#recipe, #krate)]))
    }

    /// The call of the user's function, with the resources of the enclosing test.
    pub(super) fn inside(&self) -> TokenStream {
        let (private, recipe, body) = (&self.private, self.recipe_name(), self.body());
        let output = self.function.output.as_ref();
        let no_value = if self.function.returns_a_value() || self.function.never_returns() {
            quote!(#private::no_value)
        } else {
            quote!(|| ())
        };
        let call = match &self.function.asyncness {
            None => quote!(#private::inside(&#recipe, #no_value, #body)),
            Some(_) if self.model.returns(self.function) => {
                quote!(#private::inside_async(&#recipe, #no_value, #body).await)
            }
            Some(_) => quote!(#private::judged_inside_async(&#recipe, #body).await),
        };
        output.map_or(call.clone(), |output| at(start(output), call))
    }
}

/// Expands the hidden attribute on the function that it was copied to.
///
/// That function is the generated test, unless a test attribute below has yet to generate it.
pub(crate) fn generated(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(Item::Function(function)) = Item::read(item, "") else {
        return item.clone();
    };
    if generates_more(&function) {
        return below_all(arguments, &function);
    }
    if function.asyncness.is_some() || !function.parameters.is_empty() {
        // This is a copy on a function that the generated test calls.
        return item.clone();
    }
    let pieces = scan::expressions(arguments.clone());
    let [recipe, krate] = pieces.as_slice() else {
        return item.clone();
    };
    around(&function, &recipe.tokens, &krate.tokens)
}

fn generates_more(function: &TestFn) -> bool {
    let attributes = &function.attributes;
    harness::is_test(attributes) && !harness::is_plain(attributes)
}

/// The same function, with the hidden attribute below all others.
fn below_all(arguments: &TokenStream, function: &TestFn) -> TokenStream {
    let krate = scan::expressions(arguments.clone()).pop();
    let krate = krate.map(|piece| piece.tokens);
    let attributes = &function.attributes;
    function.under(&quote!(#(#attributes)* #[#krate::__around(#arguments)]))
}

fn around(function: &TestFn, recipe: &TokenStream, krate: &TokenStream) -> TokenStream {
    let TestFn {
        attributes,
        visibility,
        fn_token,
        name,
        signature,
        body,
        ..
    } = function;
    let private = quote!(#krate::__private);
    let call = if function.never_returns() {
        quote!(around_never)
    } else {
        quote!(around)
    };
    let call = match function.should_panic() {
        None => quote!(#private::#call(&#recipe, #name)),
        // Each generated test has its own expectation. The block hides `CASE` from the body.
        Some(found) => {
            let expected = found.expected(&private);
            quote! {{
                static CASE: #private::Recipe = #private::Recipe {
                    spec: #private::Spec { should_panic: #expected, ..#recipe.spec },
                    ..#recipe
                };
                #private::#call(&CASE, #name)
            }}
        }
    };
    quote! {
        #(#attributes)*
        #visibility #fn_token #name() {
            #signature #body
            #call
        }
    }
}
