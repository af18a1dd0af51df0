use std::path::PathBuf;

use crate::adopt::from::Peer;
use crate::adopt::from::imports::without_unused;
use crate::source::file::SourceFile;

const TEST: &str = "#[isolated_test::isolated(serial)]\n#[test]\nfn adds() {}\n";

fn cleaned(imports: &str, rest: &str) -> String {
    let text = format!("{imports}\n{TEST}{rest}");
    let file = SourceFile::parse(PathBuf::from("api.rs"), text).expect("Rust");
    let text = without_unused(&file, "serial_test", Peer::SerialTest.items());
    text.strip_suffix(&format!("{TEST}{rest}"))
        .expect("the test is as it was")
        .to_owned()
}

#[test]
fn unused_imports_are_removed() {
    for imports in [
        "use serial_test::serial;",
        "use serial_test::{parallel, serial};",
        "use serial_test::*;",
        "use ::serial_test::serial;",
    ] {
        assert_eq!(cleaned(imports, ""), "");
    }
    assert_eq!(
        cleaned("use {serial_test::serial, std::fs};", ""),
        "use std::fs;\n"
    );
    assert_eq!(
        cleaned("use serial_test::{serial, is_locked_serially};", ""),
        "use serial_test::is_locked_serially;\n"
    );
}

#[test]
fn imports_that_are_used_or_of_others_stay() {
    let rest = "#[serial]\n#[test]\nfn more() {}\n";
    assert_eq!(
        cleaned("use serial_test::{parallel, serial};", rest),
        "use serial_test::serial;\n"
    );
    for imports in ["use serial_test::serial;", "use serial_test::*;"] {
        assert_eq!(cleaned(imports, rest), format!("{imports}\n"));
    }
    for imports in [
        "use other::serial;",
        "use serial_test::serial as one;",
        "pub use serial_test::serial;",
        "use std::{fs,io};",
    ] {
        assert_eq!(cleaned(imports, ""), format!("{imports}\n"));
    }
}
