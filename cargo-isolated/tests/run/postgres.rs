//! A suite that has never heard of isolated-test, with the address of its database wired in.

use std::fs;

use super::{Suite, errors, has_nextest, is_refused};

/// Both tests store the same key in the same database, at the same time.
const TEST: &str = r#"
use std::fs::File;
use std::process::Command;

fn sql(text: &str) -> String {
    let url = "postgres://shop:secret@localhost:5432/shop";
    let output = Command::new("psql").args(["-XAtqc", text, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn stores_a_cart() {
    sql("CREATE TABLE carts (id int PRIMARY KEY)");
    sql("INSERT INTO carts VALUES (1)");
    assert_eq!(sql("SELECT count(*) FROM carts"), "1\n");
}

const MEETING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/meeting");

#[test]
fn pays() {
    let _other = File::open(MEETING).unwrap();
    stores_a_cart();
}

#[test]
fn refunds() {
    let _other = File::options().write(true).open(MEETING).unwrap();
    stores_a_cart();
}
"#;

/// Ends a test that meets nobody.
const LIMIT: &str = "[profile.default]\nslow-timeout = { period = '60s', terminate-after = 1 }\n";

#[test]
fn tests_with_a_wired_in_address_run_in_parallel() {
    if is_refused(None) || !has_nextest() {
        eprintln!("skipped: it needs sandboxes and nextest");
        return;
    }
    let suite = Suite::new();
    let path = |name: &str| suite.0.path().join(name);
    for dir in [".config", "target"] {
        fs::create_dir(path(dir)).expect("a directory");
    }
    fs::write(path(".config/nextest.toml"), LIMIT).expect("a file");
    fs::write(path("tests/shop.rs"), TEST).expect("a file");
    // All sandboxes share a directory with this mark.
    fs::write(path("target/CACHEDIR.TAG"), "").expect("a file");
    nix::unistd::mkfifo(&path("target/meeting"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");

    let with = "postgres=postgres://shop:secret@localhost:5432/shop";
    let words = ["run", "--with", with, "--", "--test", "shop", "-j", "2"];
    let output = suite.run(&words);
    assert!(output.status.success(), "{}", errors(&output));
    let said = errors(&output);
    assert!(said.contains(" 2 passed, 0 skipped"), "{said}");
    assert!(
        said.contains("isolated: each test has its own PostgreSQL at localhost:5432; it has `shop` of `shop`\n"),
        "{said}"
    );
}
