//! The requested resources.

use proc_macro2::{Ident, TokenStream};
use syn::LitStr;
use syn::ext::IdentExt;

use super::{Expression, Lock};
use crate::args::{Choice, Value};
use crate::scan;

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
    /// An asynchronous resource, provisioned when the body begins. They stand among the values.
    Awaited(Expression),
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

    /// The expression, if it is evaluated when the body begins: that of a value, or of an
    /// asynchronous resource.
    pub(crate) fn value(&self) -> Option<&Expression> {
        match &self.kind {
            Kind::Value(expression) | Kind::Awaited(expression) => Some(expression),
            _ => None,
        }
    }

    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.kind, Kind::Awaited(_))
    }

    /// Whether it needs an asynchronous function around it. A value with an `async` block may await
    /// only there.
    pub(crate) fn needs_async(&self) -> bool {
        let Kind::Value(expression) = &self.kind else {
            return self.is_awaited();
        };
        let contains = |word| scan::contains_word(expression.tokens.clone(), word);
        contains("await") && !contains("async")
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
            Choice::Flag | Choice::Speed(_) | Choice::Paths(_) | Choice::OneOf(_) => {}
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
            Choice::Flag | Choice::Number(_) | Choice::Speed(_) | Choice::Constant(_) => {}
        }
    }
    Kind::TmpDir { from, keep }
}
