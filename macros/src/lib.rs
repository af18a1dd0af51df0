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
/// # Resources
///
/// A parameter gets the resource of its name, with or without one leading underscore, in the form
/// that its type asks for. A resource needs no parameter: helpers reach it through `current()`.
/// Parameters that another attribute fills, such as `#[case] n: u32`, are left to that attribute.
///
/// | argument | means | types of the parameter |
/// |---|---|---|
/// | `port` | a free port that stays the test's own while it runs | `Port`, `&Port`, `u16`, `SocketAddr`, `TcpListener` |
/// | `port(udp)`, `port(tcp, udp)` | the same for UDP, or for both on one number | also `UdpSocket` |
/// | `port(count = 3)` | several ports, at most 64 | an array or `Vec` of these |
/// | `tmpdir` | a fresh directory, kept after a failure | `TmpDir`, `&TmpDir`, `&Path`, `PathBuf` |
/// | `tmpdir(from = "fixtures/site")` | the same with a copy of a tree in the package | |
/// | `tmpdir(keep = "always")` | when it is kept: `"always"`, `"failure"`, `"never"` | |
/// | `namespace` | an identifier that is unique on this machine and in time | `Namespace`, `&Namespace`, `&str`, `String` |
/// | `seed` | a number that is new each run and repeatable | `u64` |
/// | `name = port`, `name = tmpdir(...)` | any of these under another name | |
/// | `name = Expr` | a value of a type that implements `Resource` | `&Handle` or `Handle` |
///
/// A name on its own after `=` is one of these words first; write `self::port()` for a function of
/// that name. The expression sees parameters that another attribute fills, and may borrow them;
/// with a subprocess it does not if that attribute looks at what the function returns or how it
/// panics, as `test_case` does with `=>`.
///
/// # Locks
///
/// | argument | means |
/// |---|---|
/// | `serial`, `serial = "tcp"`, `serial = ["tcp", DB]` | no other holder of the key, which is a string, literal or constant, or a constant of type `Key` |
/// | `shared`, `shared = "db"`, `shared = ["db", FS]` | other holders only if they share the key too |
/// | `limit("sockets", 4)` | at most so many holders of the key, from 1 to 256; may be written again for another key |
/// | `alone` | no other isolated test at the same time |
///
/// # Surroundings
///
/// The body runs in a fresh process of the same test binary: what it changes there, nobody else
/// sees. Each of these asks for that process.
///
/// | argument | means |
/// |---|---|
/// | `process` | a process of the test's own |
/// | `env(NAME = expr, "odd-name" = expr)` | variables with these values: text, a path, a number, a `bool`, an address, a resource, or an `Option` of these, where `None` unsets |
/// | `env(unset(NAME, "odd-name"))`, `env(clear)` | without these variables; without all but the few that a process needs |
/// | `cwd`, `cwd = expr` | the working directory: the first `tmpdir`, or else one of its own by the name `cwd`; or the path given |
/// | `timeout = "30s"`, `timeout = expr` | the process is killed after this time: `ms`, `s`, `m`, `h`, as in `"1m 30s"` or `"1.5s"`; or a `Duration` |
/// | `network` | a network in which nobody else is |
/// | `network(or = "skip")`, `network(or = "serial")` | where the system refuses that: skip the test; or run it in the network of the machine while no other such test runs |
///
/// The expressions are evaluated before the process begins. They see the resources by their names,
/// and parameters that another attribute fills, unless that attribute looks at what the function
/// returns or how it panics, as `test_case` does with `=>`.
///
/// # Failures
///
/// Each of these asks for a process, too, so that an abort, an exit or a hang is a failure like any
/// other.
///
/// | argument | means |
/// |---|---|
/// | `retries = 3`, `retries = RETRIES` | a failed test is run again up to so many times, at most 100, each time in a fresh process with fresh resources; if it passes then, it is flaky, which is said, and passes |
/// | `retries = 0` | it is not run again, whatever the module or `ISOLATED_RETRIES` says; it has its process all the same |
/// | `quarantine = "reason or link"`, `quarantine = REASON` | a failure is reported together with the reason, and the test passes |
///
/// A constant in their place is a `u32` or a `&'static str`.
///
/// # The attribute itself
///
/// | argument | means |
/// |---|---|
/// | `crate = path` | where `isolated_test` is found, for those who re-export it; an absolute path |
/// | `test_attribute` | an attribute below makes this a test, though it is not known here |
/// | `test_attribute = "called by ..."` | no attribute does, because the user's own code calls the function |
///
/// # Modules
///
/// On an inline module it applies to every function in it that has a known test attribute, nested
/// modules included. What a test asks for itself is added; a resource or variable of the same name,
/// a lock on the same key, its own `cwd`, `timeout`, `network`, `retries` or `quarantine` replaces that
/// of the module. Tests of a `macro_rules!` that the module defines are annotated there; those of another
/// macro are not seen, so a call that may make some is warned of, unless it is below `#[allow(deprecated)]`.
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
