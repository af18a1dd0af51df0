//! Attributes of other crates.

use crate::suite::{Suite, repository, succeeded};

const API: &str = "\
use serial_test::{parallel, serial};

mod orders;

#[test]
#[serial(db)]
fn writes() {}

#[parallel(db)]
#[test]
fn reads() {}

#[test]
fn touches_nothing() {}
";

const ORDERS: &str = "\
use serial_test::file_serial;

#[test]
#[file_serial(db, path => \"/tmp/orders\")]
fn exports() {}
";

fn suite(orders: &str) -> Suite {
    let suite = Suite::new(&[("tests/api.rs", API), ("tests/orders/mod.rs", orders)]);
    let path = repository("runtime/compat/serial-test");
    let manifest = suite.manifest();
    let line = format!("serial_test = {{ package = \"isolated-serial-test\", path = {path:?} }}");
    suite.write(
        "Cargo.toml",
        &format!("{manifest}\n[dev-dependencies]\n{line}\n"),
    );
    suite.commit();
    suite
}

fn adopt(suite: &Suite) -> String {
    let words = ["--from", "serial_test", "--write", "--runs", "1"];
    succeeded(&suite.start(&words).output().expect("the command"))
}

#[test]
fn attributes_imports_and_the_dependency_are_converted() {
    let suite = suite("#[test]\nfn exports() {}\n");
    let printed = adopt(&suite);
    assert!(
        printed.ends_with("running the tests\nkept Cargo.toml\nkept tests/api.rs\n"),
        "{printed}"
    );
    let api = API
        .replace("use serial_test::{parallel, serial};\n", "")
        .replace(
            "#[test]\n#[serial(db)]",
            "#[isolated_test::isolated(serial = \"db\")]\n#[test]",
        )
        .replace(
            "#[parallel(db)]",
            "#[isolated_test::isolated(shared = \"db\")]",
        );
    assert_eq!(suite.read("tests/api.rs"), api);
    let path = repository("runtime");
    let manifest = suite.manifest();
    let line = format!("isolated-test = {{ path = {path:?} }}");
    assert_eq!(
        suite.read("Cargo.toml"),
        format!("{manifest}\n[dev-dependencies]\n{line}\n")
    );
}

#[test]
fn what_stays_keeps_its_import_and_the_dependency() {
    let suite = suite(ORDERS);
    let printed = adopt(&suite);
    let note = "to do manually:\n  tests/orders/mod.rs:4: `#[file_serial(db, path => \"/tmp/orders\")]` stays, because `path` has no \
                equal; set `ISOLATED_DIR` for all locks\n";
    assert!(printed.ends_with(note), "{printed}");
    assert_eq!(suite.read("tests/orders/mod.rs"), ORDERS);
    let manifest = suite.read("Cargo.toml");
    assert!(
        manifest.contains("\nserial_test = ") && manifest.contains("\nisolated-test = "),
        "{manifest}"
    );
}
