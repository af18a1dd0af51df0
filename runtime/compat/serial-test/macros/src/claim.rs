//! The lock that an attribute requests.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The four attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Serial,
    Parallel,
    FileSerial,
    FileParallel,
}

impl Kind {
    const ALL: [Kind; 4] = [
        Kind::Serial,
        Kind::Parallel,
        Kind::FileSerial,
        Kind::FileParallel,
    ];

    pub(crate) fn named(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == word)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Serial => "serial",
            Kind::Parallel => "parallel",
            Kind::FileSerial => "file_serial",
            Kind::FileParallel => "file_parallel",
        }
    }

    pub(crate) fn word(self) -> Ident {
        Ident::new(self.name(), Span::call_site())
    }

    pub(crate) fn has_path(self) -> bool {
        matches!(self, Kind::FileSerial | Kind::FileParallel)
    }
}

/// One lock of a test.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) kind: Kind,
    /// Whether the text is the path of a file rather than a key.
    pub(crate) is_path: bool,
    /// A literal, or empty for the key of an attribute without keys.
    pub(crate) text: TokenStream,
}

impl Claim {
    /// The variant of `serial_test::__private::Claim`.
    pub(crate) fn construct(&self, krate: &TokenStream) -> TokenStream {
        let variant = match (self.kind, self.is_path) {
            (Kind::Serial, _) => quote!(Serial),
            (Kind::Parallel, _) => quote!(Parallel),
            (Kind::FileSerial, false) => quote!(FileSerial),
            (Kind::FileParallel, false) => quote!(FileParallel),
            (Kind::FileSerial, true) => quote!(SerialAt),
            (Kind::FileParallel, true) => quote!(ParallelAt),
        };
        let text = if self.text.is_empty() {
            quote!("")
        } else {
            self.text.clone()
        };
        quote!(#krate::__private::Claim::#variant(#text))
    }
}
