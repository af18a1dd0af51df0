//! The errors plus the function, so that editors keep completing and the body is still checked.

use proc_macro2::TokenStream;
use quote::quote;

use crate::harness;
use crate::test_fn::TestFn;

/// The function without isolation.
///
/// It stays a test if it could be one as it is. Otherwise its test attributes go, because their
/// complaints about parameters that were ours to fill would hide the mistake.
pub(crate) fn function(function: &TestFn) -> TokenStream {
    let TestFn {
        attributes,
        head,
        body,
        ..
    } = function;
    if is_a_plain_test(function) {
        let attributes = attributes
            .iter()
            .filter(|attribute| !attribute.mentions_isolated());
        // What is no test any longer is called by nobody, and that is not the user's mistake.
        let unused = (!harness::is_test(&function.attributes)).then(|| quote!(#[allow(dead_code)]));
        return quote!(#(#attributes)* #unused #head #body);
    }
    let attributes = attributes.iter().filter(|attribute| attribute.is_neutral());
    let TestFn {
        visibility,
        constness,
        asyncness,
        unsafety,
        abi,
        fn_token,
        name,
        generics,
        ..
    } = function;
    let TestFn {
        output,
        where_clause,
        parameters,
        ..
    } = function;
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
    // Without its test attribute nobody calls it, and that is not the user's mistake.
    quote! {
        #(#attributes)*
        #[allow(dead_code)]
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
