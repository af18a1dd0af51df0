//! A module and what it becomes: only attributes change.

use super::{assert_expands, expanded, messages};

/// Tests inherit the arguments; other functions, and what only looks like a test, are left alone.
#[test]
fn tests_inherit() {
    assert_expands(
        r#"tmpdir, serial = "tcp""#,
        "#[cfg(test)]
         mod tests {
             //! Docs.
             use super::*;
             const NUMBERS: [u8; 2] = [1, 2];
             fn helper() { #[test] fn not_a_test_of_this_module() { } }
             #[test] fn plain() { }
             #[tokio::test] #[cold] pub async fn asynchronous(tmpdir: &TmpDir) { }
             #[rstest] #[case(1)] fn cases(#[case] n: u32) { }
             #[cfg_attr(all(), tokio::test)] async fn conditional() { }
             #[template] #[rstest] #[case(1)] fn cases_to_reuse(#[case] n: u32) { }
             macro_rules! tests { () => { #[test] fn made_later() { } } }
         }",
        r#"#[cfg(test)]
mod tests {
    //! Docs.
    use super::*;
    const NUMBERS: [u8; 2] = [1, 2];
    fn helper() {
        #[test]
        fn not_a_test_of_this_module() {}
    }
    #[::isolated_test::isolated(__inherited(1, tmpdir, serial = "tcp"))]
    #[test]
    fn plain() {}
    #[::isolated_test::isolated(__inherited(1, tmpdir, serial = "tcp"))]
    #[tokio::test]
    #[cold]
    pub async fn asynchronous(tmpdir: &TmpDir) {}
    #[::isolated_test::isolated(__inherited(1, tmpdir, serial = "tcp"))]
    #[rstest]
    #[case(1)]
    fn cases(#[case] n: u32) {}
    #[::isolated_test::isolated(__inherited(1, tmpdir, serial = "tcp"))]
    #[cfg_attr(all(), tokio::test)]
    async fn conditional() {}
    #[template]
    #[rstest]
    #[case(1)]
    fn cases_to_reuse(#[case] n: u32) {}
    macro_rules! tests {
        () => {
            #[::isolated_test::isolated(__inherited(1, tmpdir, serial = "tcp"))] #[test]
            fn made_later() {}
        };
    }
}
"#,
    );
}

/// A test's own attribute moves to the top, under the path by which the user calls it.
#[test]
fn own_arguments_come_first() {
    assert_expands(
        "port",
        "mod tests {
            #[test] #[isolated_test::isolated(tmpdir,)] fn adds_a_directory(tmpdir: TmpDir) { }
            #[isolated] #[test] fn adds_nothing() { }
            #[isolated(test_attribute)] #[my_test] fn is_a_test_because_it_says_so() { }
            #[cfg_attr(unix, isolated(serial), ignore)] #[test] fn adds_a_lock_on_unix() { }
        }",
        "mod tests {
    #[isolated_test::isolated(tmpdir, __inherited(1, port))]
    #[test]
    fn adds_a_directory(tmpdir: TmpDir) {}
    #[isolated(__inherited(1, port))]
    #[test]
    fn adds_nothing() {}
    #[isolated(test_attribute, __inherited(1, port))]
    #[my_test]
    fn is_a_test_because_it_says_so() {}
    #[cfg_attr(unix, isolated(serial, __inherited(1, port)), ignore)]
    #[cfg_attr(not(unix), ::isolated_test::isolated(__inherited(1, port)))]
    #[test]
    fn adds_a_lock_on_unix() {}
}
",
    );
}

/// A word in a body names nothing that is an attribute or a macro outside of it.
#[test]
fn names_in_bodies() {
    assert_expands(
        "port",
        "mod tests {
            const CAST: fn(u8) -> u64 = |isolated| isolated as u64;
            use isolated_test::isolated as iso;
            #[test] fn casts() { let _ = isolated as test; }
            #[iso(seed)] fn is_one_by_another_name() { }
        }",
        "mod tests {
    const CAST: fn(u8) -> u64 = |isolated| isolated as u64;
    use isolated_test::isolated as iso;
    #[::isolated_test::isolated(__inherited(1, port))]
    #[test]
    fn casts() {
        let _ = isolated as test;
    }
    #[iso(seed, __inherited(1, port))]
    fn is_one_by_another_name() {}
}
",
    );
}

/// A crate under another name has a `test`, too.
#[test]
fn test_of_a_renamed_crate() {
    assert_expands(
        "crate = ::my::it, port",
        "mod tests {
            #[it::test(seed)] fn adds() { }
            #[cfg_attr(unix, ::my::it::test)] fn on_unix() { }
            #[cfg_attr(unix, it::test)] #[cfg_attr(not(unix), tokio::test)] async fn everywhere() { }
            #[tokio::test] async fn waits() { }
        }",
        "mod tests {
    #[it::test(seed, __inherited(1, crate = ::my::it, port))]
    fn adds() {}
    #[cfg_attr(unix, ::my::it::test(__inherited(1, crate = ::my::it, port)))]
    fn on_unix() {}
    #[cfg_attr(unix, it::test(__inherited(1, crate = ::my::it, port)))]
    #[cfg_attr(not(unix), ::my::it::isolated(__inherited(1, crate = ::my::it, port)))]
    #[cfg_attr(not(unix), tokio::test)]
    async fn everywhere() {}
    #[::my::it::isolated(__inherited(1, crate = ::my::it, port))]
    #[tokio::test]
    async fn waits() {}
}
",
    );
    let twice = "duplicate attribute `#[isolated]`; write all arguments into one";
    assert_eq!(
        messages("crate = ::it", "#[it::test] fn serves() { }"),
        [twice]
    );
    assert_eq!(
        messages(
            "crate = ::it, __inherited(1, port)",
            "#[test] #[it::isolated] fn serves() { }"
        ),
        [twice]
    );
}

