//! The error messages, and details of expansions that only the compiler sees.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{context, forked, sealed, tests_in_block};

/// The error messages in an expansion.
fn errors(expansion: &TokenStream) -> Vec<String> {
    let text = expansion.to_string();
    let calls = text.split("compile_error ! {").skip(1);
    calls
        .filter_map(|call| call.split('}').next())
        .filter_map(|text| syn::parse_str::<syn::LitStr>(text.trim()).ok())
        .map(|text| text.value())
        .collect()
}

/// The error for these arguments of `#[sealed_test]`.
fn sealed_with(arguments: &TokenStream) -> String {
    errors(&sealed::expand(
        quote!([::sealed_test] [#arguments] fn t() {}),
    ))
    .join("\n")
}

/// The error for this function below `#[sealed_test]`.
fn sealed_on(function: &TokenStream) -> String {
    errors(&sealed::expand(quote!([::sealed_test] [] #function))).join("\n")
}

fn block_of(tests: &TokenStream) -> String {
    errors(&tests_in_block::expand(quote!([::rusty_fork] #tests))).join("\n")
}

/// The error for this function below `#[test_context(arguments)]`.
fn context_of(arguments: TokenStream, function: TokenStream) -> String {
    errors(&context::expand(arguments, function)).join("\n")
}

#[test]
fn contexts_are_found_by_their_type() {
    for (arguments, parameters) in [
        (quote!(C), quote!(c: &mut C)),
        (quote!(C,), quote!(c: &C,)),
        (quote!(a::C), quote!(C { n, .. }: &'static mut self::a::C)),
        (
            quote!(C<A, B>),
            quote!(map: Map<A, B>, c: &mut C<A, B>, f: fn(A) -> B),
        ),
        (
            quote!(C<fn(A) -> B>, skip_teardown),
            quote!(c: C<fn(A) -> B>, n: u8),
        ),
        (quote!(skip_teardown, C), quote!(mut c: C)),
        (quote!((A, B)), quote!(pair: &mut (A, B))),
        (quote!(dyn A), quote!(a: &dyn A, b: &dyn B)),
    ] {
        let function = quote!(#[test] fn t(#parameters) {});
        assert_eq!(context_of(arguments, function), "", "{parameters}");
    }
}

#[test]
fn mistakes_in_contexts_have_a_way_out() {
    let one = "expected one context type: `#[test_context(Context)]`";
    let none = "no parameter has the context's type; add `context: &mut C`";
    for (arguments, parameters, message) in [
        (quote!(), quote!(c: &mut C), one),
        (quote!(skip_teardown), quote!(c: &mut C), one),
        (quote!(C, D), quote!(c: &mut C), one),
        (
            quote!(C, skip_teardown, skip_teardown),
            quote!(c: C),
            "duplicate `skip_teardown`; remove one",
        ),
        (quote!(C), quote!(), none),
        (quote!(C), quote!(d: &mut D), none),
        (
            quote!(C),
            quote!(a: &C, b: &mut C),
            "more than one parameter takes the context; remove all but one",
        ),
        (
            quote!(C),
            quote!(c: C),
            "cannot take the context by value, because `teardown` consumes it; write `&mut`, or add \
             `skip_teardown`",
        ),
    ] {
        let function = quote!(#[test] fn t(#parameters) {});
        assert_eq!(context_of(arguments, function), message, "{parameters}");
    }
    assert_eq!(
        context_of(
            quote!(C),
            quote!(
                struct S;
            )
        ),
        "`#[test_context]` belongs on a function"
    );
}

#[test]
fn arguments_of_the_peer_are_read() {
    for arguments in [
        quote!(),
        quote!(files = []),
        quote!(files = ["a", "b/c",], env = [("A", "b"), ("C", "d",)]),
        quote!(env = [("A", "b")] files = ["a"] before = f() after = g::<A, B>()),
        quote!(
            before = {
                let after = 1;
                f(after)
            },
            after = x.after
        ),
        quote!(env = [("A", "b"), ("A", "c")]),
    ] {
        assert_eq!(sealed_with(&arguments), "", "{arguments}");
    }
}

#[test]
fn the_last_value_of_a_variable_counts() {
    let input = quote!([::sealed_test] [env = [("A", "one"), ("A", "two")]] fn t() {});
    let text = sealed::expand(input).to_string();
    assert!(!text.contains("one") && text.contains("two"), "{text}");
}

#[test]
fn mistakes_in_arguments_have_a_way_out() {
    let one_of = "expected one of `files`, `env`, `before`, `after`";
    for (arguments, message) in [
        (quote!(file = ["a"]), format!("unknown argument `file`; {one_of}")),
        (quote!(files = ["a"], port = 1), format!("unknown argument `port`; {one_of}")),
        (quote!(setup = f()), "unknown argument `setup`; write `before = ...`".to_owned()),
        (quote!(teardown = f()), "unknown argument `teardown`; write `after = ...`".to_owned()),
        (quote!(before = f(), before = g()), "duplicate argument `before`; remove one".to_owned()),
        (
            quote!(files = "a"),
            "expected `files` to be a list of paths: `files = [\"tests/fixture\"]`".to_owned(),
        ),
        (
            quote!(files = [".."]),
            "expected a path that ends in a name, because the copy gets that name".to_owned(),
        ),
        (
            quote!(env = [("A")]),
            "expected `env` to be a list of pairs: `env = [(\"NAME\", \"value\")]`".to_owned(),
        ),
        (
            quote!(env = [("A=B", "c")]),
            "expected the name of a variable, which is not empty and contains no `=`".to_owned(),
        ),
        (quote!(before =), "expected `before` to be an expression: `before = f()`".to_owned()),
        (
            quote!(after = f()?),
            "`after` cannot return from the test, because it also runs after a panic; write `.unwrap()`".to_owned(),
        ),
        (
            quote!("files"),
            "expected an argument: `files = [\"...\"]`, `env = [(\"NAME\", \"value\")]`, \
             `before = ...` or `after = ...`"
                .to_owned(),
        ),
    ] {
        assert_eq!(sealed_with(&arguments), message, "{arguments}");
    }
}

#[test]
fn after_does_not_see_the_variables_of_the_body() {
    let message = "`after` cannot use the variable `dir` of the body, because it also runs after a panic, when the \
                   variable is gone; keep it in a `static`, or clean up in its `Drop`";
    let with = |after: TokenStream, body: TokenStream| {
        let test = quote!([::sealed_test] [after = #after] fn t() { #body });
        errors(&sealed::expand(test)).join("\n")
    };
    assert_eq!(with(quote!(remove(&dir)), quote!(let dir = 1;)), message);
    assert_eq!(
        with(quote!(remove(&dir)), quote!(let mut dir: u8 = 1;)),
        message
    );
    assert_eq!(with(quote!(remove(DIR.dir)), quote!(let dir = 1;)), "");
    assert_eq!(
        with(
            quote!(remove(&dir())),
            quote!(
                fn dir() {}
            )
        ),
        ""
    );
    let pattern = quote!(let Some(dir) = f() else { return };);
    assert_eq!(with(quote!(remove(Some(1))), pattern), "");
}

#[test]
fn functions_that_are_no_tests_are_refused() {
    assert_eq!(
        sealed_on(&quote!(
            struct S;
        )),
        "`#[sealed_test]` belongs on a function"
    );
    assert_eq!(
        sealed_on(&quote!(
            fn t(n: u8) {}
        )),
        "a test with `#[sealed_test]` cannot have parameters; for resources as parameters, write \
         `#[isolated_test::isolated(...)]` instead"
    );
    assert_eq!(
        sealed_on(&quote!(
            fn t<T>() {}
        )),
        "a test cannot be generic"
    );
    assert_eq!(
        sealed_on(&quote!(
            async fn t() {}
        )),
        "an `async` test needs a test attribute that runs it; add `#[tokio::test]`, or that of another \
         runtime, below"
    );
    assert_eq!(
        sealed_on(&quote!(
            #[tokio::test]
            async fn t() {}
        )),
        ""
    );
}

#[test]
fn the_sentence_of_the_peer_is_no_expectation() {
    let message = "expected text from the test's own panic, because the message about its process is not compared; \
                   write that text, or `#[should_panic]` alone, which accepts any failure";
    for text in [
        "child exited unsuccessfully with",
        "child process exceeded 1000 ms timeout",
    ] {
        let test = quote!(
            #[test]
            #[should_panic(expected = #text)]
            fn t() {}
        );
        assert_eq!(block_of(&test), message);
    }
    assert_eq!(
        block_of(&quote!(
            #[test]
            #[should_panic(expected = "a child exited")]
            fn t() {}
        )),
        ""
    );
}

#[test]
fn blocks_of_the_peer_are_read() {
    for block in [
        quote!(),
        quote!(#![rusty_fork(timeout_ms = 1000)]),
        quote!(#![rusty_fork(timeout_ms = LIMIT)] #[test] fn a() {} #[test] fn b() -> Option<()> { None }),
        quote!(
            #[test]
            pub(crate) fn a() -> Result<[u8; { 3 }], S<{ 1 }>> {}
        ),
        quote!(
            #[test]
            fn a() -> S<fn(u8) -> u8, { 1 }>
            where
                u8: Copy,
            {
            }
        ),
        quote!(
            fn called() {}
        ),
    ] {
        assert_eq!(block_of(&block), "", "{block}");
    }
}

#[test]
fn mistakes_in_a_block_have_a_way_out() {
    let setting = "expected `#![rusty_fork(timeout_ms = 1000)]`";
    assert_eq!(block_of(&quote!(#![rusty_fork(timeout = 1)])), setting);
    assert_eq!(block_of(&quote!(#![other(timeout_ms = 1)])), setting);
    assert_eq!(
        block_of(&quote!(
            const A: u8 = 1;
        )),
        "expected a test function, found `A`; `rusty_fork_test!` can contain only test functions"
    );
}

#[test]
fn zero_milliseconds_are_no_limit() {
    let text = |limit: TokenStream| {
        let block = quote!([::rusty_fork] #![rusty_fork(timeout_ms = #limit)] #[test] fn t() {});
        tests_in_block::expand(block).to_string()
    };
    assert!(!text(quote!(0)).contains("timeout"));
    assert!(text(quote!(1)).contains("timeout"));
    assert!(text(quote!(LIMIT)).contains("timeout"));
}

#[test]
fn forks_without_a_meaning_are_refused() {
    let fork = |item: TokenStream| errors(&forked::fork(&TokenStream::new(), item)).join("\n");
    assert_eq!(
        fork(quote!(
            fn t() {}
        )),
        "expected a test attribute below `#[test_fork::fork]`; add `#[test]`"
    );
    let bench = "a benchmark cannot run in a subprocess, because its `Bencher` cannot be sent there; write \
                 `#[bench]` alone, or use `test-fork` itself with `unstable` and `unsound`";
    assert_eq!(
        fork(quote!(
            #[bench]
            fn t(b: &mut Bencher) {}
        )),
        bench
    );
    assert_eq!(
        errors(&forked::bench(quote!(
            fn t(b: &mut Bencher) {}
        )))
        .join("\n"),
        bench
    );
    assert_eq!(
        errors(&forked::test(
            &quote!(timeout = 1),
            quote!(
                fn t() {}
            )
        ))
        .join("\n"),
        "`#[test_fork::test]` takes no arguments; for a time limit and other options, write \
         `#[isolated_test::isolated(...)]` instead"
    );
}

#[test]
fn a_function_with_a_mistake_is_kept() {
    let text = sealed::expand(quote!([::sealed_test] [port] fn t() { body(); })).to_string();
    assert!(text.contains("fn t () { body () ; }"), "{text}");
}
