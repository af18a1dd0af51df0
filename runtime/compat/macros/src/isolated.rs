//! The parts of generated code that all drop-in packages share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Result;

use crate::attribute::ShouldPanic;
use crate::check;
use crate::function::Function;

/// The arguments of `#[isolated(...)]` for one function.
pub(crate) struct Isolated<'a> {
    /// The path of the drop-in package.
    pub(crate) krate: &'a TokenStream,
    pub(crate) arguments: TokenStream,
}

impl Isolated<'_> {
    /// The attribute.
    fn attribute(&self, function: &Function, more: &TokenStream) -> TokenStream {
        let Isolated { krate, arguments } = self;
        let alias = alias(function);
        quote! {
            #[#krate::__private::isolated_test::isolated(
                #arguments #more crate = #alias::isolated_test
            )]
        }
    }

    /// Imports the package under an alias for the attribute, whose path resolves at the test. There,
    /// `$crate` would mean another crate.
    fn import(&self, function: &Function) -> TokenStream {
        let krate = self.krate;
        let alias = alias(function);
        // Two tests with one name have different `#[cfg(...)]`s.
        let conditions = function.attributes.iter();
        let conditions = conditions.filter(|attribute| attribute.is_condition());
        quote! {
            #(#conditions)*
            use #krate::__private as #alias;
        }
    }

    /// A function whose return value is checked as in rusty-fork, with code before its body.
    pub(crate) fn judged(
        &self,
        function: &Function,
        before_body: &TokenStream,
    ) -> Result<TokenStream> {
        let should_panic = function.should_panic();
        if let Some(expected) = should_panic.as_ref().filter(|_| !function.is_async) {
            check::text(expected)?;
            return Ok(self.panicking(function, before_body, expected));
        }
        let attributes = &function.attributes;
        let plain = (!function.is_test()).then(|| quote!(#[::core::prelude::v1::test]));
        let (import, attribute) = (self.import(function), self.attribute(function, &quote!()));
        let (signature, body) = if function.is_async {
            (function.signature(), spliced(function, before_body))
        } else {
            (function.head(), self.value(function, before_body))
        };
        Ok(quote! {
            #import
            #attribute
            #plain
            #(#attributes)*
            #signature { #body }
        })
    }

    /// A function that the user calls, because no attribute makes it a test.
    pub(crate) fn called(&self, function: &Function, before_body: &TokenStream) -> TokenStream {
        let (attributes, head) = (&function.attributes, function.head());
        let import = self.import(function);
        let attribute = self.attribute(function, &quote!(test_attribute = "called by other code",));
        let body = self.value(function, before_body);
        quote! {
            #import
            #attribute
            #(#attributes)*
            #head { #body }
        }
    }

    /// A test that passes if its body panics or its process dies.
    fn panicking(
        &self,
        function: &Function,
        before_body: &TokenStream,
        should_panic: &ShouldPanic,
    ) -> TokenStream {
        let Function {
            fn_token,
            name,
            parameters,
            ..
        } = function;
        let head = function.head();
        let krate = self.krate;
        let private = quote!(#krate::__private);
        let plain = (!function.is_test()).then(|| quote!(#[::core::prelude::v1::test]));
        let outer = function.attributes.iter();
        let outer = outer.filter(|attribute| attribute.should_panic().is_none());
        let import = self.import(function);
        let attribute = self.attribute(
            function,
            &quote! {
                marks = tmpdir(keep = "never"),
                witness = #private::Witness::new(),
                test_attribute = "called by the test around it",
            },
        );
        let expected = should_panic.expected.as_ref().map_or_else(
            || quote!(::core::option::Option::None),
            |text| quote!(::core::option::Option::Some(#text)),
        );
        let begun = hygienic("begun");
        let before_body = quote! {
            #before_body
            let #begun = #private::Begun::now();
        };
        let value = self.value(function, &before_body);
        quote! {
            #import
            #plain
            #(#outer)*
            #head {
                #attribute
                #fn_token #name #parameters {
                    #private::expect_panic(|| { #value }, #expected)
                }
                #private::expect_death(#name, #expected)
            }
        }
    }

    /// A block without a value that panics if the function returns a failure.
    fn value(&self, function: &Function, before_body: &TokenStream) -> TokenStream {
        let inner = spliced(function, before_body);
        if !function.has_value() {
            return inner;
        }
        let Function {
            fn_token,
            name,
            parameters,
            output,
            ..
        } = function;
        let krate = self.krate;
        // Errors about the return type point at the type, which follows the arrow.
        let ty = output.clone().into_iter().nth(2);
        let span = ty.map_or_else(|| name.span(), |ty| ty.span());
        let mut body = inner_name();
        body.set_span(span);
        let judged = quote_spanned!(span=> #krate::__private::TestExitStatus::judge(#body()));
        quote! {
            #[allow(clippy::unnecessary_wraps, reason = "the return type is the user's")]
            #fn_token #body #parameters #output { #inner }
            #judged;
        }
    }

    /// A function whose return value the test runner checks.
    pub(crate) fn plain(&self, function: &Function, test: &TokenStream) -> TokenStream {
        let Function {
            attributes,
            fn_token,
            parameters,
            output,
            body,
            ..
        } = function;
        let (head, signature) = (function.head(), function.signature());
        let (import, attribute) = (self.import(function), self.attribute(function, &quote!()));
        if function.should_panic().is_some() && function.has_value() && !function.is_async {
            // The test runner refuses a return value here, and returning at all means that it did not panic.
            let inner = inner_name();
            return quote! {
                #import
                #attribute
                #test
                #(#attributes)*
                #head {
                    #[allow(clippy::unnecessary_wraps, reason = "the return type is the user's")]
                    #fn_token #inner #parameters #output #body
                    ::core::mem::drop(#inner());
                }
            };
        }
        quote! {
            #import
            #attribute
            #test
            #(#attributes)*
            #signature #body
        }
    }
}

/// The body with code before it. They share one block, so each sees the items of the other.
fn spliced(function: &Function, before_body: &TokenStream) -> TokenStream {
    let (inner_attributes, body) = function.split_body();
    quote!(#inner_attributes #before_body #body)
}

/// A variable that user code cannot refer to.
pub(crate) fn hygienic(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The name of the user's function inside the test. Function names are not hygienic, so this is one
/// that nobody uses.
fn inner_name() -> Ident {
    Ident::new("__isolated_compat_body", Span::mixed_site())
}

/// The alias under which a test refers to the private items of the drop-in package.
fn alias(function: &Function) -> Ident {
    format_ident!("__isolated_compat_{}", function.label())
}

/// A value for the variable that marks a subprocess of rusty-fork or test-fork.
pub(crate) fn occurs(krate: &TokenStream, function: &Function, variable: &str) -> TokenStream {
    let label = function.label();
    quote! {
        #variable = #krate::__private::occurs(
            #variable,
            ::core::concat!(::core::module_path!(), "::", #label),
        )
    }
}
