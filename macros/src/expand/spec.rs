//! The constant that describes to the runtime what the test requests.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;

use super::call::Writer;
use super::{at, start};
use crate::args::{Items, Key};
use crate::built;
use crate::model::{Kind, Lock, Mode, Protocol, Resource, Run};
use crate::scan;
use crate::test_fn::ShouldPanic;

impl Writer<'_> {
    pub(super) fn spec(&self) -> TokenStream {
        let private = &self.private;
        let function = self.function.plain_name();
        let should_panic = self.should_panic();
        let resources = self
            .model
            .wanted
            .resources
            .iter()
            .enumerate()
            .filter_map(|(index, resource)| self.request(index, resource));
        let alone = self.model.wanted.alone.then(|| quote!((Alone)));
        let locks = self.model.wanted.locks_and_pools();
        let locks = locks.map(|lock| self.claim(lock)).chain(alone);
        let process = self.has_process().then(|| {
            let process = self.process();
            quote!(, #process)
        });
        let often = self.model.is_called_often.then(|| quote!(; often));
        let built = built::options().map(|options| quote!(in #options,));
        // The initializer of a static item is evaluated at compile time anyway.
        let is_const = (self.model.run != Run::Around && self.needs_const()).then(|| quote!(const));
        let spec = quote! {
            #private::spec!(#is_const #built #function, #should_panic, [#(#resources),*], [#(#locks),*] #process #often)
        };
        self.at_the_name(spec)
    }

    /// A macro call with the span of the function's name, so that `line!` reports the function and
    /// not an attribute, which may be that of a module. `line!` reports the position of the
    /// outermost call that is not the user's code.
    fn at_the_name(&self, call: TokenStream) -> TokenStream {
        let place = self.function.name.span();
        let moved = call.into_iter().map(|mut token| {
            token.set_span(place);
            token
        });
        moved.collect()
    }

    /// Whether the spec contains more than literals. Literals alone are stored in the binary
    /// without evaluation.
    fn needs_const(&self) -> bool {
        let has_literals = |lock: &Lock| {
            let has_literal_key = !matches!(lock.key, Some(Key::Expression(_)));
            has_literal_key
                && match &lock.mode {
                    Mode::Exclusive | Mode::Shared => true,
                    Mode::Limit(number) => is_literal(number),
                    Mode::Pool(items) => items.is_literal,
                }
        };
        let panics = self.function.should_panic();
        let is_fixed = |resource: &Resource| matches!(&resource.kind, Kind::Port { number: Some(number), .. } if !is_literal(number));
        let mut resources = self.model.wanted.resources.iter();
        self.has_process()
            || resources.any(is_fixed)
            || !self.model.wanted.locks_and_pools().all(has_literals)
            || panics.is_some_and(|panics| panics.condition.is_some())
    }

    fn should_panic(&self) -> TokenStream {
        let private = &self.private;
        // Each generated test has its own expectation.
        let found = self.function.should_panic();
        found
            .filter(|_| self.model.run != Run::Around)
            .map_or(quote!(#private::ShouldPanic::No), |found| {
                found.expected(private)
            })
    }

    /// Whether the test runs in a subprocess.
    fn has_process(&self) -> bool {
        !self.model.wanted.surroundings.asked_by.is_empty()
    }

    fn request(&self, index: usize, resource: &Resource) -> Option<TokenStream> {
        let private = &self.private;
        let name = resource.name.unraw().to_string();
        let kind = match &resource.kind {
            Kind::Port {
                protocol,
                number: Some(number),
                ..
            } => {
                let protocol = protocol.marker();
                let number = if is_literal(number) {
                    number.clone()
                } else {
                    let checked = quote!(#private::port_number(#private::expr!(#number)));
                    at(start(number), checked)
                };
                quote!(FixedPort(#private::Protocol::#protocol, #number))
            }
            Kind::Port {
                protocol, count, ..
            } => {
                let protocol = protocol.marker();
                let count = Literal::u32_unsuffixed(count.unwrap_or(1));
                quote!(Port(#private::Protocol::#protocol, #count))
            }
            Kind::TmpDir { from, keep } => {
                let keep = option(keep.map(|word| {
                    let variant = keep_variant(word);
                    quote!(#private::Keep::#variant)
                }));
                quote!(TmpDir { from: &[#(#from),*], keep: #keep })
            }
            Kind::Namespace => quote!(Namespace),
            Kind::Seed => quote!(Seed),
            Kind::Pool(_) => {
                let before = &self.model.wanted.resources[..index];
                let pools = before
                    .iter()
                    .filter(|one| matches!(one.kind, Kind::Pool(_)));
                let place = self.model.wanted.locks.len() + pools.count();
                let place = Literal::usize_unsuffixed(place);
                quote!(Pool(#place))
            }
            Kind::Custom(_) => {
                let by_value = self.model.given.get(index).is_some_and(|given| *given);
                quote!(Custom { by_value: #by_value })
            }
            // The runtime learns of them when the body makes them.
            Kind::Value(_) | Kind::Awaited(_) => return None,
        };
        Some(quote!((#name #kind)))
    }

    /// The key of a lock, as a variant of `ClaimedKey`.
    fn key(&self, lock: &Lock) -> TokenStream {
        let Writer { private, krate, .. } = self;
        match &lock.key {
            None => quote!(Key(#krate::Key::DEFAULT)),
            // The macro has checked it, with a better message than a constant could give.
            Some(Key::Text(text)) => quote!(Text(#text)),
            Some(Key::Expression(tokens)) => {
                let key = quote!(#private::Keyed(#private::expr!(#tokens)).key());
                let key = at(start(tokens), key);
                quote!(Key(#key))
            }
        }
    }

    fn items(&self, items: &Items) -> TokenStream {
        let (private, tokens) = (&self.private, &items.tokens);
        if items.is_literal {
            return tokens.clone();
        }
        at(start(tokens), quote!(#private::expr!(#tokens)))
    }

    fn claim(&self, lock: &Lock) -> TokenStream {
        let (private, key) = (&self.private, self.key(lock));
        match &lock.mode {
            Mode::Exclusive => quote!((Exclusive(#private::ClaimedKey::#key))),
            Mode::Shared => quote!((Shared(#private::ClaimedKey::#key))),
            Mode::Limit(number) => {
                let number = self.constant(number);
                quote!((Limit(#private::ClaimedKey::#key, #number)))
            }
            Mode::Pool(items) => {
                let items = self.items(items);
                quote!((Pool(#private::ClaimedKey::#key, #items)))
            }
        }
    }

    /// A value that is known at compile time.
    pub(super) fn constant(&self, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        if is_literal(value) {
            value.clone()
        } else {
            quote!(#private::expr!(#value))
        }
    }
}

fn is_literal(value: &TokenStream) -> bool {
    matches!(scan::only(value), Some(TokenTree::Literal(_)))
}

impl ShouldPanic {
    /// The runtime's expression for this expectation.
    pub(super) fn expected(&self, private: &TokenStream) -> TokenStream {
        let expected = self.message.as_ref().map_or(
            quote!(#private::ShouldPanic::Yes),
            |message| quote!(#private::ShouldPanic::With(#message)),
        );
        match &self.condition {
            Some(condition) => {
                quote!(if ::core::cfg!(#condition) { #expected } else { #private::ShouldPanic::No })
            }
            None => expected,
        }
    }
}

impl Protocol {
    pub(super) fn marker(self) -> TokenStream {
        match self {
            Protocol::Tcp => quote!(Tcp),
            Protocol::Udp => quote!(Udp),
            Protocol::Both => quote!(Both),
        }
    }
}

fn keep_variant(word: &str) -> TokenStream {
    match word {
        "always" => quote!(Always),
        "never" => quote!(Never),
        _ => quote!(Failure),
    }
}

pub(super) fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or(
        quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}
