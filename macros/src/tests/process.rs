//! A test with a process of its own and what it becomes.

use super::assert_expands;

/// The runtime prepares the process before the body is built.
#[test]
fn nothing_around_it() {
    assert_expands(
        "process",
        "#[test] fn adds() { assert_eq!(1 + 1, 2); }",
        r#"#[test]
fn adds() {
    fn adds() {
        assert_eq!(1 + 1, 2);
    }
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "adds", ::isolated_test::__private::ShouldPanic::No, [], [],
                (::core::option::Option::None, ::core::option::Option::None)
            ),
            &mut [],
            &mut ::isolated_test::__private::as_here,
        )
        .run_function(adds)
}
"#,
    );
}

/// Values that are known at compile time are a part of the constant.
#[test]
fn constants() {
    assert_expands(
        r#"timeout = "1m 30s", network(or = "serial"), alone"#,
        "#[tokio::test] async fn waits() -> io::Result<()> { Ok(()) }",
        r#"#[doc(hidden)]
static __ISOLATED_WAITS: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "waits", ::isolated_test::__private::ShouldPanic::No, [], [(Alone)],
        (::core::option::Option::Some(::core::time::Duration::from_millis(90000)),
        ::core::option::Option::Some(::isolated_test::__private::Refused::Serial))
    ),
    custom: ::isolated_test::__private::no_custom,
    surround: ::isolated_test::__private::as_here,
};
#[tokio::test]
#[::isolated_test::__around(__ISOLATED_WAITS, ::isolated_test)]
async fn waits() -> io::Result<()> {
    async fn waits() -> io::Result<()> {
        Ok(())
    }
    ::isolated_test::__private::inside_async(
            &__ISOLATED_WAITS,
            ::isolated_test::__private::no_value,
            async |_| waits().await,
        )
        .await
}
"#,
    );
}

