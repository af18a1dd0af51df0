//! The requested resources.

use proc_macro2::{Ident, TokenStream};
use syn::LitStr;
use syn::ext::IdentExt;

use super::{Expression, Lock};
use crate::args::{Choice, Value};

/// A requested resource and its name.
pub(crate) struct Resource {
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
    /// Whether an enclosing module or file requests it.
    pub(crate) is_inherited: bool,
}

pub(crate) enum Kind {
    Port {
        protocol: Protocol,
        count: Option<u32>,
        /// The number that the program under test insists on.
        number: Option<TokenStream>,
    },
    TmpDir {
        /// The files and trees to copy into it.
        from: Vec<LitStr>,
        keep: Option<&'static str>,
    },
    Namespace,
    Seed,
    /// The lock has the items.
    Pool(Lock),
    Custom(TokenStream),
    /// The value of an expression, made when the body begins. Values come after all resources.
    Value(Expression),
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

    /// The expression, if it is a value.
    pub(crate) fn value(&self) -> Option<&Expression> {
        match &self.kind {
            Kind::Value(expression) => Some(expression),
            _ => None,
        }
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
    let (mut count, mut number) = (None, None);
    for (_, choice) in options {
        match choice {
            Choice::Number(ports) => count = Some(ports),
            Choice::Constant(constant) => number = Some(constant),
            Choice::Flag | Choice::Paths(_) | Choice::OneOf(_) => {}
        }
    }
    Kind::Port {
        protocol,
        count,
        number,
    }
}

pub(super) fn tmpdir(options: Vec<(&'static str, Choice)>) -> Kind {
    let (mut from, mut keep) = (Vec::new(), None);
    for (_, choice) in options {
        match choice {
            Choice::Paths(paths) => from = paths,
            Choice::OneOf(word) => keep = Some(word),
            Choice::Flag | Choice::Number(_) | Choice::Constant(_) => {}
        }
    }
    Kind::TmpDir { from, keep }
}