/// An import under another name is known by that name, also in a condition.
#[test]
fn renamed_imports() {
    assert_expands(
        "port",
        "mod tests {
            use ::isolated_test::{self as it, Port, test as check};
            use isolated_test::{isolated as iso, nothing::test as other};
            use tokio::{test as waits};
            mod deeper { #[check] fn is_one() { } }
            #[it::test] fn is_one_by_a_path() { }
            #[cfg_attr(unix, iso(seed))] #[test] fn is_one_on_unix() { }
            #[other] #[waits] async fn is_of_somebody_else() { }
            macro_rules! tests { () => { #[check] fn is_made() { } } }
        }",
        "mod tests {
    use ::isolated_test::{self as it, Port, test as check};
    use isolated_test::{isolated as iso, nothing::test as other};
    use tokio::test as waits;
    mod deeper {
        #[check(__inherited(2, port))]
        fn is_one() {}
    }
    #[it::test(__inherited(1, port))]
    fn is_one_by_a_path() {}
    #[cfg_attr(unix, iso(seed, __inherited(1, port)))]
    #[cfg_attr(not(unix), ::isolated_test::isolated(__inherited(1, port)))]
    #[test]
    fn is_one_on_unix() {}
    #[other]
    #[waits]
    async fn is_of_somebody_else() {}
    macro_rules! tests {
        () => {
            #[check(__inherited(1, port))] fn is_made() {}
        };
    }
}
",
    );
    assert_expands(
        "port",
        "mod tests { use isolated_test::test as check; #[check] fn is_one() { } }",
        "mod tests {
    use isolated_test::test as check;
    #[check(__inherited(1, port))]
    fn is_one() {}
}
",
    );
}

/// A nested module hands on the same, from one module further away; its own attribute takes them along.
#[test]
fn nested_modules() {
    assert_expands(
        "crate = my::isolated, port",
        "mod outer {
            pub(crate) mod plain { #[test] fn inherits() { } }
            #[isolated(tmpdir)] mod annotated { #[test] fn is_rewritten_later() { } }
        }",
        "mod outer {
    pub(crate) mod plain {
        #[my::isolated::isolated(__inherited(2, crate = my::isolated, port))]
        #[test]
        fn inherits() {}
    }
    #[isolated(tmpdir, __inherited(1, crate = my::isolated, port))]
    mod annotated {
        #[test]
        fn is_rewritten_later() {}
    }
}
",
    );
}

/// The arguments of a test win over those of the module: resources by name, locks by key.
#[test]
fn inherited_arguments_are_merged() {
    assert_expands(
        r#"api = port(udp), shared = "db", __inherited(1, serial = "fs", __inherited(1, api = port, tmpdir, serial = "db", alone))"#,
        "#[test] fn merges(api: u16) { }",
        r#"#[test]
fn merges() {
    fn merges(api: u16) {}
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                "merges", ::isolated_test::__private::ShouldPanic::No, [("tmpdir" TmpDir
                { from : & [], keep : ::core::option::Option::None }), ("api"
                Port(::isolated_test::__private::Protocol::Udp, 1))],
                [(Shared(::isolated_test::__private::ClaimedKey::Text("db"))),
                (Exclusive(::isolated_test::__private::ClaimedKey::Text("fs"))), (Alone)]
            ),
            &mut [],
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed(
                merges(
                    ::isolated_test::__private::FromPort::<
                        ::isolated_test::__private::Udp,
                    >::from_port(cx.port(1)),
                ),
            ),
        )
}
"#,
    );
}

