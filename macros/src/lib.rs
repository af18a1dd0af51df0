//! The attribute macros of `isolated-test`, which re-exports them. Depend on that crate instead.
//!
//! The arguments are parsed into `Args`, their meaning is resolved into a `Model`, and the model is
//! expanded into a function with a single call to the runtime. Every mistake is reported, and the
//! function is emitted in any case.

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

use proc_macro2::{Group, TokenStream};
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
/// Place it above the test attribute, whichever that is. It never adds one.
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
/// A parameter receives the resource of the same name, with or without one leading underscore. Its
/// type selects the form. A resource needs no parameter: helpers reach it through `current()`.
/// Parameters that another attribute fills, such as `#[case] n: u32`, are left to that attribute.
///
/// # Values
///
/// `pool = value(Pool::connect(db).await?)` makes a value when the body begins, in the process and the
/// runtime of the body, and drops it when the body ends, before any resource is released. The
/// expression sees all resources as a parameter would borrow them, the values before it, and the
/// parameters that another attribute fills. A `?` takes any error with `Debug`. If the expression
/// returns an error or panics, the body does not run and the test fails, even with `#[should_panic]`.
/// Only an `async` test can `.await`. A synchronous test of a module leaves out the inherited values
/// with an `.await` that it neither takes nor uses.
///
/// `db = awaited(Db::new())` provisions an asynchronous resource there, which a synchronous test of
/// a module leaves out too. Later values see its handle, and it is released before the earlier
/// values are dropped.
///
/// # Expressions
///
/// A key is a string (a literal or a constant) or a constant of type `Key`. The items of a `pool` are
/// a list of strings or a constant of type `&[&str]`. In place of a number,
/// `retries` accepts a `u32` constant; in place of a literal, `quarantine` accepts a `&'static str`
/// constant.
///
/// After `name =`, the name of a built-in resource always means that resource; write `self::port()`
/// to call a function of that name. Expressions can use parameters that another attribute fills,
/// and the expression of a resource may borrow them. The exception is a test in a subprocess whose
/// attribute inspects the return value or the panic, as `test_case` does with `=>`. The expressions
/// of `env`, `cwd` and `timeout` are evaluated before the subprocess starts, and can use the
/// resources too, but neither values nor asynchronous resources.
///
/// # Modules
///
/// On an inline module, the attribute applies to every function with a known test attribute,
/// including those in nested modules. A test's own arguments are added to the inherited ones; where
/// both name the same resource, variable, key or other argument, the test's own wins. Names in
/// inherited expressions are looked up in the module around the attribute first, and then in the
/// module of the test. Tests in a
/// `macro_rules!` that the module defines are annotated in that definition. Tests that other macros
/// generate are not visible, so a call that may generate tests causes a warning unless it is below
/// `#[allow(deprecated)]`.
///
/// # The test
///
/// The function may be `async`, may return anything that a test may return, and may have lifetime
/// parameters. Other generics are allowed only if another attribute fills its parameters. With
/// `#[should_panic]`, it must return nothing. The body is not parsed.
#[proc_macro_attribute]
pub fn isolated(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    isolate(&arguments.into(), &item.into()).into()
}

/// `#[isolated(...)]` and `#[test]` in one attribute.
///
/// ```ignore
/// #[isolated_test::test(port, tmpdir)]
/// fn serves_files(port: Port, tmpdir: &TmpDir) { /* ... */ }
/// ```
///
/// It takes the same arguments as [`macro@isolated`], including inside an annotated module. Any
/// other test attribute, such as `#[tokio::test]` or `#[rstest]`, goes below `#[isolated(...)]`
/// instead.
#[proc_macro_attribute]
pub fn test(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    isolate_test(&arguments.into(), &item.into()).into()
}

/// Isolates every test of a file, without a module around them.
///
/// ```ignore
/// isolated_test::isolate_file! { #![isolated(serial = "db")]
///
/// #[test]
/// fn stores() { /* ... */ }
///
/// }
/// ```
///
/// It does what [`macro@isolated`] does on a module, and leaves paths and names as they are. Its
/// two lines need no indentation between them, and `rustfmt` leaves what stands there as it is. Put
/// inner attributes of the file and its `//!` comments before it.
#[proc_macro]
pub fn isolate_file(items: proc_macro::TokenStream) -> proc_macro::TokenStream {
    isolate_items(&items.into()).into()
}

/// Placed below a test attribute, which copies it to the test that it generates.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __around(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand::generated(&arguments.into(), &item.into()).into()
}

fn isolate(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    const BELONGS: &str = "`#[isolated]` belongs on a test function or on a module of tests";

    match Item::read(item, BELONGS) {
        Ok(Item::Function(function)) => isolate_function(arguments, *function),
        Ok(Item::Module(module)) => isolate_module(arguments, &module),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#error #item)
        }
    }
}

/// Expands `#[isolated_test::test]`: adds `#[test]` to the function and isolates it.
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
    if let Some(handed_on) = module::hand_on_below(arguments, &own.krate(), &function) {
        // The attribute that receives the arguments reports the mistakes.
        let _ = errors.finish();
        return handed_on;
    }
    check::arguments(&own, &mut errors);
    if own.off.is_some() {
        let errors = errors.finish();
        let function = function.as_written();
        return quote!(#errors #function);
    }
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

fn isolate_module(arguments: &TokenStream, module: &Module) -> TokenStream {
    let mut errors = Errors::new();
    let items = module.body.as_ref().map(Group::stream);
    let (wanted, names) = read_outer(arguments.clone(), items, &mut errors);
    if wanted.off.is_some() {
        let errors = errors.finish();
        let module = module.as_written();
        return quote!(#errors #module);
    }
    let (output, tests) = module.rewrite(Inheritance {
        krate: &wanted.krate(),
        arguments,
        modules: 1,
        names: &names,
    });
    check::module(&wanted, module, tests, &mut errors);
    let errors = errors.finish();
    quote!(#errors #output)
}

/// Expands `isolated_test::isolate_file!`.
fn isolate_items(input: &TokenStream) -> TokenStream {
    let (attribute, items) = match module::read_file.parse2(input.clone()) {
        Ok(read) => read,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #input);
        }
    };
    let mut errors = Errors::new();
    let arguments = attribute.arguments().unwrap_or_default();
    let (wanted, names) = read_outer(arguments.clone(), Some(items.clone()), &mut errors);
    let inheritance = Inheritance {
        krate: &wanted.krate(),
        arguments: &arguments,
        modules: 0,
        names: &names,
    };
    let (output, tests) = inheritance.hand_on_to(items);
    check::file(&wanted, &attribute, tests, &mut errors);
    let errors = errors.finish();
    quote!(#errors #output)
}

/// The requests of a module or file, and the names that its items use.
fn read_outer(
    arguments: TokenStream,
    items: Option<TokenStream>,
    errors: &mut Errors,
) -> (Wanted, Names) {
    let wanted = Wanted::new(Args::read(arguments, errors));
    check::arguments(&wanted, errors);
    let mut names = Names::new(wanted.krate());
    names.collect(items.unwrap_or_default());
    (wanted, names)
}
