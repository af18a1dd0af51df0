//! A function and what it becomes.

use super::assert_expands;

/// The function moves into a wrapper of its own name, which makes one call.
#[test]
fn nothing_asked_for() {
    assert_expands(
        "",
        "#[test] fn adds() { assert_eq!(1 + 1, 2); }",
        r#"#[test]
fn adds() {
    fn adds() {
        assert_eq!(1 + 1, 2);
    }
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                "adds", ::isolated_test::__private::ShouldPanic::No, [], []
            ),
            &mut [],
        )
        .run_function(adds)
}
"#,
    );
}

/// Parameters are bound by name, in the order of the signature, and vanish from the wrapper.
#[test]
fn port_and_tmpdir() {
    assert_expands(
        r#"port, tmpdir, serial = "tcp""#,
        "/// Serves.
         #[test]
         pub fn serves_files(tmpdir: &TmpDir, port: Port) { serve(tmpdir, port); }",
        r#"/// Serves.
#[test]
pub fn serves_files() {
    fn serves_files(tmpdir: &TmpDir, port: Port) {
        serve(tmpdir, port);
    }
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                "serves_files", ::isolated_test::__private::ShouldPanic::No, [("port"
                Port(::isolated_test::__private::Protocol::Tcp, 1)), ("tmpdir" TmpDir {
                from : & [], keep : ::core::option::Option::None })],
                [(Exclusive(::isolated_test::__private::ClaimedKey::Text("tcp")))]
            ),
            &mut [],
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed(
                serves_files(
                    ::isolated_test::__private::FromTmpDir::from_tmpdir(cx.tmpdir(1)),
                    ::isolated_test::__private::FromPort::<
                        ::isolated_test::__private::Tcp,
                    >::from_port(cx.port(0)),
                ),
            ),
        )
}
"#,
    );
}

/// The wrapper waits where the function waits; the return value stays inside.
#[test]
fn asynchronous() {
    assert_expands(
        "port(tcp, udp), shared, alone",
        "#[tokio::test]
         async fn answers(_port: Port) -> io::Result<()> { ask(port).await }",
        r#"#[doc(hidden)]
static __ISOLATED_ANSWERS: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "answers", ::isolated_test::__private::ShouldPanic::No, [("port"
        Port(::isolated_test::__private::Protocol::Both, 1))],
        [(Shared(::isolated_test::__private::ClaimedKey::Key(::isolated_test::Key::DEFAULT))),
        (Alone)]
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[tokio::test]
#[::isolated_test::__around(__ISOLATED_ANSWERS, ::isolated_test)]
async fn answers() -> io::Result<()> {
    async fn answers(_port: Port) -> io::Result<()> {
        ask(port).await
    }
    ::isolated_test::__private::inside_async(
            &__ISOLATED_ANSWERS,
            ::isolated_test::__private::no_value,
            async |cx| {
                answers(
                        ::isolated_test::__private::FromPort::<
                            ::isolated_test::__private::Both,
                        >::from_port(cx.port(0)),
                    )
                    .await
            },
        )
        .await
}
"#,
    );
}

/// A value of the user's own is made by a closure, which the runtime calls when its turn comes.
#[test]
fn own_resources() {
    assert_expands(
        "db = Postgres::<A, B>::new(), mail = Mail::default(), serial = [SCHEMA, \"mail\"]",
        "#[test] fn stores(db: &Db, mail: Mailbox) { }",
        r#"#[test]
fn stores() {
    fn stores(db: &Db, mail: Mailbox) {}
    let make_db = || ::isolated_test::__private::expr!(Postgres::< A, B >::new());
    let make_mail = || ::isolated_test::__private::expr!(Mail::default());
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                const "stores", ::isolated_test::__private::ShouldPanic::No, [("db"
                Custom { by_value : false }), ("mail" Custom { by_value : true })],
                [(Exclusive(::isolated_test::__private::ClaimedKey::Key(::isolated_test::__private::Keyed(::isolated_test::__private::expr!(SCHEMA))
                .key()))),
                (Exclusive(::isolated_test::__private::ClaimedKey::Text("mail")))]
            ),
            &mut [
                ::isolated_test::__private::Maker::new(&make_db).custom(),
                ::isolated_test::__private::Maker::new(&make_mail).custom(),
            ],
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed(
                stores(
                    ::isolated_test::__private::Lent::lend(cx.custom_ref(0, &make_db)),
                    cx.custom_value(1, &make_mail),
                ),
            ),
        )
}
"#,
    );
}

