//! The kind of item that the attribute annotates.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};

use crate::attribute::Attribute;
use crate::generics::read_visibility;
use crate::module::Module;
use crate::next::Next;
use crate::test_fn::TestFn;

/// An item that the attribute may annotate.
pub(crate) enum Item {
    Function(Box<TestFn>),
    Module(Module),
}

impl Item {
    /// Reads an item. The error for any other item ends in `belongs`.
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
