//! Wraps the bodies of functions in their locks.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::args::{Args, Mistake};
use crate::claim::Kind;
use crate::function::Function;
use crate::harness::{copies_attributes, is_test, isolated};
use crate::item::{Attribute, Item, Sort, hoist_inner_attributes, without_invisible_groups};

/// An attribute with its arguments, as written and as parsed.
struct Asked {
    kind: Kind,
    arguments: TokenStream,
    args: Args,
}

/// Expands one of the attributes.
pub(crate) fn item(
    kind: Kind,
    arguments: TokenStream,
    item: TokenStream,
) -> Result<TokenStream, Mistake> {
    let tokens = without_invisible_groups(item);
    let args = Args::read(kind, arguments.clone())?;
    let asked = Asked {
        kind,
        arguments,
        args,
    };
    let mut rest = &*tokens;
    let item = Item::next(&mut rest);
    let at = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    match item {
        Some(item) if item.sort == Sort::Function => asked.function(item),
        Some(item) if item.sort == Sort::Module => asked.module(item),
        _ => {
            let name = kind.name();
            let text = format!(
                "not expected here; `#[{name}]` belongs on a function with a body or on a module"
            );
            Err(Mistake::new(at, text))
        }
    }
}

impl Asked {
    /// Expands the tests in a module and in its submodules.
    fn module(&self, mut module: Item) -> Result<TokenStream, Mistake> {
        if self.hand_on(&mut module) {
            return Ok(module.into_token_stream());
        }
        let Some(body) = module.body() else {
            return Ok(module.into_token_stream());
        };
        let tokens = without_invisible_groups(body.stream());
        let mut rest = &*tokens;
        let mut items = TokenStream::new();
        // Inner attributes of the module stay first.
        while let [
            TokenTree::Punct(pound),
            TokenTree::Punct(bang),
            brackets,
            after @ ..,
        ] = rest
        {
            if pound.as_char() != '#' || bang.as_char() != '!' {
                break;
            }
            quote!(#pound #bang #brackets).to_tokens(&mut items);
            rest = after;
        }
        while let Some(item) = Item::next(&mut rest) {
            match item.sort {
                Sort::Function if is_test(&item) => items.extend(self.function(item)?),
                Sort::Module => items.extend(self.module(item)?),
                Sort::Function | Sort::Other => item.to_tokens(&mut items),
            }
        }
        module.set_body(items);
        Ok(module.into_token_stream())
    }

    fn function(&self, mut item: Item) -> Result<TokenStream, Mistake> {
        if self.hand_on(&mut item) {
            return Ok(item.into_token_stream());
        }
        let (attributes, rest) = (&item.attributes, &item.rest);
        if attributes.iter().any(copies_attributes) {
            let (krate, name) = (self.args.krate(), self.kind.word());
            let arguments = &self.arguments;
            return Ok(quote!(#(#attributes)* #[#krate::#name(#arguments)] #(#rest)*));
        }
        let expects_panic = attributes
            .iter()
            .any(|found| found.name() == "should_panic");
        if let Some((mut inner, rest)) = isolated(&item) {
            self.wrap(&mut inner, expects_panic)?;
            item.set_body(quote!(#inner #rest));
        } else {
            self.wrap(&mut item, expects_panic)?;
        }
        Ok(item.into_token_stream())
    }

    /// Wraps the body of a function in its locks.
    fn wrap(&self, item: &mut Item, expects_panic: bool) -> Result<(), Mistake> {
        hoist_inner_attributes(item);
        let Some((function, body)) = Function::read(item).zip(item.body()) else {
            return Ok(());
        };
        let body = self.body(&function, body, expects_panic)?;
        let (at, parameters) = function.parameters_of_wrapper();
        item.set_body(body);
        item.rest[at] = parameters;
        Ok(())
    }

    /// Passes these locks on to the next of our attributes below, because all locks of a test are
    /// acquired in one order. Returns whether there is one.
    fn hand_on(&self, item: &mut Item) -> bool {
        let Some(below) = item.attributes.iter_mut().find(|below| self.is_ours(below)) else {
            return false;
        };
        let handed_on = self.args.handed_on();
        let mut content = TokenStream::new();
        let mut arguments = TokenStream::new();
        for token in below.content() {
            match token {
                TokenTree::Group(group) => arguments = group.stream(),
                token => content.extend([token]),
            }
        }
        *below = below.with(quote!(#content(#handed_on, #arguments)));
        true
    }

    /// Whether this is one of our attributes, by its bare name or by the path of this crate.
    fn is_ours(&self, attribute: &Attribute) -> bool {
        let krate = crate::item::path(self.args.krate());
        match &*attribute.words {
            [name] => Kind::named(name).is_some(),
            [.., above, name] => {
                Kind::named(name).is_some()
                    && (above == "serial_test" || krate.last() == Some(above))
            }
            [] => false,
        }
    }

    /// The body of a function, wrapped in its locks.
    fn body(
        &self,
        function: &Function<'_>,
        body: &Group,
        expects_panic: bool,
    ) -> Result<TokenStream, Mistake> {
        let inner = &self.args.inner_attributes;
        if !inner.is_empty() && !function.can_be_nested {
            let text = "`inner_attrs` needs a function without parameters, generics, `Self` and \
                        qualifiers but `async`; put the attributes on a function that this one calls";
            return Err(Mistake::new(function.name.span(), text));
        }
        let awaited = function.is_async.then(|| quote!(.await));
        let (nested, block) = if inner.is_empty() {
            let moved = function.moved_parameters();
            let block = if moved.is_empty() {
                body.to_token_stream()
            } else {
                quote!({ #moved #body })
            };
            (None, block)
        } else {
            let (name, signature) = (function.name, function.signature);
            let keyword = function.is_async.then(|| quote!(async));
            let nested = quote!(#(#[#inner])* #keyword fn #name #(#signature)* #body);
            (Some(nested), quote!({ #name() #awaited }))
        };

        let krate = self.args.krate();
        let claims = self.args.claims.iter().map(|claim| claim.construct(&krate));
        let locks = quote!(
            ::core::cfg!(test),
            ::core::option_env!("CARGO_PKG_NAME"),
            &[#(#claims),*]
        );
        // Only the lock of `serial` belongs to a thread, so a future with any other may move.
        let is_of_thread = self
            .args
            .claims
            .iter()
            .any(|claim| claim.kind == Kind::Serial);
        let held = Ident::new("_held", Span::mixed_site());
        // A test that expects a panic must return in order to fail.
        let expects_panic = expects_panic && function.returns_unit;
        let expanded = match (function.is_async && !is_of_thread, expects_panic) {
            (true, false) => quote! {
                #nested
                #krate::__private::across(#locks).around(async move #block).await
            },
            (true, true) => quote! {
                #nested
                if let ::core::option::Option::Some(#held) = #krate::__private::try_across(#locks) {
                    #held.around(async move #block).await
                }
            },
            (false, true) => quote! {
                #nested
                let ::core::option::Option::Some(#held) = #krate::__private::try_here(#locks) else {
                    return;
                };
                #[allow(clippy::diverging_sub_expression, reason = "the block is a body, which may end in a panic")]
                let () = #block;
            },
            (false, false) if function.returns_unit => quote! {
                #nested
                let #held = #krate::__private::here(#locks);
                #[allow(clippy::diverging_sub_expression, reason = "the block is a body, which may end in a panic")]
                let () = #block;
            },
            (false, false) => quote! {
                #nested
                let #held = #krate::__private::here(#locks);
                #[allow(
                    unreachable_code,
                    unused_braces,
                    clippy::diverging_sub_expression,
                    reason = "the block is a body, which may be short or end in a panic"
                )]
                return #block;
            },
        };
        Ok(expanded)
    }
}
