//! The attribute of `isolated-test`, which re-exports it; depend on that crate instead.
//!
//! The tokens of the arguments become `Args`, what they mean becomes a `Model`, and the model becomes
//! a function with a single call to the runtime. Every mistake is reported, and the function is
//! emitted in any case.

mod args;
mod attribute;
mod built;
mod check;
mod errors;
mod expand;
mod fallback;
mod generics;
mod harness;
mod item;
mod mention;
mod model;
mod module;
mod names;
mod next;
mod scan;
mod test_fn;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;

use crate::args::Args;
use crate::attribute::Attribute;
use crate::errors::Errors;
use crate::item::Item;
use crate::model::{Model, Wanted};
use crate::module::{Inheritance, Module};
use crate::names::Names;
use crate::test_fn::TestFn;

/// Isolates a test, or every test of a module.
///
/// It stands above the test attribute, whichever that is, and never adds one.
///
/// ```ignore
/// #[isolated(port, tmpdir, serial = "tcp")]
/// #[test]
/// fn serves_files(port: Port, tmpdir: &TmpDir) { /* ... */ }
/// ```
///
/// # Arguments
///
#[doc = include_str!("arguments.md")]
///
/// The [guide](https://github.com/isolated-test/isolated-test/blob/main/docs/guide/arguments.md)
/// has an example of each.
///
/// # Parameters
///
/// A parameter gets the resource of its name, with or without one leading underscore, in the form
/// that its type asks for. A resource needs no parameter: helpers reach it through `current()`.
/// Parameters that another attribute fills, such as `#[case] n: u32`, are left to that attribute.
///
/// # Values
///
/// A key is a string, literal or constant, or a constant of type `Key`. A constant in place of the
/// number of `retries` is a `u32`, in place of the reason for a `quarantine` a `&'static str`.
///
/// A name on its own after `name =` is a resource of the table first; write `self::port()` for a
/// function of that name. Expressions see parameters that another attribute fills, and those of a
/// resource may borrow them; with a subprocess they do not if that attribute looks at what the
/// function returns or how it panics, as `test_case` does with `=>`. The expressions of `env`,
/// `cwd` and `timeout` are evaluated before the subprocess begins, and see the resources too.
///
/// # Modules
///
/// On an inline module it applies to every function in it that has a known test attribute, nested
/// modules included. A test's own arguments are added; where both name the same resource, variable,
/// key or other argument, the test's own counts. Tests of a `macro_rules!` that the module defines
/// are annotated there; those of another macro are not seen, so a call that may make some is warned
/// of, unless it is below `#[allow(deprecated)]`.
///
/// # The test
///
/// The function may be `async`, return anything that a test may return, and have lifetimes; other
/// generics only if another attribute fills its parameters. With `#[should_panic]` it returns
/// nothing. Its body is not looked at.
#[proc_macro_attribute]
pub fn isolated(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    isolate(arguments.into(), &item.into()).into()
}

/// `#[isolated(...)]` and `#[test]` in one line.
///
/// ```ignore
/// #[isolated_test::test(port, tmpdir)]
/// fn serves_files(port: Port, tmpdir: &TmpDir) { /* ... */ }
/// ```
///
/// It takes the same arguments as [`macro@isolated`], inside an annotated module too. Everything
/// else that makes a function a test, `#[tokio::test]` or `#[rstest]` say, stands below
/// `#[isolated(...)]` instead.
#[proc_macro_attribute]
pub fn test(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    isolate_test(&arguments.into(), &item.into()).into()
}

/// Stands below a test attribute, which copies it to the test that it generates.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __around(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand::generated(&arguments.into(), &item.into()).into()
}

fn isolate(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    const BELONGS: &str = "`#[isolated]` belongs on a test function or on a module of tests";

    match Item::read(item, BELONGS) {
        Ok(Item::Function(function)) => isolate_function(&arguments, *function),
        Ok(Item::Module(module)) => isolate_module(arguments, &module),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#error #item)
        }
    }
}

/// Isolates a plain test whose `#[test]` is our own attribute.
fn isolate_test(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    const BELONGS: &str = "`#[isolated_test::test]` belongs on a function";

    let mut errors = Errors::new();
    let read = match Item::read(item, BELONGS) {
        Ok(item) => {
            check::plain_test(&item, &mut errors);
            Some(item)
        }
        Err(error) => {
            errors.push(error);
            None
        }
    };
    match (errors.finish(), read) {
        (None, Some(Item::Function(mut function))) => {
            let plain = Attribute::all.parse2(quote!(#[::core::prelude::v1::test]));
            function.attributes.splice(..0, plain.unwrap_or_default());
            isolate_function(arguments, *function)
        }
        (errors, Some(Item::Function(function))) => {
            let function = fallback::function(&function);
            quote!(#errors #function)
        }
        (errors, _) => quote!(#errors #item),
    }
}

fn isolate_function(arguments: &TokenStream, mut function: TestFn) -> TokenStream {
    let mut errors = Errors::new();
    let own = Wanted::new(Args::read(arguments.clone(), &mut errors));
    Names::new(own.krate()).recognise(&mut function.attributes);
    if let Some(handed_on) = module::hand_on_below(arguments, own.krate(), &function) {
        // The attribute that has them now reports the mistakes.
        let _ = errors.finish();
        return handed_on;
    }
    check::arguments(&own, &mut errors);
    let model = Model::new(own.merged(), &function);
    check::function(&model, &function, &mut errors);
    match errors.finish() {
        None if !model.wanted.is_partial => expand::test(&model, &function),
        errors => {
            let function = fallback::function(&function);
            quote!(#errors #function)
        }
    }
}

fn isolate_module(arguments: TokenStream, module: &Module) -> TokenStream {
    let mut errors = Errors::new();
    let wanted = Wanted::new(Args::read(arguments.clone(), &mut errors));
    check::arguments(&wanted, &mut errors);
    let krate = wanted.krate();
    let mut names = Names::new(krate.clone());
    if let Some(body) = &module.body {
        names.collect(body.stream());
    }
    let inheritance = Inheritance {
        krate,
        arguments,
        names,
    };
    let (output, tests) = module.rewrite(&inheritance);
    check::module(&wanted, module, tests, &mut errors);
    let errors = errors.finish();
    quote!(#errors #output)
}
