//! Tells what the attribute stands on.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token, token};

use crate::attribute::Attribute;
use crate::generics::read_visibility;
use crate::module::Module;
use crate::test_fn::TestFn;

/// What the attribute belongs on.
pub(crate) enum Item {
    Function(Box<TestFn>),
    Module(Module),
}

impl Item {
    /// Reads an item, or says where the attribute belongs.
    pub(crate) fn read(item: &TokenStream, belongs: &str) -> syn::Result<Item> {
        let content = |input: ParseStream<'_>| {
            let attributes = Attribute::all(input)?;
            match Next::in_front_of(input) {
                Next::Function => TestFn::read(attributes, input)
                    .map(Box::new)
                    .map(Item::Function),
                Next::Module | Next::ModuleElsewhere => {
                    Module::read(attributes, input).map(Item::Module)
                }
                Next::Other => {
                    let _visibility = read_visibility(input)?;
                    Err(input.error(format!("not expected here; {belongs}")))
                }
            }
        };
        content.parse2(unwrapped(item))
    }
}

/// The item without the invisible group that `macro_rules!` may put around it.
fn unwrapped(item: &TokenStream) -> TokenStream {
    match item.clone().into_iter().next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => group.stream(),
        _ => item.clone(),
    }
}

/// The kind of item that comes next.
pub(crate) enum Next {
    Function,
    Module,
    /// `mod name;`
    ModuleElsewhere,
    Other,
}

impl Next {
    /// Looks behind visibility and qualifiers.
    pub(crate) fn in_front_of(input: ParseStream<'_>) -> Next {
        let ahead = input.fork();
        if read_visibility(&ahead).is_err() {
            return Next::Other;
        }
        loop {
            if ahead.peek(Token![fn]) {
                return Next::Function;
            }
            if ahead.peek(Token![mod]) && ahead.peek2(Ident) {
                let is_inline = ahead.peek3(token::Brace);
                return if is_inline {
                    Next::Module
                } else {
                    Next::ModuleElsewhere
                };
            }
            let is_qualifier = ahead.peek(Token![const])
                || ahead.peek(Token![async])
                || ahead.peek(Token![unsafe])
                || ahead.peek(Token![extern])
                || ahead.peek(LitStr);
            if !is_qualifier || ahead.parse::<TokenTree>().is_err() {
                return Next::Other;
            }
        }
    }
}
