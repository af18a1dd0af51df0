//! The function to emit next to the errors, so that editors keep completing and the compiler still
//! checks the body.

use proc_macro2::TokenStream;
use quote::quote;

use crate::test_fn::TestFn;

/// The function without isolation.
///
/// It stays a test if it is valid as one. Otherwise its test attributes are removed, because their
/// errors about parameters that isolation would have filled would hide the mistake.
pub(crate) fn function(function: &TestFn) -> TokenStream {
    let TestFn {
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
        signature: _,
    } = function;
    if is_a_plain_test(function) {
        let attributes = attributes
            .iter()
            .filter(|attribute| !attribute.mentions_isolated());
        return function.under(&quote!(#(#attributes)*));
    }
    let attributes = attributes.iter().filter(|attribute| attribute.is_neutral());
    let output = output.as_ref().map(|output| quote!(-> #output));
    let parameters = parameters.iter().map(|parameter| {
        let attributes = parameter
            .attributes
            .iter()
            .filter(|attribute| attribute.is_neutral());
        let (pattern, ty) = (&parameter.pattern, &parameter.ty);
        let colon = (!ty.is_empty()).then(|| quote!(:));
        quote!(#(#attributes)* #pattern #colon #ty)
    });
    quote! {
        #(#attributes)*
        #visibility #constness #asyncness #unsafety #abi #fn_token #name #generics (#(#parameters),*) #output #where_clause #body
    }
}

fn is_a_plain_test(function: &TestFn) -> bool {
    let TestFn {
        constness,
        asyncness,
        unsafety,
        generics,
        parameters,
        ..
    } = function;
    constness.is_none()
        && unsafety.is_none()
        && asyncness.is_none()
        && generics.is_empty()
        && parameters.is_empty()
        && (function.should_panic().is_none() || !function.returns_a_value())
        && !function.returns_plain_data()
        && !function.is_a_wrapper()
}
