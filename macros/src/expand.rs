//! Generates the wrapper function and its single call. [`model`](crate::model) has made all
//! decisions.

mod around;
mod call;
mod spec;
mod surroundings;
mod values;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

pub(crate) use self::around::generated;
use self::call::Writer;
use crate::model::{Model, Run};
use crate::scan;
use crate::test_fn::{Parameter, TestFn};

/// The isolated test.
///
/// The user's function moves into the wrapper under its own name, so that every name in its body
/// keeps its meaning. Our own names are hygienic.
pub(crate) fn test(model: &Model, function: &TestFn) -> TokenStream {
    let TestFn {
        attributes,
        visibility,
        asyncness,
        abi,
        fn_token,
        name,
        generics,
        where_clause,
        body,
        ..
    } = function;
    let writer = Writer::new(model, function);
    let foreign: Vec<TokenStream> = writer
        .pairs()
        .filter(|(_, _, bound)| bound.is_none())
        .map(|(index, parameter, _)| wrapper_parameter(index, parameter))
        .collect();
    let (outer_generics, outer_where) = if foreign.is_empty() {
        (None, None)
    } else {
        (Some(generics), Some(where_clause))
    };
    let output = function.output.as_ref().map(|output| quote!(-> #output));
    let outer_output = if model.returns(function) {
        output.as_ref()
    } else {
        None
    };
    let parameters = function
        .parameters
        .iter()
        .map(|parameter| inner_parameter(function, parameter));
    // Inside the generated test, the makers only provide the types of the custom resources that are
    // bound or that a value uses.
    let is_around = model.run == Run::Around;
    let makers = writer.makers(|resource| {
        !is_around || writer.is_bound(resource) || writer.makes_a_value(resource)
    });
    let call = writer.call();
    // Lints that suggest other parameter types skip functions from a macro, so these keywords come
    // from here.
    let inner_async = asyncness
        .as_ref()
        .map(|token| at(token.span, quote!(async)));
    let inner_fn = at(fn_token.span, quote!(fn));
    let mut content = quote! {
        #inner_async #abi #inner_fn #name #generics (#(#parameters),*) #output #where_clause #body
        #makers
        #call
    };
    if let Some(namesake) = writer.namesake() {
        // The inner function would shadow the parameter, which therefore gets another name.
        content = quote!(let #namesake = #name; { #content });
    }
    let (recipe, around) = (writer.recipe(), writer.around());
    quote! {
        #recipe
        #(#attributes)*
        #around
        #visibility #asyncness #abi #fn_token #name #outer_generics (#(#foreign),*) #outer_output #outer_where {
            #content
        }
    }
}

/// Tokens that keep their hygiene but are shown at a place in the user's code.
fn at(place: Span, tokens: TokenStream) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    moved.collect()
}

/// An identifier that no expression of the user can refer to.
fn hygienic(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The span of the first token, or of the attribute if there is none.
fn start(tokens: &TokenStream) -> Span {
    scan::first(tokens).map_or_else(Span::call_site, |token| token.span())
}

/// A parameter of the wrapper that another attribute fills: it has a name and no `mut`.
fn wrapper_parameter(index: usize, parameter: &Parameter) -> TokenStream {
    let Parameter { attributes, ty, .. } = parameter;
    let name = foreign_name(index, parameter);
    quote!(#(#attributes)* #name: #ty)
}

fn foreign_name(index: usize, parameter: &Parameter) -> Ident {
    let Some(name) = &parameter.name else {
        return format_ident!("__isolated_{index}");
    };
    let mut name = name.clone();
    if name.to_string().starts_with('_') {
        // The wrapper uses this underscored name. With its original span, a lint would complain
        // about the user's code.
        name.set_span(name.span().resolved_at(Span::call_site()));
    }
    name
}

/// A parameter of the user's function, without the attributes that determine its source.
fn inner_parameter(function: &TestFn, parameter: &Parameter) -> TokenStream {
    let Parameter {
        attributes,
        pattern,
        ty,
        ..
    } = parameter;
    let attributes = attributes.iter().filter(|attribute| attribute.is_neutral());
    if function.gets_a_future(parameter) {
        return quote!(#(#attributes)* #pattern: impl ::core::future::Future<Output = #ty>);
    }
    quote!(#(#attributes)* #pattern: #ty)
}