/// Expressions are evaluated in a closure of their own, which binds the resources that they name.
#[test]
fn expressions() {
    assert_expands(
        r#"port, tmpdir, namespace, timeout = LIMIT,
           env(clear, unset(HOME, "odd-name"), DATABASE = tmpdir.join("db"), PORT = format!("{port}"))"#,
        "#[test] fn serves(port: Port) { }",
        r#"#[test]
fn serves() {
    fn serves(port: Port) {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "serves", ::isolated_test::__private::ShouldPanic::No, [("port"
                Port(::isolated_test::__private::Protocol::Tcp, 1)), ("tmpdir" TmpDir {
                from : & [], keep : ::core::option::Option::None }), ("namespace"
                Namespace)], [], (::core::option::Option::None,
                ::core::option::Option::None)
            ),
            &mut [],
            &mut |cx, __surrounded| {
                let __isolated_port = cx.port(0);
                let __isolated_tmpdir = cx.tmpdir(1);
                __surrounded.clear();
                __surrounded.unset("HOME");
                __surrounded.unset("odd-name");
                {
                    let tmpdir = __isolated_tmpdir;
                    let _ = &tmpdir;
                    __surrounded
                        .set(
                            "DATABASE",
                            &::isolated_test::__private::expr!(tmpdir.join("db")),
                        );
                }
                {
                    let port = __isolated_port;
                    let _ = &port;
                    __surrounded
                        .set(
                            "PORT",
                            &::isolated_test::__private::expr!(format!("{port}")),
                        );
                }
                __surrounded.timeout(::isolated_test::__private::expr!(LIMIT));
            },
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed(
                serves(
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

/// Each kind of resource has one form there, whatever the parameters of the body.
#[test]
fn forms_of_resources() {
    assert_expands(
        "crate = my::isolated, udp = port(udp, count = 3), id = namespace, seed, db = Db::new(),
         env(A = udp, B = [id, &seed], C = db.url())",
        "#[test] fn stores(db: Db, udp: [u16; 3]) { }",
        r#"#[test]
fn stores() {
    fn stores(db: Db, udp: [u16; 3]) {}
    let make_db = || my::isolated::__private::expr!(Db::new());
    my::isolated::__private::prepare(
            &my::isolated::__private::spec!(
                const "stores", my::isolated::__private::ShouldPanic::No, [("udp"
                Port(my::isolated::__private::Protocol::Udp, 3)), ("id" Namespace),
                ("seed" Seed), ("db" Custom { by_value : true })], [],
                (::core::option::Option::None, ::core::option::Option::None)
            ),
            &mut [my::isolated::__private::Maker::new(&make_db).custom()],
            &mut |cx, __surrounded| {
                let __isolated_udp: &[my::isolated::Port] = cx.ports::<3>(0);
                let __isolated_id = cx.namespace(1);
                let __isolated_seed = cx.seed(2);
                let __isolated_db = cx.custom_lent(3, &make_db);
                {
                    let udp = __isolated_udp;
                    let _ = &udp;
                    __surrounded.set("A", &my::isolated::__private::expr!(udp));
                }
                {
                    let id = __isolated_id;
                    let _ = &id;
                    let seed = __isolated_seed;
                    let _ = &seed;
                    __surrounded.set("B", &my::isolated::__private::expr!([id, & seed]));
                }
                {
                    let db = __isolated_db;
                    let _ = &db;
                    __surrounded.set("C", &my::isolated::__private::expr!(db.url()));
                }
            },
        )
        .run_plain(
            &mut |cx| my::isolated::__private::passed(
                stores(
                    cx.custom_value(3, &make_db),
                    my::isolated::__private::FromPorts::<
                        my::isolated::__private::Udp,
                        3,
                    >::from_ports(cx.ports(0)),
                ),
            ),
        )
}
"#,
    );
}

/// `cwd` is the first temporary directory, and one that is there for that if there is no other.
#[test]
fn working_directory() {
    assert_expands(
        "port, cwd, site = tmpdir, tmpdir",
        "#[test] fn lists() { }",
        r#"#[test]
fn lists() {
    fn lists() {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "lists", ::isolated_test::__private::ShouldPanic::No, [("port"
                Port(::isolated_test::__private::Protocol::Tcp, 1)), ("site" TmpDir {
                from : & [], keep : ::core::option::Option::None }), ("tmpdir" TmpDir {
                from : & [], keep : ::core::option::Option::None })], [],
                (::core::option::Option::None, ::core::option::Option::None)
            ),
            &mut [],
            &mut |cx, __surrounded| {
                __surrounded.cwd(cx.tmpdir(1));
            },
        )
        .run_function(lists)
}
"#,
    );
    assert_expands(
        "cwd",
        "#[test] fn lists(cwd: &Path) { }",
        r#"#[test]
fn lists() {
    fn lists(cwd: &Path) {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "lists", ::isolated_test::__private::ShouldPanic::No, [("cwd"
                TmpDir { from : & [], keep : ::core::option::Option::None })], [],
                (::core::option::Option::None, ::core::option::Option::None)
            ),
            &mut [],
            &mut |cx, __surrounded| {
                __surrounded.cwd(cx.tmpdir(0));
            },
        )
        .run_plain(
            &mut |cx| ::isolated_test::__private::passed(
                lists(::isolated_test::__private::FromTmpDir::from_tmpdir(cx.tmpdir(0))),
            ),
        )
}
"#,
    );
}

/// A parameter of somebody else is lent to the surroundings and given to the body.
#[test]
fn parameters_of_others() {
    assert_expands(
        "env(MODE = mode), cwd = dir",
        "#[rstest] fn mode(#[case] mode: String, #[case] dir: PathBuf) { }",
        r#"#[rstest]
fn mode(#[case] mode: String, #[case] dir: PathBuf) {
    let namesake = mode;
    {
        fn mode(mode: String, dir: PathBuf) {}
        ::isolated_test::__private::prepare(
                &::isolated_test::__private::spec!(
                    const "mode", ::isolated_test::__private::ShouldPanic::No, [], [],
                    (::core::option::Option::None, ::core::option::Option::None)
                ),
                &mut [],
                &mut |_, __surrounded| {
                    let mode = &namesake;
                    let _ = mode;
                    __surrounded.set("MODE", &::isolated_test::__private::expr!(mode));
                    __surrounded.cwd(&::isolated_test::__private::expr!(dir));
                },
            )
            .run(|_| mode(namesake, dir))
    }
}
"#,
    );
}

/// `test_case` copies what stands below it onto the tests that it makes.
#[test]
fn judged_value() {
    assert_expands(
        "db = super::Db, mail = self::mail::Mail, unused = Unused, port, env(DIR = super::super::DIR), __inherited(1, cwd)",
        r#"#[test_case(1 => 2)] #[test_case(3 => panics "three")] #[cold]
           pub fn doubles(n: u32, mail: Mail, db: &Db, port: u16) -> u32 { n * 2 }"#,
        r#"#[doc(hidden)]
static __ISOLATED_DOUBLES: ::isolated_test::__private::Recipe = ::isolated_test::__private::Recipe {
    spec: ::isolated_test::__private::spec!(
        "doubles", ::isolated_test::__private::ShouldPanic::No, [("db" Custom { by_value
        : false }), ("mail" Custom { by_value : true }), ("unused" Custom { by_value :
        false }), ("port" Port(::isolated_test::__private::Protocol::Tcp, 1)), ("cwd"
        TmpDir { from : & [], keep : ::core::option::Option::None })], [],
        (::core::option::Option::None, ::core::option::Option::None)
    ),
    custom: || ::isolated_test::__private::customs([
        ::isolated_test::__private::Maker::new(
                &|| ::isolated_test::__private::expr!(super::Db),
            )
            .custom(),
        ::isolated_test::__private::Maker::new(
                &|| ::isolated_test::__private::expr!(self::mail::Mail),
            )
            .custom(),
        ::isolated_test::__private::Maker::new(
                &|| ::isolated_test::__private::expr!(Unused),
            )
            .custom(),
    ]),
    surround: |cx, __surrounded| {
        __surrounded.set("DIR", &::isolated_test::__private::expr!(super::super::DIR));
        __surrounded.cwd(cx.tmpdir(4));
    },
};
#[test_case(1 = >2)]
#[test_case(3 = >panics "three")]
#[cold]
#[::isolated_test::__around(__ISOLATED_DOUBLES, ::isolated_test)]
pub fn doubles(n: u32) -> u32 {
    fn doubles(n: u32, mail: Mail, db: &Db, port: u16) -> u32 {
        n * 2
    }
    let make_db = || ::isolated_test::__private::expr!(super::Db);
    let make_mail = || ::isolated_test::__private::expr!(self::mail::Mail);
    ::isolated_test::__private::inside(
        &__ISOLATED_DOUBLES,
        ::isolated_test::__private::no_value,
        |cx| doubles(
            n,
            cx.custom_value(1, &make_mail),
            ::isolated_test::__private::Lent::lend(cx.custom_ref(0, &make_db)),
            ::isolated_test::__private::FromPort::<
                ::isolated_test::__private::Tcp,
            >::from_port(cx.port(3)),
        ),
    )
}
"#,
    );
}

/// The arguments of a test win over those of the module: variables by name, the rest as a whole.
#[test]
fn inherited_surroundings() {
    assert_expands(
        r#"env(A = 1, unset(B)), timeout = "2s", tmpdir,
           __inherited(1, env(B = 2, C = 2, clear), timeout = LIMIT, cwd, network, __inherited(1, env(C = 3, D = 3), cwd = "dir"))"#,
        "#[test] fn merges() { }",
        r#"#[test]
fn merges() {
    fn merges() {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "merges", ::isolated_test::__private::ShouldPanic::No, [("tmpdir"
                TmpDir { from : & [], keep : ::core::option::Option::None })], [],
                (::core::option::Option::Some(::core::time::Duration::from_millis(2000)),
                ::core::option::Option::Some(::isolated_test::__private::Refused::Fail))
            ),
            &mut [],
            &mut |cx, __surrounded| {
                __surrounded.clear();
                __surrounded.set("D", &::isolated_test::__private::expr!(3));
                __surrounded.set("C", &::isolated_test::__private::expr!(2));
                __surrounded.set("A", &::isolated_test::__private::expr!(1));
                __surrounded.unset("B");
                __surrounded.cwd(cx.tmpdir(0));
            },
        )
        .run_function(merges)
}
"#,
    );
    assert_expands(
        r#"cwd = "dir", network(or = "skip"), __inherited(1, cwd, network, process)"#,
        "#[test] fn merges() { }",
        r#"#[test]
fn merges() {
    fn merges() {}
    ::isolated_test::__private::prepare(
            &::isolated_test::__private::spec!(
                const "merges", ::isolated_test::__private::ShouldPanic::No, [], [],
                (::core::option::Option::None,
                ::core::option::Option::Some(::isolated_test::__private::Refused::Skip))
            ),
            &mut [],
            &mut |_, __surrounded| {
                __surrounded.cwd(&::isolated_test::__private::expr!("dir"));
            },
        )
        .run_function(merges)
}
"#,
    );
}