#[test]
fn mistakes_of_the_module_are_reported_once() {
    let module = "mod tests { #[test] fn uses_it(prot: Port) { } #[isolated(seed)] #[test] fn also(prot: u16) { } }";
    assert_eq!(
        messages("prot, tmpdir", module),
        ["unknown argument `prot`; a similar argument exists: `port`"]
    );
    // The tests are rewritten all the same, and keep quiet about what the module has reported.
    let none: [&str; 0] = [];
    assert_eq!(
        messages(
            "__inherited(1, prot, tmpdir)",
            "#[test] fn uses_it(prot: Port) { }"
        ),
        none
    );
}

#[test]
fn module_without_tests() {
    let message = "expected a test in `mod tests`, because nothing else in it is isolated; \
                   write `#[test]` above its functions or remove `#[isolated]`";
    assert_eq!(
        messages("", "mod tests { mod deeper { fn helper() { } } }"),
        [message]
    );
    assert_eq!(
        messages("", "mod tests { mod deeper { #[test] fn test() { } } }").len(),
        0
    );
    assert_eq!(
        messages(
            "",
            "mod tests { #[isolated] mod deeper { #[test] fn test() { } } }"
        )
        .len(),
        0
    );
}

#[test]
fn module_in_another_file() {
    let message = "`mod tests;` cannot be isolated from here, because its tests are in another file; \
                   write `mod tests { ... }` there and annotate that";
    assert_eq!(messages("", "mod tests;"), [message]);
}

/// A call that may make tests is warned of, unless the module defines the macro or allows it.
#[test]
fn calls_of_macros() {
    let is_warned_of = |call: &str| {
        let module = format!("mod tests {{ #[test] fn one() {{ }} {call} }}");
        expanded("port", &module).contains("#[deprecated")
    };
    for call in [
        "make_tests!(a, b);",
        "cases! { a b }",
        "my::TEST_ALL! { }",
        "test2!();",
        "cfg_if! { if #[cfg(unix)] { #[tokio::test] async fn a() { } } }",
        "use isolated_test::test as check; wrapped! { #[check] fn a() { } }",
        "fn f() { } tests!();",
        "fn f() { macro_rules! tests { () => { } } } tests!();",
        "const A: u8 = 1; #[cfg(unix)] tests!();",
    ] {
        assert!(is_warned_of(call), "{call}");
    }
    for call in [
        "thread_local! { static A: u8 = 1; }",
        "const A: u8 = test_data!();",
        "static A: &str = include_str!(\"test.txt\");",
        "fn f() { tests!(); }",
        "#[allow(deprecated)] tests!();",
        "macro_rules! tests { () => { #[test] fn a() { } } } tests!();",
        "assert_impl_all!(u8: Send);",
        "lowercase!(A);",
        "latest_version!();",
        "contested! { }",
    ] {
        assert!(!is_warned_of(call), "{call}");
    }
}

/// Tests in a definition are annotated there, whatever stands between their attributes and `fn`.
#[test]
fn definitions_of_macros() {
    let count = |definition: &str| {
        let output = expanded("port", &format!("mod tests {{ {definition} }}"));
        let output = output.replace(char::is_whitespace, "");
        output.matches("isolated(__inherited(1,port))").count()
    };
    for (definition, tests) in [
        (
            "macro_rules! m { ($n:ident) => { #[test] fn $n() { } }; (a) => { #[test] fn a() { } } }",
            2,
        ),
        (
            "macro_rules! m { ($($v:vis $n:ident)*) => { $(#[test] $v fn $n() { })* } }",
            1,
        ),
        (
            "macro_rules! m { ($(#[$m:meta])*) => { #[test] $(#[$m])* pub async fn a() { } } }",
            1,
        ),
        (
            "macro_rules! m { ($n:ident) => { mod $n { #[test] fn a() { } } } }",
            1,
        ),
        (
            "macro_rules! m { (#[test] fn $n:ident) => { fn $n() { } } } #[test] fn a() { }",
            1,
        ),
        (
            "macro_rules! m { () => { other! { #[test] fn a() { } } } } #[test] fn a() { }",
            1,
        ),
    ] {
        assert_eq!(count(definition), tests, "{definition}");
    }
    let output = expanded(
        "port",
        "mod t { macro_rules! m { () => { #[isolated(seed)] #[test] fn a() { } } } }",
    );
    assert!(
        output
            .replace(char::is_whitespace, "")
            .contains("#[isolated(seed,__inherited(1,port))]"),
        "{output}"
    );
}
