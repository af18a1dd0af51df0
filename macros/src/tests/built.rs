//! The options that build a test again, from the command line of the compiler.

use crate::built::options_of;

/// Reads the build options from a command line and the environment variables that are set.
fn options(command: &str, variables: &[(&str, &str)]) -> Option<String> {
    let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
    options_of(&arguments, &|name| {
        let found = variables.iter().find(|(known, _)| *known == name)?;
        Some(found.1.to_owned())
    })
}

const PACKAGE: (&str, &str) = ("CARGO_PKG_NAME", "shop");
const DIRECTORY: (&str, &str) = ("CARGO_TARGET_TMPDIR", "/t/tmp");

#[test]
fn each_kind_of_target() {
    let program = ("CARGO_BIN_NAME", "shop-admin");
    for (command, variables, expected) in [
        (
            "rustc --crate-name shop src/lib.rs --out-dir /t/debug/deps",
            vec![PACKAGE],
            "-p shop --lib",
        ),
        (
            "rustc --crate-name shop_admin src/bin/shop-admin.rs --out-dir /t/debug/deps",
            vec![PACKAGE, program],
            "-p shop --bin shop-admin",
        ),
        (
            "rustc --crate-name shop_admin examples/shop-admin.rs --out-dir /t/debug/examples",
            vec![PACKAGE, program],
            "-p shop --example shop-admin",
        ),
        (
            "rustc --crate-name it_pays tests/it-pays.rs --out-dir /t/debug/deps",
            vec![PACKAGE, DIRECTORY],
            "-p shop --test it-pays",
        ),
        (
            "rustc --crate-name it_pays tests/it_pays/main.rs --out-dir /t/debug/deps",
            vec![PACKAGE, DIRECTORY],
            "-p shop --test it_pays",
        ),
        (
            "rustc --crate-name named tests/another.rs --out-dir /t/debug/deps",
            vec![PACKAGE, DIRECTORY],
            "-p shop --test named",
        ),
        (
            "rustc --crate-name speed benches/speed.rs --out-dir /t/release/deps",
            vec![PACKAGE, DIRECTORY],
            "-p shop --bench speed --release",
        ),
    ] {
        assert_eq!(
            options(command, &variables).as_deref(),
            Some(expected),
            "{command}"
        );
    }
}

#[test]
fn features_profile_and_target() {
    for (rest, expected) in [
        (
            r#"--cfg feature="a" --cfg feature="default" --cfg=feature="b""#,
            "-p shop --lib --features a,b",
        ),
        (
            r#"--check-cfg cfg(feature,values("a","default"))"#,
            "-p shop --lib --no-default-features",
        ),
        (
            r#"--cfg unix --check-cfg cfg(feature,values("a"))"#,
            "-p shop --lib",
        ),
        (
            "--out-dir /t/x86_64-unknown-linux-musl/ci/deps --target x86_64-unknown-linux-musl",
            "-p shop --lib --profile ci --target x86_64-unknown-linux-musl",
        ),
        ("--out-dir /t/debug/build/shop/1f/out", "-p shop --lib"),
    ] {
        let command = format!("rustc --crate-name shop src/lib.rs {rest}");
        assert_eq!(
            options(&command, &[PACKAGE]).as_deref(),
            Some(expected),
            "{rest}"
        );
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
