//! The options that build a test again, from the command line of the compiler.

use crate::built::options_of;

/// Reads the build options from a command line and the environment variables that are set.
fn options(command: &str, variables: &[Variable]) -> Option<String> {
    let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
    options_of(&arguments, &|name| {
        let found = variables.iter().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned())
    })
}

/// A variable with its value.
type Variable = (&'static str, &'static str);

const PACKAGE: Variable = ("CARGO_PKG_NAME", "shop");
const PROGRAM: Variable = ("CARGO_BIN_NAME", "shop-admin");
const DIRECTORY: Variable = ("CARGO_TARGET_TMPDIR", "/t/tmp");

#[test]
fn each_kind_of_target() {
    #[rustfmt::skip] // One line each, so that the columns can be read.
    let rows: [(&str, &[Variable], &str); 7] = [
        ("shop src/lib.rs --out-dir /t/debug/deps", &[], "--lib"),
        ("shop_admin src/bin/shop-admin.rs --out-dir /t/debug/deps", &[PROGRAM], "--bin shop-admin"),
        ("shop_admin examples/shop-admin.rs --out-dir /t/debug/examples", &[PROGRAM], "--example shop-admin"),
        ("it_pays tests/it-pays.rs --out-dir /t/debug/deps", &[DIRECTORY], "--test it-pays"),
        ("it_pays tests/it_pays/main.rs --out-dir /t/debug/deps", &[DIRECTORY], "--test it_pays"),
        ("named tests/another.rs --out-dir /t/debug/deps", &[DIRECTORY], "--test named"),
        ("speed benches/speed.rs --out-dir /t/release/deps", &[DIRECTORY], "--bench speed --release"),
    ];
    for (rest, variables, expected) in rows {
        let command = format!("rustc --crate-name {rest}");
        let expected = format!("-p shop {expected}");
        let found = options(&command, &[&[PACKAGE], variables].concat());
        assert_eq!(found, Some(expected), "{command}");
    }
}

#[test]
fn features_profile_and_target() {
    #[rustfmt::skip] // One line each, so that the columns can be read.
    let rows = [
        (r#"--cfg feature="a" --cfg feature="default" --cfg=feature="b""#, "--features a,b"),
        (r#"--check-cfg cfg(feature,values("a","default"))"#, "--no-default-features"),
        (r#"--cfg unix --check-cfg cfg(feature,values("a"))"#, ""),
        ("--out-dir /t/x86_64-unknown-linux-musl/ci/deps --target x86_64-unknown-linux-musl", "--profile ci --target x86_64-unknown-linux-musl"),
        ("--out-dir /t/debug/build/shop/1f/out", ""),
    ];
    for (rest, expected) in rows {
        let command = format!("rustc --crate-name shop src/lib.rs {rest}");
        let expected = format!("-p shop --lib {expected}");
        let found = options(&command, &[PACKAGE]);
        assert_eq!(found.as_deref(), Some(expected.trim_end()), "{rest}");
    }
}

#[test]
fn examples_of_the_documentation() {
    let line = ("UNSTABLE_RUSTDOC_TEST_LINE", "12");
    assert_eq!(
        options("rustc --edition 2024 -", &[PACKAGE, line]).as_deref(),
        Some("-p shop --doc -- '(line 12)'")
    );
}

#[test]
fn another_program_than_cargo_or_the_compiler() {
    assert_eq!(options("rustc --crate-name shop src/lib.rs", &[]), None);
    assert_eq!(options("rust-analyzer-proc-macro-srv", &[PACKAGE]), None);
    assert_eq!(options("shop-1f built --exact", &[PACKAGE]), None);
}