/// A parameter that another attribute fills stays on the wrapper with its attributes and is passed on.
#[test]
fn cases_of_rstest() {
    assert_expands(
        "nodes = port(count = 3)",
        "#[rstest] #[case(1, (2, 3))] #[tokio::test]
         async fn sums(#[case] mut n: u32, nodes: [u16; 3], #[case] (a, b): (u32, u32), #[future] db: Db) { }",
        r#"#[doc(hidden)]
static __ISOLATED_SUMS: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "sums", ::isolated_test::__private::ShouldPanic::No, [("nodes"
        Port(::isolated_test::__private::Protocol::Tcp, 3))], []
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[rstest]
#[case(1, (2, 3))]
#[tokio::test]
#[::isolated_test::__around(__ISOLATED_SUMS, ::isolated_test)]
async fn sums(#[case] n: u32, #[case] __isolated_2: (u32, u32), #[future] db: Db) {
    async fn sums(
        mut n: u32,
        nodes: [u16; 3],
        (a, b): (u32, u32),
        db: impl ::core::future::Future<Output = Db>,
    ) {}
    ::isolated_test::__private::inside_async(
            &__ISOLATED_SUMS,
            || (),
            async |cx| {
                sums(
                        n,
                        ::isolated_test::__private::FromPorts::<
                            ::isolated_test::__private::Tcp,
                            3,
                        >::from_ports(cx.ports(0)),
                        __isolated_2,
                        db,
                    )
                    .await
            },
        )
        .await
}
"#,
    );
}

/// An attribute that looks at the value gets it.
#[test]
fn judged_value() {
    assert_expands(
        "port",
        "#[test_case(1 => 2)] fn doubles(n: u16, port: u16) -> u16 { n * 2 }",
        r#"#[doc(hidden)]
static __ISOLATED_DOUBLES: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "doubles", ::isolated_test::__private::ShouldPanic::No, [("port"
        Port(::isolated_test::__private::Protocol::Tcp, 1))], []
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[test_case(1 = >2)]
#[::isolated_test::__around(__ISOLATED_DOUBLES, ::isolated_test)]
fn doubles(n: u16) -> u16 {
    fn doubles(n: u16, port: u16) -> u16 {
        n * 2
    }
    ::isolated_test::__private::inside(
        &__ISOLATED_DOUBLES,
        ::isolated_test::__private::no_value,
        |cx| doubles(
            n,
            ::isolated_test::__private::FromPort::<
                ::isolated_test::__private::Tcp,
            >::from_port(cx.port(0)),
        ),
    )
}
"#,
    );
}

/// Everything else that can be asked for, through a crate under another name.
#[test]
fn all_the_rest() {
    assert_expands(
        r#"crate = my::isolated, tmpdir(from = "site", keep = "never"), id = namespace, r#type = seed,
           limit("sockets", 4), limit(POOL, pool_size())"#,
        r#"#[test] #[should_panic(expected = "no")]
           fn r#match<'a>(tmpdir: &'a Path, id: &str, mut r#type: u64) { }"#,
        r#"#[test]
#[should_panic(expected = "no")]
fn r#match() {
    fn r#match<'a>(tmpdir: &'a Path, id: &str, mut r#type: u64) {}
    my::isolated::__private::test(
            &my::isolated::__private::spec!(
                const "match", my::isolated::__private::ShouldPanic::With("no"),
                [("tmpdir" TmpDir { from : & ["site"], keep :
                ::core::option::Option::Some(my::isolated::__private::Keep::Never) }),
                ("id" Namespace), ("type" Seed)],
                [(Limit(my::isolated::__private::ClaimedKey::Text("sockets"), 4)),
                (Limit(my::isolated::__private::ClaimedKey::Key(my::isolated::__private::Keyed(my::isolated::__private::expr!(POOL))
                .key()), my::isolated::__private::expr!(pool_size())))]
            ),
            &mut [],
        )
        .run_plain(
            &mut |cx| my::isolated::__private::passed(
                r#match(
                    my::isolated::__private::FromTmpDir::from_tmpdir(cx.tmpdir(0)),
                    my::isolated::__private::FromNamespace::from_namespace(
                        cx.namespace(1),
                    ),
                    my::isolated::__private::FromSeed::from_seed(cx.seed(2)),
                ),
            ),
        )
}
"#,
    );
}

/// A condition on `should_panic` is decided where the test is compiled.
#[test]
fn conditional_should_panic() {
    assert_expands(
        "",
        "#[test] #[cfg_attr(unix, should_panic)] fn panics() { }",
        r#"#[test]
#[cfg_attr(unix, should_panic)]
fn panics() {
    fn panics() {}
    ::isolated_test::__private::test(
            &::isolated_test::__private::spec!(
                const "panics", if ::core::cfg!(unix) {
                ::isolated_test::__private::ShouldPanic::Yes } else {
                ::isolated_test::__private::ShouldPanic::No }, [], []
            ),
            &mut [],
        )
        .run_function(panics)
}
"#,
    );
}

/// A parameter that is called like the function is not hidden by it.
#[test]
fn parameter_called_like_the_function() {
    assert_expands(
        "",
        "#[rstest] fn repository(repository: Repository) { }",
        r#"#[doc(hidden)]
static __ISOLATED_REPOSITORY: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "repository", ::isolated_test::__private::ShouldPanic::No, [], []
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[rstest]
#[::isolated_test::__around(__ISOLATED_REPOSITORY, ::isolated_test)]
fn repository(repository: Repository) {
    let namesake = repository;
    {
        fn repository(repository: Repository) {}
        ::isolated_test::__private::inside(
            &__ISOLATED_REPOSITORY,
            || (),
            |_| repository(namesake),
        )
    }
}
"#,
    );
}
