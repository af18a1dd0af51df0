//! The requested resources.

use proc_macro2::{Ident, TokenStream};
use syn::LitStr;
use syn::ext::IdentExt;

use crate::args::{Choice, Value};

/// A requested resource and its name.
pub(crate) struct Resource {
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Port {
        protocol: Protocol,
        count: Option<u32>,
    },
    TmpDir {
        from: Option<LitStr>,
        keep: Option<&'static str>,
    },
    Namespace,
    Seed,
    Custom(TokenStream),
}

#[derive(Clone, Copy)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Both,
}

impl Resource {
    pub(crate) fn has_name(&self, name: &Ident) -> bool {
        self.name.unraw() == name.unraw()
    }
}

pub(super) fn options(value: Value) -> Vec<(&'static str, Choice)> {
    match value {
        Value::Options(options) => options,
        _ => Vec::new(),
    }
}

pub(super) fn port(options: Vec<(&'static str, Choice)>) -> Kind {
    let has = |name| options.iter().any(|(option, _)| *option == name);
    let protocol = match (has("tcp"), has("udp")) {
        (true, true) => Protocol::Both,
        (false, true) => Protocol::Udp,
        (_, false) => Protocol::Tcp,
    };
    let count = options.into_iter().find_map(|(_, choice)| match choice {
        Choice::Number(number) => Some(number),
        _ => None,
    });
    Kind::Port { protocol, count }
}

pub(super) fn tmpdir(options: Vec<(&'static str, Choice)>) -> Kind {
    let (mut from, mut keep) = (None, None);
    for (_, choice) in options {
        match choice {
            Choice::Text(text) => from = Some(text),
            Choice::OneOf(word) => keep = Some(word),
            Choice::Flag | Choice::Number(_) => {}
        }
    }
    Kind::TmpDir { from, keep }
}
